"""Lifted text becomes a field: section, byline, a picture's caption and credit. Nothing lifted is lost.

What a reader knew from the document's own metadata stands; lines fill what is missing. Sources say which was which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from cleaners.model import TEXT_FIELDS, Cut, Fields, Picture, Story
from cleaners.read.names import authors_of


def lift(story: Story, cuts: Sequence[Cut]) -> Fields:
    """The story's fields with the lifts among ``cuts`` filled in."""
    blocks = {block.number: block for block in story.blocks}
    lifted = [
        _Lifted(cut.block, cut.field, text, blocks[cut.block].picture)
        for cut in cuts
        if cut.action == "lift"
        and cut.field is not None
        and (text := blocks[cut.block].text[cut.start : cut.end].strip())
    ]
    if not lifted:
        return story.fields
    fields = story.fields
    sources = dict(fields.sources)
    filled: dict[str, Any] = {}
    for name in TEXT_FIELDS:
        lines = dict.fromkeys([one.text for one in lifted if one.field == name])
        if not lines:
            continue
        known = getattr(fields, name)
        if known and sources.get(name) != "line" and name != "ednote":
            continue
        said = known.split("\n") if known else []
        filled[name] = _join(name, [*said, *(line for line in lines if line not in (known, *said))])
        sources.setdefault(name, "line")
    authors = fields.authors
    if "byline" in filled:
        authors = authors_of(filled["byline"].split("\n"), [fields.site] if fields.site else []).people
    tags = tuple(dict.fromkeys([*fields.tags, *(one.text for one in lifted if one.field == "tags")]))
    return replace(
        fields,
        authors=authors,
        tags=tags,
        pictures=_pictures(fields.pictures, lifted),
        sources=tuple(sorted(sources.items())),
        **filled,
    )


class _Lifted(NamedTuple):
    block: int
    field: str
    text: str
    picture: int | None


def _join(name: str, lines: list[str]) -> str:
    if name in ("standfirst", "ednote"):
        return "\n".join(lines)  # several bullet lines under the headline are one standfirst
    if name in ("byline", "agency", "rights"):
        return ", ".join(lines)  # "Zac Hall" and "@apollozac" are one byline
    if name == "section":
        return lines[-1]  # of "News" and "World" the one next to the headline is the section
    return lines[0]


@dataclass
class _Frame:
    """A picture while its captions and credits are gathered."""

    picture: Picture
    blocks: set[int] = field(default_factory=set)


def _pictures(known: tuple[Picture, ...], lifted: Sequence[_Lifted]) -> tuple[Picture, ...]:
    """Captions and credits find their picture: by their figure, by an equal caption, then by standing next to it."""
    frames = [_Frame(picture) for picture in known]
    captions = [one for one in lifted if one.field == "caption"]
    credits = [one for one in lifted if one.field == "credit"]
    # Figures first: a plain line that says the same as a figcaption then finds its figure.
    for one in sorted(captions, key=lambda c: (c.picture is None, c.block)):
        frame = _frame_of(frames, one) or _same_caption(frames, one.text)
        if frame is None:
            frame = _Frame(Picture())
            frames.append(frame)
        frame.blocks.add(one.block)
        said = frame.picture.caption
        if said is None:
            frame.picture = replace(frame.picture, caption=one.text)
        elif any(_key(said) == _key(one.text) + _key(credit.text) for credit in credits):
            frame.picture = replace(
                frame.picture, caption=one.text
            )  # the page's markup did not tell them apart
        elif _key(one.text) not in _key(said) and not _is_whole(one.text, frame.picture):
            frame.picture = replace(frame.picture, caption=f"{said}\n{one.text}")
    # A caption's own credit first: a credit line above it may belong to the picture before.
    own = {one.block for one in captions}
    for one in sorted(credits, key=lambda c: (c.picture is None and c.block not in own, c.block)):
        frame = _frame_of(frames, one) or _nearest(frames, one.block)
        if frame is None:
            frame = _Frame(Picture())
            frames.append(frame)
        frame.blocks.add(one.block)
        said = frame.picture.credit
        if said is None:
            frame.picture = replace(frame.picture, credit=_bare_credit(one.text))
        elif _key(one.text) not in _key(said):
            frame.picture = replace(frame.picture, credit=f"{said}, {_bare_credit(one.text)}")
    return tuple(frame.picture for frame in frames)


def _frame_of(frames: list[_Frame], one: _Lifted) -> _Frame | None:
    if one.picture is not None and one.picture < len(frames):
        return frames[one.picture]
    return None


def _same_caption(frames: list[_Frame], text: str) -> _Frame | None:
    key = _key(text)
    for frame in frames:
        if frame.picture.caption is not None and _key(frame.picture.caption) == key:
            return frame
    return None


def _is_whole(line: str, picture: Picture) -> bool:
    """Whether a caption's line is the caption that the page's markup gave with its credit behind or before it."""
    caption, credit = _key(picture.caption or ""), _key(picture.credit or "")
    return bool(credit) and _key(line) in (caption + credit, credit + caption)


def _key(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _nearest(frames: list[_Frame], block: int) -> _Frame | None:
    """The picture whose caption stands in the same block, just before, or just after, in this order."""
    for distance in (0, -1, 1, -2, 2):
        for frame in frames:
            if frame.picture.credit is None and block + distance in frame.blocks:
                return frame
    return None


def _bare_credit(text: str) -> str:
    """A credit without the brackets that glued it to its caption: "(AFP)" is "AFP"."""
    if len(text) > 2 and text[0] in "([（［" and text[-1] in ")]）］":
        return text[1:-1].strip()
    return text.strip(" -–—|•·,;:")
