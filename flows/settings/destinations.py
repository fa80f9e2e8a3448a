"""``config/destinations.yaml``: where clean copy is published."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from cleaners.rules.errors import did_you_mean
from cleaners.rules.schema import StrictModel, fault, load_model
from flows.settings.names import Name, SecretName, holds_password
from flows.settings.paths import BadPath, steps_of

Format = Literal["json", "html", "markdown", "text", "ninjs", "nitf", "newsml-g2", "json-ld"]


STORY_SLOTS = ("story", "key", "slug", "source", "id")
"""What stands in braces in an address: all of it lasts as long as the story, so that its address does, too."""


def _checked_address(address: str) -> str:
    """A web address, perhaps with slots in braces. Raises a fault in words."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc or any(sign.isspace() for sign in address):
        raise fault("url", "this is not a web address", "Write url: https://…")
    if parts.username is not None or parts.password is not None:
        raise fault(
            "url",
            "this address holds a name or password",
            "Put it into a variable, name that in secret_env and write login: basic",
        )
    return address


WebAddress = Annotated[str, AfterValidator(_checked_address)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,60}$")]


class _Common(StrictModel):
    name: str = ""
    enabled: bool = True
    default: bool = False

    @property
    def hears_of_holds(self) -> bool:
        """Whether the destination wants to be told that a story is held."""
        return False


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


class HttpDestination(_Common):
    """A CMS or any server that keeps stories: each is created, replaced and taken down by requests to its own address.

    ``url`` holds slots such as ``{key}`` (see STORY_SLOTS). The secret in the variable ``secret_env`` goes into the header
    Authorization: as a token (``login: bearer``) or as ``user:password`` (``login: basic``); ``headers_env`` names further
    headers and the variables with their values. ``seconds`` is for all the requests of one act together.

    ``withdrawn`` says how a story is taken down: by DELETE, or by an update with ``pubstatus: canceled`` and no copy. The
    second also holds against a create that the server carries out late, after the story was killed.

    ``draft: first`` is for servers that give no ETag: see flows.destinations.drafts. ``etags: no`` is for those that have
    no drafts either: a write that such a server carries out late may then come over a newer one.

    ``overwrite: yes`` writes over what somebody else has changed there; otherwise such a story is an error that a person
    sees.

    ``in_place`` names the sources whose stories lie here already, each at its address with ``{id}`` as a JSON document: of it the
    text at ``body`` (a path such as ``post.html``) is replaced by the clean one. With PUT the whole document is sent back, with
    PATCH that one part.
    """

    kind: Literal["http"]
    url: WebAddress
    method: Literal["PUT", "POST", "PATCH"] = "PUT"
    in_place: tuple[Name, ...] = ()
    body: str = ""
    format: Format = "json"
    draft: Literal["first"] | None = None
    etags: bool = True
    find_url: WebAddress | None = None
    item_url: WebAddress | None = None
    publish_url: WebAddress | None = None
    withdrawn: Literal["delete", "update"] = "delete"
    overwrite: bool = False
    secret_env: SecretName | None = None
    login: Literal["bearer", "basic"] = "bearer"
    headers_env: dict[HeaderName, SecretName] = Field(default_factory=dict)
    connect_seconds: float = Field(5.0, gt=0, le=60)
    seconds: float = Field(20.0, gt=0, le=120)

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        item = ("id", *STORY_SLOTS) if self.draft else STORY_SLOTS
        for key, slots in (
            ("url", STORY_SLOTS),
            ("find_url", STORY_SLOTS),
            ("item_url", item),
            ("publish_url", item),
        ):
            _check_slots(key, getattr(self, key), slots)
        own = {"story", "key", "slug"} & _slots(self.url)
        if self.in_place or self.body or self.method == "PATCH":
            self._check_in_place()
            return self
        if self.draft:
            if self.format != "json":
                raise fault(
                    "format",
                    "draft: first needs format: json",
                    "Its drafts are told apart by a field in the JSON",
                )
            return self
        for key in ("find_url", "item_url", "publish_url"):
            if getattr(self, key) is not None:
                raise fault(key, f"{key} is for draft: first", f"Take out {key}, or write draft: first")
        if self.method == "PUT" and not own - {"slug"}:
            raise fault(
                "url",
                "with PUT each story needs an address of its own",
                "Write {key} or {story} into it, such as https://cms.example/stories/{key}",
            )
        if self.withdrawn == "update" and self.format in ("html", "markdown", "text"):
            raise fault(
                "withdrawn",
                f"format: {self.format} cannot say that a story is withdrawn",
                "Write withdrawn: delete, or format: json",
            )
        return self

    def _check_in_place(self) -> None:
        for key, said, wrong in (
            ("in_place", "body and PATCH are for stories that lie there already", not self.in_place),
            ("method", "in_place needs PUT or PATCH", self.method == "POST"),
            ("draft", "in_place writes no drafts", self.draft is not None),
            ("url", "in_place needs each story's own address", "id" not in _slots(self.url)),
        ):
            if wrong:
                raise fault(
                    key,
                    said,
                    "Write in_place: [the source], body: post.html and url: https://cms.example/stories/{id}",
                )
        try:
            steps_of(self.body)
        except BadPath:
            raise fault(
                "body",
                "in_place needs the place of the story's HTML in its document",
                "Write body: html, or a path such as post.html",
            ) from None


class FeedDestination(_Common):
    """RSS 2.0 (``rss.xml``) and JSON Feed 1.1 (``feed.json``) of the newest stories, in a folder of this machine.

    ``url`` is where that folder is found on the web, ``home`` the page that the feed belongs to.
    """

    kind: Literal["feed"]
    path: str = Field(min_length=1)
    url: WebAddress
    title: str = Field(min_length=1, max_length=300)
    home: WebAddress
    description: str = ""
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    items: int = Field(50, ge=1, le=1000)

    @model_validator(mode="after")
    def _a_folder(self) -> Self:
        if "://" in self.path.removeprefix("file://") or "::" in self.path:
            raise fault("path", "a feed lies in a folder of this machine", "Write path: feeds/news")
        for key in ("url", "home"):
            _check_slots(key, getattr(self, key), ())
        return self


EventName = Literal["cleaned", "held", "killed"]
PostField = Literal["body", "headline", "standfirst", "byline", "caption", "credit", "key"]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,79}$")]


class WebhookDestination(_Common):
    """A subscriber who is told of stories by events that are signed as https://www.standardwebhooks.com says.

    The variable ``secret_env`` holds one secret, or several between spaces while they are changed: each event is signed
    with all of them. ``content`` is what of a story an event holds: a ``link`` to the original, its ``copy`` as text and
    HTML, or the whole ``record``.
    """

    kind: Literal["webhook"]
    url: WebAddress
    secret_env: SecretName
    events: tuple[EventName, ...] = ("cleaned", "killed")
    content: Literal["link", "copy", "record"] = "link"
    connect_seconds: float = Field(5.0, gt=0, le=60)
    seconds: float = Field(15.0, gt=0, le=120)

    @property
    def hears_of_holds(self) -> bool:
        return "held" in self.events

    @model_validator(mode="after")
    def _some_event(self) -> Self:
        _check_slots("url", self.url, ())
        if not self.events:
            raise fault("events", "at least one event is needed", "Write events: [cleaned, killed]")
        if len(set(self.events)) < len(self.events):
            raise fault("events", "an event is named twice", "Name each once")
        return self


class CmsDestination(_Common):
    """A CMS that is written to by its own interface. ``url`` is the site's address; for Superdesk that to which items are pushed.

    ``in_place`` names the sources whose stories are posts of this CMS: their bodies are replaced by the clean ones, where they stand.
    A story of any other source becomes a post of its own. ``secret_env`` names the variable with the Admin API key (Ghost),
    ``user:application password`` (WordPress), a bearer token (Strapi), or the secret that the items are signed with (Superdesk).

    ``collection`` is what Strapi calls the stories in its addresses (``articles``), ``fields`` how its entry calls the parts of a story.

    ``overwrite: yes`` writes over what somebody else has changed in a post that was made of a story of another source, and makes it anew
    where they have deleted it; otherwise that is an error that a person sees. In place an editor's version stands, whatever it says.
    """

    kind: Literal["cms"]
    api: Literal["ghost", "wordpress", "strapi", "superdesk"]
    url: WebAddress
    secret_env: SecretName
    in_place: tuple[Name, ...] = ()
    collection: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")] | None = None
    fields: dict[PostField, FieldName] = Field(default_factory=dict)
    overwrite: bool = False
    connect_seconds: float = Field(5.0, gt=0, le=60)
    seconds: float = Field(20.0, gt=0, le=120)

    @model_validator(mode="after")
    def _what_its_api_needs(self) -> Self:
        _check_slots("url", self.url, ())
        if self.api == "strapi" and self.collection is None:
            raise fault(
                "collection",
                "Strapi keeps stories in a collection",
                "Write collection: articles, as it stands in the addresses of its interface",
            )
        for key in ("collection", "fields"):
            if self.api != "strapi" and getattr(self, key):
                raise fault(key, f"{key} is for api: strapi", f"{self.api} needs none: leave it out")
        if self.api == "superdesk" and self.overwrite:
            raise fault(
                "overwrite",
                "what is pushed to Superdesk is never compared with what it holds",
                "Leave overwrite out: each edition is pushed as a new version of its item",
            )
        if self.api == "superdesk" and self.in_place:
            raise fault(
                "in_place",
                "Superdesk takes items in, and does not let them be changed from outside",
                "Leave in_place out: each edition is pushed as a new version of its item",
            )
        return self


def _slots(address: str | None) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(address or "") if name is not None}


def _check_slots(key: str, address: str | None, known: Sequence[str]) -> None:
    try:
        used = _slots(address)
    except ValueError:
        raise fault(key, "a brace is open or closed alone", "Write slots such as {key}") from None
    for slot in sorted(used - set(known)):
        hint = did_you_mean(slot, known) or (
            "Known are " + ", ".join(f"{{{one}}}" for one in known) if known else ""
        )
        raise fault(key, f"the slot {{{slot}}} is not known here", hint)


Destination = Annotated[
    FolderDestination
    | TableDestination
    | HttpDestination
    | FeedDestination
    | WebhookDestination
    | CmsDestination,
    Field(discriminator="kind"),
]


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
    if isinstance(destination, HttpDestination):
        return f"{destination.method} {destination.url}"
    if isinstance(destination, WebhookDestination):
        return f"events to {destination.url}"
    if isinstance(destination, CmsDestination):
        return f"{destination.api} at {destination.url}"
    if "://" in destination.path or "::" in destination.path:
        return destination.path
    return str(data_dir / Path(destination.path).expanduser())


def is_on_this_machine(destination: Destination) -> bool:
    """Whether a destination's place is a folder of this machine."""
    return isinstance(destination, FolderDestination | FeedDestination) and not (
        "://" in destination.path or "::" in destination.path
    )
