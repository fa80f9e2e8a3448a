"""A story as it was read: numbered blocks, fields that stand beside them, and where each character came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from cleaners.model.site import SiteMark

Form = Literal["page", "body", "text", "lines"]
Kind = Literal["paragraph", "heading", "item", "quote", "caption", "row", "embed"]
Zone = Literal["head", "body", "tail"]
SignalKind = Literal[
    "kill", "withdrawn", "embargo", "hold", "advisory", "correction", "update", "note", "part"
]
"""The first two kill a story, the next three hold it; the others are kept as they were written: a correction or refile, a
new version ("2nd Ld-Writethru"), a note to editors, a part of a longer text ("TAKE 2", "-more-")."""


class Span(NamedTuple):
    """Half-open range ``[start, end)`` of characters."""

    start: int
    end: int


class Segment(NamedTuple):
    """A run of a block's text and the run of the raw document that it was read from.

    Where both runs are equally long they map character by character; where they are not (``&amp;``,
    a collapsed run of spaces, a repaired mojibake) the segment is one piece that is cut whole.
    """

    start: int
    end: int
    raw_start: int
    raw_end: int


class Repair(NamedTuple):
    """A text repair made while reading (``what`` says which), so that it can be shown and taken back."""

    block: int
    what: str
    before: str
    after: str


class Signal(NamedTuple):
    """An editorial instruction found in the raw document, before anything was cut.

    ``until`` is the time that an embargo names, in ISO 8601, with its zone if it names one; None: it gives no time, or
    none that can be read without doubt.
    """

    kind: SignalKind
    text: str
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """One story as it arrived, before reading.

    ``content`` is text (or, for ``lines``, a tuple of lines; for ``page``, the undecoded bytes may be
    given). ``headline`` and ``published`` are what the sender knows beside the body, e.g. a CMS title; ``ednote`` are the
    sender's instructions to editors, one a line. ``given`` is what else the sender knows: a wire item's byline, rights,
    pictures; what stands in both counts as it stands here. ``encoding`` is the label under which the transport sent the bytes (HTTP's
    ``charset=``), as it stands there; text needs none.
    """

    id: str
    form: Form
    content: str | bytes | tuple[str, ...]
    url: str | None = None
    publisher: str | None = None
    language: str | None = None
    headline: str | None = None
    published: str | None = None
    ednote: str | None = None
    given: Fields | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph-like piece, numbered once when the story is read.

    ``text`` is repaired plain text without leading or trailing space. ``level`` is a heading's, from 1; of a table's row 1 says that it is
    the header. ``line`` is the index of the
    input's line (forms ``text`` and ``lines``). ``element`` is what goes from the raw document when the
    whole block goes. ``picture`` is the index in ``Fields.pictures`` of the figure it stands in.
    ``markup`` is inline HTML for a block of a page (``None``: plain text). ``lead`` is how far the block of a page leads as the story's
    (hundredths, see ``cleaners.read.page_model``; below 0 it trails), ``cues`` what speaks most against one that trails. ``site_marks`` are what the publisher's own selectors say
    of it; a block that loses a part loses them. ``standfirst``: the page's markup calls it so, and its description or its header says the same. ``within`` is the list,
    quotation or table of a page that it stands in, by its tag and its number: "ol 2"; two quotations of two people are not one.
    """

    number: int
    text: str
    kind: Kind = "paragraph"
    zone: Zone = "body"
    level: int = 0
    line: int | None = None
    element: Span | None = None
    segments: tuple[Segment, ...] = ()
    picture: int | None = None
    markup: str | None = None
    lead: int | None = None
    cues: tuple[str, ...] = ()
    site_marks: tuple[SiteMark, ...] = ()
    standfirst: bool = False
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    url: str | None = None
    caption: str | None = None
    credit: str | None = None
    alt: str | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """What belongs beside the copy. ``ednote`` is for editors, never for readers (ninjs has the same word).

    ``byline`` is the line as it is shown, ``authors`` the people it names, each once and without "By"; an agency that wrote the
    story is its ``agency``. ``published`` and ``updated`` are ISO 8601 where a page says them, with a zone only if it names one.
    ``canonical`` is the page's own address, ``site`` the name of the publication; ``paywalled`` is None where nothing
    says. ``sources`` tells where each came from: ``given``, ``selector``, ``json-ld``, ``meta``, ``microdata``, ``page``, ``searched``
    (a date found somewhere in the page), ``words`` (a language told by the text) or ``line``.
    """

    headline: str | None = None
    standfirst: str | None = None
    section: str | None = None
    byline: str | None = None
    published: str | None = None
    updated: str | None = None
    agency: str | None = None
    rights: str | None = None
    ednote: str | None = None
    tags: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    authors: tuple[str, ...] = ()
    canonical: str | None = None
    site: str | None = None
    paywalled: bool | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """One article as blocks with fields.

    ``raw`` is the decoded document (for ``lines``: the lines joined by line breaks). ``problems`` are
    reasons found while reading for which a person must look before anything is published. ``notes`` are for the desk and hold nothing: a
    selector that does not match any more.
    """

    id: str
    form: Form
    raw: str
    blocks: tuple[Block, ...]
    fields: Fields = field(default_factory=Fields)
    url: str | None = None
    publisher: str | None = None
    language: str | None = None
    signals: tuple[Signal, ...] = ()
    repairs: tuple[Repair, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The paragraphs joined by one line break."""
        return "\n".join(block.text for block in self.blocks)

    def with_blocks(self, blocks: tuple[Block, ...]) -> Story:
        return replace(self, blocks=blocks)
