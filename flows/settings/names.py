"""Names that newsroom people give to sources and destinations, and names of the variables that hold secrets."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

# A source's name is part of a web address (/webhooks/<name>) and of every story's key in the ledger.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]

# A name such as CLEANCOPY_SECRET_CMS. A secret that is pasted here by mistake ("whsec_MfKQ…") does not fit.
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,80}$")]

# A name such as cms-secret, as Prefect takes it. A secret that is pasted here by mistake ("whsec_MfKQ…") does not fit.
BlockName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,80}$")]


def holds_password(address: str) -> bool:
    """Whether an address names a user with a password. A configuration file is read by many and kept in git.

    >>> holds_password("s3://key:pa55@bucket/copy"), holds_password("s3://bucket/copy")
    (True, False)
    """
    user, at, _ = address.split("://", 1)[-1].partition("@")
    return bool(at) and ":" in user
