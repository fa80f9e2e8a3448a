"""Which edition of a story is written: what a news format says of a story that is not in the story itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from cleaners.model import Cleaned, Verdict
from cleaners.write.moments import moment

PubStatus = Literal["usable", "withheld", "canceled"]
"""IPTC's words (http://cv.iptc.org/newscodes/pubstatusg2/), the same in ninjs, NITF and NewsML-G2."""
_BY_VERDICT: dict[Verdict, PubStatus] = {"publish": "usable", "hold": "withheld", "kill": "canceled"}
_STORIES = UUID("6f1d6a0e-5a0c-4f0b-9c57-2f4e1f3b7a11")
_FILE = re.compile(r"(?:[\w.-]+:)?(?:/(?!/)|~[\w.-]*[/\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|\\\\|file:)")


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a story, as its receivers tell it from the others.

    ``story`` is the story's key (``source:id``) and the same in all its editions; ``number`` counts them, and the higher is the
    newer. ``made`` is when this edition was made: no writer looks at a clock. ``previous`` is the edition that the receiver
    got before, if any: then this one is an update. ``embargo`` is when the story may be used; it is for a story that is withheld.
    ``ledger`` tells apart the stories of two newsrooms that have the same key, ``provider`` is the newsroom's own name. ``corrected``
    are the corrections that the edition before had (``cleaners.write.item.corrections_in``): an update that only still has them
    corrects nothing.

    Raises ValueError for a moment without a zone.
    """

    story: str
    number: int = 1
    made: datetime | None = None
    status: PubStatus = "usable"
    embargo: datetime | None = None
    previous: int | None = None
    ledger: str = ""
    provider: str | None = None
    corrected: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("made", "embargo"):
            when: datetime | None = getattr(self, name)
            if when is not None and when.utcoffset() is None:
                raise ValueError(f"{name} of {self.story} has no time zone: {when.isoformat()}")

    @property
    def uri(self) -> str:
        """The story's name for receivers: the same for all its editions, another for every other story.

        A UUID of its ledger and its key (RFC 9562, version 5): ``urn:uuid`` is registered, needs no domain of the newsroom's and holds
        whatever a key may hold. A ledger that begins anew counts its editions anew, so its stories get new names: under the old
        ones receivers would refuse them as older.

        >>> Edition("cms:ferry-7").uri == Edition("cms:ferry-7", 2).uri != Edition("cms:ferry-8").uri
        True
        """
        return self.uri_of("")

    @property
    def known_as(self) -> str:
        """What receivers may call the story: its key, or its URI where the key holds the path of a file on the newsroom's machine.

        >>> Edition("cms:ferry-7").known_as, Edition("by-hand:/home/ilse/ferry.html").known_as[:9]
        ('cms:ferry-7', 'urn:uuid:')
        """
        return self.uri if names_a_file(self.story) else self.story

    def uri_of(self, part: str) -> str:
        """The name of a part of the story, such as one of its pictures."""
        name = "\n".join((self.ledger, self.story, part)).encode("utf-8", "backslashreplace").decode()
        return uuid5(_STORIES, name).urn


def names_a_file(key: str) -> bool:
    """Whether a story's key, or its id, is the path of a file: stories that were named by hand are called so.

    >>> [names_a_file(one) for one in ("by-hand:/srv/desk/ferry.txt", "C:\\\\desk\\\\ferry.txt", "by-hand:../ferry.txt")]
    [True, True, True]
    >>> [names_a_file(one) for one in ("cms:ferry-7", "https://post.example/ferry", "web:https://post.example/", "demo:ferry.txt")]
    [False, False, False, False]
    """
    return _FILE.match(key) is not None


def edition_of(cleaned: Cleaned, made: datetime | None = None) -> Edition:
    """The first edition of a story that no ledger knows. What is held is withheld, what is killed canceled.

    Without ``made`` it was made when the story says that it was changed or published, if that is a moment. The embargo is
    the latest that the story names; where one of several cannot be read there is none, and the story is withheld until further notice.
    """
    fields = cleaned.copy.fields
    embargoes = [moment(one.until) for one in cleaned.source.signals if one.kind == "embargo"]
    known = [one for one in embargoes if one is not None]
    held = cleaned.verdict == "hold" and bool(known) and len(known) == len(embargoes)
    return Edition(
        story=cleaned.source.id,
        made=made or moment(fields.updated) or moment(fields.published),
        status=_BY_VERDICT[cleaned.verdict],
        embargo=max(known) if held else None,
        provider=fields.site or cleaned.source.publisher,
    )
