"""``config/sources.yaml``: where stories come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, HttpUrl, StringConstraints, model_validator

from cleaners.rules.errors import did_you_mean
from cleaners.rules.schema import StrictModel, fault, load_model
from cleaners.rules.yaml_file import load_yaml
from flows.settings.destinations import load_destinations
from flows.settings.names import BlockName, Name, SecretName, holds_password
from flows.settings.paths import BadPath, steps_of

Cron = Annotated[str, StringConstraints(pattern=r"^\s*[\d*/,\-A-Za-z?#]+(\s+[\d*/,\-A-Za-z?#]+){4}\s*$")]
"""Minute, hour, day of month, month, day of week: ``*/15 * * * *``. Times are UTC."""

Collection = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]

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
    "updated",
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
    """What every source has. ``dry_run: yes``: its stories are cleaned and reported, and nothing of them is published anywhere."""

    name: str = ""
    enabled: bool = True
    dry_run: bool = False
    publisher: str | None = None
    language: str | None = None
    destinations: tuple[str, ...] | None = None
    limits: Limits = Limits()


def _without_password(path: str) -> str:
    if holds_password(path):
        raise fault(
            "path",
            "this address holds a password",
            "Leave it out: stores take their credentials from their own environment variables (AWS_ACCESS_KEY_ID, …)",
        )
    return path


PlacePath = Annotated[str, Field(min_length=1), AfterValidator(_without_password)]
"""A path, relative to the configuration folder, or an fsspec address without a password (``s3://bucket/incoming``)."""


class FolderSource(_Common):
    """A drop folder, or a bucket by its fsspec address (``s3://…``, with the package that speaks it).

    ``keep: yes`` never moves its files.
    """

    kind: Literal["folder"]
    path: PlacePath
    schedule: Cron | None = None
    keep: bool = False


class ArchiveSource(_Common):
    """Web archives (WARC) and JSON lines of any size, packed or not: one file, all of a folder, or those that match ``*``.

    A look takes what comes after the last one, at most ``limits.stories``. ``backfill`` goes through all of it.
    """

    kind: Literal["archive"]
    path: PlacePath
    schedule: Cron | None = None


class CmsSource(_Common):
    """A CMS that is asked what has changed: ``wordpress``, ``ghost`` and ``strapi`` by the address of the site, ``json`` by that of a list.

    ``secret_env`` names the variable with ``user:application password`` (WordPress), the Content or Admin API key (Ghost), or
    a bearer token (Strapi and others). ``collection`` is what Strapi calls the stories in its addresses (``articles``), ``map`` says
    which fields of its entry are which part of a story. For ``json``, ``items`` and ``next`` say where in the answer the stories and the next page (an address, or
    with ``next_parameter`` a token) stand, ``map`` where in a story its parts do, ``modified`` when it was changed.
    ``since_parameter`` is how the list is asked for what changed after a time.

    ``private_addresses: yes`` allows a CMS inside one's own network.
    """

    kind: Literal["cms"]
    api: Literal["wordpress", "ghost", "strapi", "json"]
    url: HttpUrl
    secret_env: SecretName | None = None
    schedule: Cron | None = None
    private_addresses: bool = False
    collection: Collection | None = None
    items: str = ""
    next: str | None = None
    next_parameter: str | None = None
    modified: str | None = None
    since_parameter: str | None = None
    map: dict[MapKey, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _what_its_api_needs(self) -> Self:
        if "@" in (self.url.unicode_string().split("://", 1)[1].split("/", 1)[0]):
            raise fault(
                "url", "this address holds a password", "Put it into a variable and name that in secret_env"
            )
        if self.api == "ghost" and self.secret_env is None:
            raise fault(
                "secret_env",
                "Ghost answers nobody without a key",
                "Make a custom integration in Ghost, put its Content API key into a variable, and name that here",
            )
        _check_collection(self.api == "strapi", self.collection)
        of_json = ("items", "next", "next_parameter", "modified", "since_parameter", "map")
        given = [key for key in of_json if getattr(self, key) and (key, self.api) != ("map", "strapi")]
        if self.api != "json" and given:
            raise fault(given[0], f"{given[0]} is for api: json", f"{self.api} needs none: leave it out")
        if self.api == "strapi":
            _check_entry_map(self.map)
        _check_paths("map", self.map)
        if self.since_parameter and not self.modified:
            raise fault(
                "since_parameter",
                "it needs modified",
                "Write in modified where a story says when it was changed",
            )
        return self


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


class MissedSource(StrictModel):
    """How a CMS is asked for what its webhooks did not bring: some send an event once and never again. As in CmsSource.

    What was unpublished is taken down, as by its event, where the CMS itself says so: to credentials that may see drafts. What is
    only not found is told.
    """

    url: HttpUrl
    secret_env: SecretName | None = None
    schedule: Cron = "*/30 * * * *"
    private_addresses: bool = False
    collection: Collection | None = None


_ASKED: dict[str, Literal["wordpress", "ghost", "strapi"]] = {
    "wordpress": "wordpress",
    "ghost": "ghost",
    "strapi": "strapi",
}
"""Which CMS can be asked for what its events did not bring."""


class WebhookSource(_Common):
    """A system that posts its stories to ``/webhooks/<name>``. ``secret_env`` names the variable with the secret, or ``secret_block``
    the Secret block of Prefect's.

    ``adapter`` is what sends the events: anything that signs as https://www.standardwebhooks.com says (``standard``), or a CMS
    with ways of its own. ``map`` says where in the event the story's parts stand, as dotted paths (``post.current.html``), where the
    adapter does not know it. ``models`` are the content types of Strapi whose entries are stories (``article``); without them every
    entry is one that has the body's field. ``missed`` is how the CMS is asked for what did not arrive.
    """

    kind: Literal["webhook"]
    adapter: Literal["standard", "ghost", "wordpress", "strapi", "superdesk"] = "standard"
    secret_env: SecretName | None = None
    secret_block: BlockName | None = None
    map: dict[MapKey, str] = Field(default_factory=dict)
    models: tuple[str, ...] = ()
    missed: MissedSource | None = None
    limits: Limits = Limits(story_bytes=1_000_000)

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if (self.secret_env is None) == (self.secret_block is None):
            said = "the source names no secret" if self.secret_env is None else "the source names two secrets"
            raise fault(
                "secret_env",
                said,
                "Write secret_env: with the name of a variable, or secret_block: with that of a Secret block in Prefect",
            )
        return self

    @model_validator(mode="after")
    def _some_path(self) -> Self:
        _check_paths("map", self.map)
        if self.map and self.adapter not in ("standard", "strapi"):
            raise fault("map", f"adapter: {self.adapter} knows where a story's parts stand", "Leave map out")
        if self.models and self.adapter != "strapi":
            raise fault(
                "models", "models is for adapter: strapi", f"{self.adapter} sends stories only: leave it out"
            )
        if self.adapter == "strapi":
            _check_entry_map(self.map)
        if self.missed is not None:
            if self.adapter not in _ASKED:
                raise fault(
                    "missed",
                    f"{self.adapter} cannot be asked for what was missed",
                    "Leave it out: who sends here must send again what was not answered with 202. One that cannot is asked by "
                    "kind: cms with api: json in place of this source; beside it, under another name, each story would be there twice",
                )
            _check_collection(self.adapter == "strapi", self.missed.collection)
        return self

    @property
    def could_be_asked(self) -> bool:
        """Whether its CMS can be asked for what its events did not bring, and is not."""
        return self.missed is None and self.adapter in _ASKED

    @property
    def as_cms(self) -> CmsSource | None:
        """The source as one that is asked: under the same name, for its stories are the same."""
        api = _ASKED.get(self.adapter)
        if self.missed is None or api is None:
            return None
        return CmsSource(
            kind="cms",
            name=self.name,
            enabled=self.enabled,
            dry_run=self.dry_run,
            publisher=self.publisher,
            language=self.language,
            destinations=self.destinations,
            limits=self.limits,
            api=api,
            url=self.missed.url,
            secret_env=self.missed.secret_env,
            schedule=self.missed.schedule,
            private_addresses=self.missed.private_addresses,
            collection=self.missed.collection,
            map=self.map,
        )


def _check_collection(needed: bool, collection: str | None) -> None:
    if needed and collection is None:
        raise fault(
            "collection",
            "Strapi keeps stories in a collection",
            "Write collection: articles, as it stands in the addresses of its interface",
        )
    if collection is not None and not needed:
        raise fault("collection", "collection is for Strapi", "Leave it out")


def _check_paths(key: str, paths: Mapping[MapKey, str]) -> None:
    for name, path in paths.items():
        if not path.strip():
            raise fault(key, f"{name} has no path", "Write a dotted path such as post.html")
        try:
            steps_of(path)
        except BadPath as error:
            raise fault(key, f"{name}: {error}", "Each part of a story stands in one place") from None


def _check_entry_map(paths: Mapping[MapKey, str]) -> None:
    for key, field in (("id", "documentId"), ("updated", "updatedAt")):
        if key in paths:
            raise fault(
                "map",
                f"{key} of a Strapi entry is its {field}",
                f"Take {key} out of map: write-back and kills go by it",
            )


Source = Annotated[
    FolderSource | FeedSource | SitemapSource | UrlsSource | ArchiveSource | CmsSource | WebhookSource,
    Field(discriminator="kind"),
]


def asked(
    source: Source,
) -> FolderSource | FeedSource | SitemapSource | UrlsSource | ArchiveSource | CmsSource | None:
    """The source as it is looked at; None for one that only sends."""
    return source.as_cms if isinstance(source, WebhookSource) else source


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
    for place, cms in known.items():
        for number, origin in enumerate(getattr(cms, "in_place", ())):
            if origin not in file.sources:
                raise load_yaml(config_dir / "destinations.yaml").error(
                    ("destinations", place, "in_place", number),
                    f"there is no source {origin!r} in sources.yaml",
                    did_you_mean(origin, file.sources),
                )
    return {name: one.model_copy(update={"name": name}) for name, one in file.sources.items()}
