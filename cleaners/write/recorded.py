"""A record back as the story it was written from, with its copy and every removal: what undo works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic wants it below Python 3.12

from cleaners.apply import as_copy, restore
from cleaners.model import Block, Cleaned, Mark, Removal, Story, Verdict

_ABOVE = ("id", "url", "publisher", "language", "signals")
"""What the record says of the source by itself."""
_Value = TypeVar("_Value")
_NOTED = ("protected", "overruled", "suspects")


class BrokenRecord(ValueError):
    """The record is not one that cleancopy wrote, or not whole any more. The message says where."""


def source_of(story: Story) -> dict[str, Any]:
    """The source as JSON-ready values; what is at its default is left out.

    A text and a CMS body have their document in ``raw``. A page has its blocks alone: the page is many times
    their size, and nothing is cut from it.
    """
    without = {*_ABOVE, "raw"} if story.form == "page" else {*_ABOVE}
    source: dict[str, Any] = _stories().dump_python(
        story, mode="json", exclude=without, exclude_defaults=True
    )
    return source


def cleaned_from(record: Mapping[str, Any]) -> Cleaned:
    """What ``record`` was written from; equal to it but for the raw document of a page, which is empty.

    Raises BrokenRecord for a record without ``source``, and for one whose removals do not
    fit its source.
    """
    source = record.get("source")
    if not isinstance(source, dict):
        raise BrokenRecord(
            'the record has no "source", which undo needs: clean the story again with `cleancopy clean --to json`'
        )
    whole = {"raw": "", **source, **{key: record.get(key) for key in _ABOVE}}
    story = _validated(_stories(), whole, "source")
    removals = _validated(_removals(), record.get("removed"), "removed")
    noted = {name: _validated(_marks(), _without_text(record.get(name)), name) for name in _NOTED}
    known = _validated(_verdicts(), record, "record")
    _check(story, removals, [mark for marks in noted.values() for mark in marks])
    copy = as_copy(story, restore(story, removals), removals)
    return Cleaned(
        source=story,
        copy=copy,
        removals=removals,
        verdict=known["verdict"],
        reasons=known["reasons"],
        ruleset=known["ruleset"],
        rounds=known["rounds"],
        **noted,
    )


def _without_text(marks: object) -> object:
    """A mark's text stands in the record for its reader; it is the source's."""
    if not isinstance(marks, list):
        return marks
    return [
        {key: mark[key] for key in mark if key != "text"} if isinstance(mark, dict) else mark
        for mark in marks
    ]


class _Judged(TypedDict):
    verdict: Verdict
    reasons: tuple[str, ...]
    ruleset: str
    rounds: int


def _validated(adapter: TypeAdapter[_Value], value: object, name: str) -> _Value:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in (name, *first["loc"]))
        raise BrokenRecord(f"not a record of cleancopy: {where}: {first['msg']}") from None


def _check(story: Story, removals: Sequence[Removal], marks: Sequence[Mark]) -> None:
    texts = {block.number: block.text for block in story.blocks}
    if len(texts) != len(story.blocks):
        raise BrokenRecord("two blocks of its source have the same number")
    for block in story.blocks:
        if not _fits(block, len(story.raw)):
            raise BrokenRecord(f"block {block.number} of its source lies outside the source's document")
    for removal in removals:
        text = texts.get(removal.block, "")
        whole = 0 <= removal.start < removal.end <= len(text)
        if not whole or text[removal.start : removal.end] != removal.text:
            raise BrokenRecord(f"removal {removal.number} does not fit its source: the record was changed")
    for mark in marks:
        if not 0 <= mark.start < mark.end <= len(texts.get(mark.block, "")):
            raise BrokenRecord(f"a mark of {mark.rule} does not fit its source: the record was changed")


def _fits(block: Block, size: int) -> bool:
    spans = [(one.raw_start, one.raw_end) for one in block.segments]
    return all(
        0 <= start <= end <= size for start, end in [*spans, *([block.element] if block.element else [])]
    )


# Built with the first record: cleaning alone does without them.
@lru_cache(maxsize=1)
def _stories() -> TypeAdapter[Story]:
    return TypeAdapter(Story)


@lru_cache(maxsize=1)
def _removals() -> TypeAdapter[tuple[Removal, ...]]:
    return TypeAdapter(tuple[Removal, ...])


@lru_cache(maxsize=1)
def _marks() -> TypeAdapter[tuple[Mark, ...]]:
    return TypeAdapter(tuple[Mark, ...])


@lru_cache(maxsize=1)
def _verdicts() -> TypeAdapter[_Judged]:
    return TypeAdapter(_Judged)
