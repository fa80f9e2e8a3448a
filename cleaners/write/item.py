"""What every news format says of an edition of a story, gathered once: ninjs, NITF, NewsML-G2 and JSON-LD only write it down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cleaners.model import Cleaned, Picture
from cleaners.read.signals import signal_of
from cleaners.write.body_media import with_media
from cleaners.write.body_tree import body_tree
from cleaners.write.edition import Edition, names_a_file
from cleaners.write.safe_text import language_tag, line, lines, safe, web_uri
from cleaners.write.text import text

WITHDRAWN = "STORY WITHDRAWN: take it down wherever it was published, and do not use it."
"""What editors read of a story that is taken back. Nothing of the story is said again: it may be why."""
_STOPS = ("kill", "withdrawn", "embargo", "hold", "advisory")


@dataclass(frozen=True, slots=True)
class ItemPicture:
    """A picture with a name of its own. ``url`` is a URI, or None where only its caption or credit is known."""

    uri: str
    url: str | None
    caption: str | None
    credit: str | None
    alt: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """An edition, and what of its story is told: of a canceled one only which it is.

    All texts are such as XML takes, each on one line; ``text`` has a line for each paragraph. Dates are as the story says them. ``corrections`` stand
    in the body, too; ``ednotes`` never do. ``updates`` says that a version went before, ``corrects`` that this one corrects it.
    """

    edition: Edition
    ednotes: tuple[str, ...]
    headline: str | None = None
    standfirst: tuple[str, ...] = ()
    section: str | None = None
    byline: str | None = None
    authors: tuple[str, ...] = ()
    agency: str | None = None
    published: str | None = None
    updated: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    url: str | None = None
    site: str | None = None
    rights: str | None = None
    free: bool | None = None
    pictures: tuple[ItemPicture, ...] = ()
    corrections: tuple[str, ...] = ()
    body: Any = None
    text: str = ""
    updates: bool = False
    corrects: bool = False

    @property
    def key(self) -> str | None:
        """The story's key in cleancopy, by which a desk asks for it. None where that is a path of the newsroom's machine, which
        is nobody else's business: then the edition's URI is all of its name."""
        return None if names_a_file(self.edition.story) else line(self.edition.story) or "story"

    @property
    def provider(self) -> str | None:
        """Who sends the item: the newsroom by its own name, else the publication."""
        return line(self.edition.provider) or self.site


def item_of(cleaned: Cleaned | None, edition: Edition) -> Item:
    """The item that ``edition`` is of ``cleaned``. A canceled one has no content, and needs no story.

    Raises ValueError for an edition that is not canceled, without its story.
    """
    updates = edition.previous is not None
    if edition.status == "canceled":
        return Item(edition, (WITHDRAWN,), updates=updates)
    if cleaned is None:
        raise ValueError(f"{edition.story}: only a canceled edition can be written without its story")
    story, fields = cleaned.source, cleaned.copy.fields
    base = story.url or fields.canonical
    corrections = _corrections(cleaned)
    return Item(
        edition,
        _ednotes(cleaned, edition),
        headline=line(fields.headline),
        standfirst=lines(fields.standfirst),
        section=line(fields.section),
        byline=line(fields.byline),
        authors=_each(fields.authors),
        agency=line(fields.agency),
        published=line(fields.published),
        updated=line(fields.updated),
        language=language_tag(story.language),
        tags=_each(fields.tags),
        url=web_uri(fields.canonical, base) or web_uri(story.url),
        site=line(fields.site) or line(story.publisher),
        rights=line(fields.rights),
        free=None if fields.paywalled is None else not fields.paywalled,
        pictures=_pictures(with_media(cleaned).copy.fields.pictures, base, edition),
        corrections=corrections,
        body=body_tree(cleaned),
        text=safe(text(cleaned)),
        updates=updates,
        corrects=updates and not set(_corrected(cleaned)) <= set(edition.corrected),
    )


def corrections_in(record: Mapping[str, Any]) -> tuple[str, ...]:
    """What a record says of corrections: to readers, in the copy, and to editors, in its signals."""
    lines = (one for one in record.get("protected") or () if _is_correction(str(one.get("rule"))))
    signals = (one for one in record.get("signals") or () if one.get("kind") == "correction")
    return _each(one.get("text") or "" for one in (*lines, *signals))


def _corrected(cleaned: Cleaned) -> tuple[str, ...]:
    """As ``corrections_in`` finds it in the story's record."""
    texts = {block.number: block.text for block in cleaned.source.blocks}
    marks = (one for one in cleaned.protected if _is_correction(one.rule))
    signals = (one.text for one in cleaned.source.signals if one.kind == "correction")
    return _each((*(texts[one.block][one.start : one.end] for one in marks), *signals))


def _is_correction(rule: str) -> bool:
    """What the rules called ``correction``, one in each language, protect."""
    return rule.rpartition("/")[2] == "correction"


def _pictures(pictures: tuple[Picture, ...], base: str | None, edition: Edition) -> tuple[ItemPicture, ...]:
    """Each once, named by its address, else by its place in the story."""
    found: dict[str, ItemPicture] = {}
    for number, one in enumerate(pictures, start=1):
        url = web_uri(one.url, base)
        caption, credit = line(one.caption), line(one.credit)
        if url or caption or credit:
            uri = edition.uri_of(f"picture {url or number}")
            found.setdefault(uri, ItemPicture(uri, url, caption, credit, line(one.alt)))
    return tuple(found.values())


def _corrections(cleaned: Cleaned) -> tuple[str, ...]:
    """Corrections and editors' notes for readers, as they stand in the copy."""
    protected = {mark.block for mark in cleaned.protected if _is_correction(mark.rule)}
    said = (line(block.text) for block in cleaned.copy.blocks if block.number in protected)
    return tuple(dict.fromkeys(one for one in said if one))


def _ednotes(cleaned: Cleaned, edition: Edition) -> tuple[str, ...]:
    """The notes for editors. Instructions that stop a story are not passed on with one that goes out: they have been decided."""
    notes = lines(cleaned.copy.fields.ednote)
    if edition.status != "usable":
        return notes
    stops = {line(one.text) for one in cleaned.source.signals if one.kind in _STOPS}
    return tuple(one for one in notes if signal_of(one) not in _STOPS and one not in stops)


def _each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said for one in texts if (said := line(one))))
