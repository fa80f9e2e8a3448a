"""Secrets that a server echoes in its answer, in whatever form it writes them: what is shown of the answer is shown without them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from contextlib import suppress
from html.entities import html5
from itertools import groupby

SHORTEST_HIDDEN = 4
"""A password that is shorter is hidden in its login alone: as a part of other words it would hide what a server says."""

LONGEST_SIGN = 40
"""Characters in which one sign may be written: ``&amp;amp;DiacriticalGrave;``, with what stands before it."""

_ALSO = {"+": "-", "/": "_", " ": "+"}
"""Base64 has two alphabets; and in a form's fields a blank is written so."""

_NAMES: dict[str, list[str]] = {}
for _name, _signs in html5.items():
    if _name.endswith(";"):
        _NAMES.setdefault(_signs, []).append(re.escape(_name[:-1]))


def hidden(secret: str) -> list[str]:
    """What must not be shown of a secret: all of it, as a login's header carries it, and the password of ``user:password``.

    The user's name is no secret, and may be a word such as ``cleancopy``.

    >>> hidden("desk:pa55word"), hidden("an-api-token")
    (['desk:pa55word', 'ZGVzazpwYTU1d29yZA==', 'pa55word'], ['an-api-token', 'YW4tYXBpLXRva2Vu'])
    """
    password = secret.partition(":")[2]
    return [secret, packed(secret), *([password] if len(password) >= SHORTEST_HIDDEN else [])]


def hidden_in_header(value: str) -> list[str]:
    """What must not be shown of a header that carries a secret. The name of its scheme is none.

    >>> hidden_in_header("Bearer an-api-token"), hidden_in_header("Basic ZGVzazpwYTU1d29yZA==")
    (['an-api-token'], ['ZGVzazpwYTU1d29yZA==', 'desk:pa55word', 'pa55word'])
    """
    scheme, _, secret = value.partition(" ")
    if not scheme.isalpha() or not secret:
        return [value]
    found = [secret]
    if scheme.lower() == "basic":
        with suppress(ValueError):  # not what it says it is
            found += hidden(base64.b64decode(secret, validate=True).decode())
    return list(dict.fromkeys(found))


def packed(secret: str) -> str:
    """As HTTP's basic authentication sends it."""
    return base64.b64encode(secret.encode()).decode()


def without_secrets(text: str, secrets: Iterable[str], most: int | None = None) -> str:
    """The text with … for each of the secrets, as it is or escaped: for an address, for JSON, for HTML, or one in the other.

    ``most``: so many characters of it, and no part of a secret at their end.

    >>> without_secrets("no s3cret%2Fkey, and no s3cret&#x2F;k\\u0065y", ["s3cret/key"])
    'no …, and no …'
    """
    known = sorted(filter(None, set(secrets)), key=len, reverse=True)
    # What could be shown, and a secret behind it: an answer of megabytes is not searched for what nobody sees of it.
    beyond = LONGEST_SIGN * len(known[0]) if known else 0
    part = text if most is None else text[: most + beyond]
    if known:
        part = re.sub("|".join(f"{re.escape(one)}|{_escaped(one)}" for one in known), "…", part)
    if most is None:
        return part
    return (part[: len(part) - beyond] if len(text) > most + beyond else part)[:most]


def _escaped(secret: str) -> str:
    """A pattern of the secret in which each of its signs is written in a way of its own. Padding at its end may be left out."""
    whole = secret.rstrip("=")
    if len(whole) < SHORTEST_HIDDEN:
        whole = secret
    padding = len(secret) - len(whole)
    signs = [_sign(sign) + _times(sign, len(list(run))) for sign, run in groupby(whole)]
    return "".join(signs) + (f"{_sign('=')}{{0,{padding}}}" if padding else "")


def _times(sign: str, count: int) -> str:
    """Of several blanks a page shows one; and each form has two backslashes for one."""
    least, most = 1 if sign == " " else count, 4 * count if sign == "\\" else count
    return f"{{{least},{most}}}"


def _sign(sign: str) -> str:
    """A pattern of one sign in all the ways in which it may be written. A way that fits is not given up for another one."""
    names = "|".join([f"#0{{0,5}}{ord(sign)}", f"#x0{{0,5}}{ord(sign):x}", *_NAMES.get(sign, ())])
    entity = rf"(?:&|\\u0026|%26)(?:amp;){{0,2}}(?:{names})(?:;|%3b)"
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    unicode = "".join(rf"\\{{1,2}}u{units[at : at + 4]}" for at in range(0, len(units), 4))
    percent = "".join(f"%(?:25){{0,3}}{byte:02x}" for byte in sign.encode("utf-8", "surrogatepass"))
    plain = "|".join(map(re.escape, (sign, *_ALSO.get(sign, ()))))
    before = (
        "" if sign.isalnum() or sign == "\\" else r"\\{0,3}"
    )  # as JSON writes / and ", and what was JSON once more
    return rf"(?>{before}(?:(?i:{entity}|{unicode}|{percent})|{plain}))"
