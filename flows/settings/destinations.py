"""``config/destinations.yaml``: where clean copy is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from cleaners.rules.schema import StrictModel, fault, load_model
from flows.settings.names import Name, SecretName, holds_password

Format = Literal["json", "html", "markdown", "text", "ninjs", "nitf", "newsml-g2", "json-ld"]


class _Common(StrictModel):
    name: str = ""
    enabled: bool = True
    default: bool = False


class FolderDestination(_Common):
    """Files in a folder, or in an object store by its fsspec address (``s3://…``, with the extra that speaks it).

    A relative ``path`` lies in the data folder.
    """

    kind: Literal["folder"]
    path: str = Field(min_length=1)
    formats: tuple[Format, ...] = ("json", "html", "markdown", "text")

    @model_validator(mode="after")
    def _some_format(self) -> Self:
        if not self.formats:
            raise fault(
                "formats", "at least one format is needed", "Write formats: [json, html, markdown, text]"
            )
        if len(set(self.formats)) < len(self.formats):
            raise fault("formats", "a format is named twice", "Name each once")
        return self


class TableDestination(_Common):
    """One row a story in a table of a SQL database. ``url_env`` names the variable that holds an address with a password.

    A relative SQLite file lies in the data folder.
    """

    kind: Literal["table"]
    url: str | None = None
    url_env: SecretName | None = None
    table: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = "clean_copy"

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise fault(
                "url",
                "a table needs either url or url_env",
                "Write url: sqlite:///clean-copy.sqlite, or url_env: with the name of the variable that holds the address",
            )
        # Example: postgresql://editor:pa55@db/news
        if self.url is not None and holds_password(self.url):
            raise fault(
                "url", "this address holds a password", "Put it into a variable and name that in url_env"
            )
        return self


Destination = Annotated[FolderDestination | TableDestination, Field(discriminator="kind")]


class _DestinationsFile(StrictModel):
    destinations: dict[Name, Destination] = Field(default_factory=dict)


def load_destinations(config_dir: Path) -> dict[str, Destination]:
    """The destinations of ``destinations.yaml`` by name, disabled ones included.

    Raises cleaners.rules.ConfigError with file, line and column.
    """
    file = load_model(config_dir / "destinations.yaml", _DestinationsFile)
    return {name: one.model_copy(update={"name": name}) for name, one in file.destinations.items()}


def wanted_destinations(
    destinations: Mapping[str, Destination], wanted: Sequence[str] | None = None
) -> tuple[str, ...]:
    """The enabled destinations among ``wanted``; without a wish those marked ``default: yes``."""
    if wanted is None:
        return tuple(name for name, one in destinations.items() if one.enabled and one.default)
    return tuple(
        name for name in dict.fromkeys(wanted) if name in destinations and destinations[name].enabled
    )


def shown_place(destination: Destination, data_dir: Path) -> str:
    """Where a destination's clean copy is to be found, in words for a person; no password is in it."""
    if isinstance(destination, TableDestination):
        return f"table {destination.table} in {destination.url or f'${destination.url_env}'}"
    if "://" in destination.path or "::" in destination.path:
        return destination.path
    return str(data_dir / Path(destination.path).expanduser())
