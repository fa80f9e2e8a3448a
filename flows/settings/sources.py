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


class WebLimits(Limits):
    """As Limits, and how the hosts of a source are asked.

    ``requests`` at once in all and ``per_host`` at once to one host, with ``pause`` seconds between the starts of two to the same
    host (a longer Crawl-delay in its robots.txt counts). After ``minutes`` a look begins no more requests: the next goes on.
    """

    pause: float = Field(default=1.0, ge=0, le=600)
    per_host: int = Field(default=2, ge=1, le=64)
    requests: int = Field(default=16, ge=1, le=128)
    minutes: float = Field(default=10.0, gt=0, le=600)


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


class WebSource(_Common):
    """What is asked over the web again and again.

    Pages that were new or changed within the last ``again_hours`` are looked at again, so that a silent correction and a page that is
    taken down are seen. ``robots: ignore`` is for one's own site. ``private_addresses: yes`` allows addresses inside one's own
    network.
    """

    schedule: Cron | None = None
    again_hours: float = Field(default=48.0, ge=0, le=8_760)
    robots: Literal["obey", "ignore"] = "obey"
    private_addresses: bool = False
    limits: WebLimits = WebLimits()


class _ListSource(WebSource):
    url: HttpUrl | None = None
    urls: tuple[HttpUrl, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of its lists, each once, in their order."""
        return tuple(dict.fromkeys(str(one) for one in (self.url, *self.urls) if one is not None))

    @model_validator(mode="after")
    def _some_address(self) -> Self:
        if not self.addresses:
            raise fault("url", "the source has no address", "Add url: https://… (or urls: with several)")
        return self


class FeedSource(_ListSource):
    """RSS or Atom feeds: the story is the linked ``page``, or the ``body`` that stands in the entry itself. ``auto`` takes
    the body where the entry holds the whole story, and fetches the page where it holds a summary.
    """

    kind: Literal["feed"]
    form: Literal["auto", "page", "body"] = "auto"


class SitemapSource(_ListSource):
    """Sitemaps, news sitemaps, or an index of them: each address is a page with a story.

    ``paths`` are patterns such as ``/news/*``, of which a page's path must match one. Pages whose lastmod (or day of publication) lies
    more than ``days`` back are left alone; pages without a day are taken.
    """

    kind: Literal["sitemap"]
    paths: tuple[str, ...] = ()
    days: float = Field(default=7.0, gt=0, le=36_500)


class UrlsSource(WebSource):
    """Pages that are named one by one: here under ``urls``, or in a text ``file`` in the configuration folder, one a line."""

    kind: Literal["urls"]
    urls: tuple[HttpUrl, ...] = ()
    file: str | None = None

    @model_validator(mode="after")
    def _some_page(self) -> Self:
        if not self.urls and not (self.file or "").strip():
            raise fault(
                "urls",
                "the source names no page",
                "Add urls: [https://…], or file: with the name of a text file",
            )
        return self


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


Source = Annotated[
    FolderSource | FeedSource | SitemapSource | UrlsSource | WebhookSource, Field(discriminator="kind")
]


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
