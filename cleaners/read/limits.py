"""How much one story may be. What is larger is held for a person, and its signals are still read.

Measured on trafilatura 2.3.1: 5 MB take 6.6 s, 19 MB do not end; 400,000 tiny elements take 4.8 s.
"""

from __future__ import annotations

from cleaners.model import Fields, Raw, Repair, Story
from cleaners.read.raw_lines import raw_lines
from cleaners.read.signals import signals_of

PAGE_BYTES = 3_000_000
BODY_CHARACTERS = 3_000_000
ELEMENTS = 100_000
DEPTH = 200
LINES = 10_000
"""Lines of text of a page, blocks of any story. A line takes about 0.2 ms from page to copy; a live blog of a whole day has some 2,000."""


def too_large(raw: Raw, content: str, repairs: tuple[Repair, ...], fields: Fields) -> Story:
    return unread(
        raw,
        content,
        repairs,
        fields,
        f"the {raw.form} has {len(content):,} characters; up to {PAGE_BYTES:,} are read: shorten it or clean it by hand",
    )


def unread(raw: Raw, content: str, repairs: tuple[Repair, ...], fields: Fields, problem: str) -> Story:
    """A story without blocks, with the problem and the signals of the raw document."""
    return Story(
        id=raw.id,
        form=raw.form,
        raw=content,
        blocks=(),
        fields=fields,
        url=raw.url,
        publisher=raw.publisher,
        language=raw.language,
        signals=signals_of(raw, raw_lines(content), (), raw.language),
        repairs=repairs,
        problems=(problem,),
    )
