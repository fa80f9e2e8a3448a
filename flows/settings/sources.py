"""``config/sources.yaml``: where stories come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, HttpUrl, StringConstraints, model_validator

from cleaners.rules.errors import did_you_mean
from cleaners.rules.schema import StrictModel, fault, load_model
from cleaners.rules.yaml_file import load_yaml
from flows.settings.destinations import load_destinations
from flows.settings.names import Name, SecretName

Cron = Annotated[str, StringConstraints(pattern=r"^\s*[\d*/,\-A-Za-z?#]+(\s+[\d*/,\-A-Za-z?#]+){4}\s*$")]
"""Minute, hour, day of month, month, day of week: ``*/15 * * * *``. Times are UTC."""

MapKey = Literal[
    "id",
    "body",
    "html",
    "page",
    "text",
    "lines",
    "headline",
    "url",
    "published",
    "language",
    "publisher",
    "ednote",
    "pubstatus",
    "embargoed",
]


class Limits(StrictModel):
    """What one poll or one request may take. A story larger than ``story_bytes`` is refused, never cut short."""

    stories: int = Field(default=1000, ge=1, le=100_000)
    story_bytes: int = Field(default=3_000_000, ge=1_000, le=50_000_000)
    seconds: float = Field(default=30.0, gt=0, le=600)


class _Common(StrictModel):
    name: str = ""
    enabled: bool = True
    publisher: str | None = None
    language: str | None = None
    destinations: tuple[str, ...] | None = None
    limits: Limits = Limits()


class FolderSource(_Common):
    """A drop folder. A relative ``path`` lies in the configuration folder. ``keep: yes`` never moves its files."""

    kind: Literal["folder"]
    path: str = Field(min_length=1)
    schedule: Cron | None = None
    keep: bool = False


class FeedSource(_Common):
    """An RSS or Atom feed: the story is the linked ``page``, or the ``body`` that stands in the entry itself. ``auto`` takes
    the body where the entry holds the whole story, and fetches the page where it holds a summary.

    ``private_addresses: yes`` allows a feed inside one's own network.
    """

    kind: Literal["feed"]
    url: HttpUrl
    schedule: Cron | None = None
    form: Literal["auto", "page", "body"] = "auto"
    private_addresses: bool = False


class WebhookSource(_Common):
    """A system that posts its stories to ``/webhooks/<name>``. ``secret_env`` names the variable with the secret.

    ``map`` says where in the event the story's parts stand, as dotted paths (``post.current.html``).
    """

    kind: Literal["webhook"]
    secret_env: SecretName
    map: dict[MapKey, str] = Field(default_factory=dict)
    limits: Limits = Limits(story_bytes=1_000_000)

    @model_validator(mode="after")
    def _some_path(self) -> Self:
        empty = [key for key, path in self.map.items() if not path.strip()]
        if empty:
            raise fault("map", f"{empty[0]} has no path", "Write a dotted path such as post.html")
        return self


Source = Annotated[FolderSource | FeedSource | WebhookSource, Field(discriminator="kind")]


class _SourcesFile(StrictModel):
    sources: dict[Name, Source] = Field(default_factory=dict)


def load_sources(config_dir: Path) -> dict[str, Source]:
    """The sources of ``sources.yaml`` by name, disabled ones included; their destinations exist.

    Raises cleaners.rules.ConfigError with file, line and column.
    """
    path = config_dir / "sources.yaml"
    file = load_model(path, _SourcesFile)
    known = load_destinations(config_dir)
    for name, source in file.sources.items():
        for number, destination in enumerate(source.destinations or ()):
            if destination not in known:
                raise load_yaml(path).error(
                    ("sources", name, "destinations", number),
                    f"there is no destination {destination!r} in destinations.yaml",
                    did_you_mean(destination, known),
                )
    return {name: one.model_copy(update={"name": name}) for name, one in file.sources.items()}
