"""Golden stories: ``golden/NAME.ENDING`` as it arrives, and ``golden/NAME.yaml`` with what is to come of it.

The endings, and what each holds (a newsroom's folder reads them, and must take each for what it is):

    .html            a web page             .eml             a saved e-mail
    .body.html       a CMS body             .ninjs.json      ninjs
    .txt             pasted text            .nitf.xml        NITF
    .record.json     a record, with lines   .newsml.xml      NewsML-G2
                                            .rss.xml, .atom.xml    a feed

Layouts and messages as they occur, words, people and towns invented. All of an expectation is optional, and what it does not name is
not looked at. What is given to the reader beside the file:

    url: https://…            where the story is said to come from
    sent: {headline: …}       what else its sender knows, as in ``Raw``
    rules: {publishers/x.yaml: …, publishers/ftr/x.example.txt: …}     files beside the shipped configuration

What the story must be as it was read:

    id: urn:…                 its name
    fields: {headline: …}     as in ``Fields``; null: there is none
    sources: {headline: …}    where a field came from
    language: de
    pictures: [{url: …}]      all of them, in order; of each the named parts
    blocks: [{kind: …, text: …, level: …, zone: …, picture: …}]     these blocks, in this order, others between them
    all_blocks: [ … ]         the same, and none between them
    absent: [text, …]         no block has this in it
    signals: [{kind: …, text: …, until: …}]              all of them, in order
    repairs: [{what: …, before: …, after: …}]            all of them, in order
    notes: [text, …]          for the desk, all of them

and as the configuration cleans it:

    copy: [text, {text: …, kind: …, level: …, markup: …}]     the clean copy, line by line: nothing missing, nothing else
    lifted: [{field: …, text: …}]                             these were lifted, whatever else was
    copied: {fields: …, sources: …, pictures: …}              the fields of the clean copy
    written: …                the copy as HTML, byte for byte
    verdict: hold             publish, where copy, lifted, copied or written is expected and nothing is said
    reasons: [text, …]        why it is not published: each stands in one of its reasons

Of a message with several items ``items`` has all of this for each, in its order; one that cannot be read is ``problem: text in it``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from cleaners.model import Cleaned, Form, Raw
from cleaners.pipeline import Pipeline, load_pipeline
from cleaners.write import html
from flows.sources.folder import FileOfStories, read_file

GOLDEN = Path(__file__).parent / "golden"
FORMS: dict[str, tuple[Form, ...]] = {
    ".html": ("page",),
    ".body.html": ("body",),
    ".txt": ("text",),
    ".record.json": ("lines",),
    ".eml": ("text", "body"),
    ".ninjs.json": ("body", "text"),
    ".nitf.xml": ("body", "text"),
    ".newsml.xml": ("body", "text"),
    ".rss.xml": ("body",),
    ".atom.xml": ("body",),
}
"""What the reader must take each for."""
FILES = {path.name.partition(".")[0]: path for path in sorted(GOLDEN.iterdir()) if path.suffix != ".yaml"}

GIVEN = {"url", "sent", "rules"}
READ = {"id", "fields", "sources", "language", "pictures", "blocks", "all_blocks", "absent"} | {
    "signals",
    "repairs",
    "notes",
}
CLEANED = {"copy", "lifted", "copied", "written", "verdict", "reasons"}
_COPIED = {"fields", "sources", "pictures"}


@dataclass(frozen=True)
class Told:
    """What became of one item, and the expectation of it. ``cleaned`` is None where ``problem`` says why there is no story."""

    wanted: dict[str, Any]
    raw: Raw | None
    cleaned: Cleaned | None
    problem: str | None = None


def ending(name: str) -> str:
    return FILES[name].name.removeprefix(name)


def expected(name: str) -> list[dict[str, Any]]:
    """What is expected of each item."""
    path = GOLDEN / f"{name}.yaml"
    whole: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    items = whole.get("items", [whole])
    known = {"items"} | GIVEN if "items" in whole else GIVEN | READ | CLEANED
    unknown = set(whole) - known
    for item in items:
        if "items" in whole:
            unknown |= set(item) - (READ | CLEANED | {"problem"})
        unknown |= set(item.get("copied", ())) - _COPIED
        assert set(item) - GIVEN, f"{path.name} expects nothing"
    assert not unknown, f"{path.name}: {sorted(unknown)} is not looked at; see golden_stories.py"
    return [{key: whole[key] for key in GIVEN & set(whole)} | item for item in items]


def teller(shipped: Pipeline, folder: Path) -> Callable[[str], list[Told]]:
    """``tell(name)``: the golden story read and cleaned, once. ``folder`` is for the configurations of stories with ``rules``."""
    known: dict[str, list[Told]] = {}

    def pipeline_of(name: str, rules: dict[str, str]) -> Pipeline:
        if not rules:
            return shipped
        own = folder / name
        shutil.copytree(shipped.directory, own)
        for place, written in rules.items():
            (own / place).parent.mkdir(exist_ok=True)
            (own / place).write_text(written, encoding="utf-8")
        return load_pipeline(own)

    def tell(name: str) -> list[Told]:
        if name not in known:
            items = expected(name)
            known[name] = _told(name, items, pipeline_of(name, items[0].get("rules", {})))
        return known[name]

    return tell


def _told(name: str, items: list[dict[str, Any]], pipeline: Pipeline) -> list[Told]:
    found: FileOfStories = read_file(FILES[name])
    raws, problems = list(found.raws), list(found.problems)
    told: list[Told] = []
    for wanted in items:
        if "problem" in wanted:
            told.append(Told(wanted, None, None, problems.pop(0) if problems else None))
            continue
        assert raws, f"{name}: fewer stories than expected: {found.problems}"
        raw = replace(raws.pop(0), **wanted.get("sent", {}))
        raw = replace(raw, url=wanted["url"]) if "url" in wanted else raw
        assert raw.form in FORMS[ending(name)], f"{name} was taken for a {raw.form}"
        told.append(Told(wanted, raw, pipeline.clean(raw)))
    assert not raws, f"{name} holds more than is expected: {[raw.id for raw in raws]}"
    assert not problems, f"{name} holds more than is expected: {problems}"
    return told


def check(told: Told, wanted: dict[str, Any] | None = None) -> None:
    """Raises AssertionError where what came is not what is expected, or not ``wanted``."""
    wanted = told.wanted if wanted is None else wanted
    if "problem" in wanted:
        assert wanted["problem"] in (told.problem or "")
        return
    assert told.cleaned is not None
    _check_read(told.cleaned, wanted)
    if CLEANED & set(wanted):
        _check_cleaned(told.cleaned, wanted)


def _check_read(cleaned: Cleaned, wanted: dict[str, Any]) -> None:
    story = cleaned.source
    if "id" in wanted:
        assert story.id == wanted["id"]
    if "language" in wanted:
        assert story.language == wanted["language"]
    if "notes" in wanted:
        assert list(story.notes) == wanted["notes"]
    _check_fields(story.fields, wanted)
    for key, found in (("signals", story.signals), ("repairs", story.repairs)):
        if key in wanted:
            values = [one._asdict() for one in found]
            assert _named(values, wanted[key]) == wanted[key]
    blocks = [asdict(block) for block in story.blocks]
    if "all_blocks" in wanted:
        assert _named(blocks, wanted["all_blocks"]) == wanted["all_blocks"]
    at = 0
    for one in wanted.get("blocks", ()):
        found_at = [n for n in range(at, len(blocks)) if _named([blocks[n]], [one]) == [one]]
        there = [(each["kind"], each["text"]) for each in blocks[at:]]
        assert found_at, f"no block is {one} behind number {at}: {there}"
        at = found_at[0] + 1
    for text in wanted.get("absent", ()):
        assert not [each["text"] for each in blocks if text in each["text"]]


def _check_fields(found: Any, wanted: dict[str, Any]) -> None:
    told = {one.name: getattr(found, one.name) for one in fields(found)}
    told = {key: list(value) if isinstance(value, tuple) else value for key, value in told.items()}
    assert {key: told[key] for key in wanted.get("fields", {})} == wanted.get("fields", {})
    sources = dict(found.sources)
    assert {key: sources.get(key) for key in wanted.get("sources", {})} == wanted.get("sources", {})
    if "pictures" in wanted:
        pictures = [asdict(picture) for picture in found.pictures]
        assert _named(pictures, wanted["pictures"]) == wanted["pictures"]


def _check_cleaned(cleaned: Cleaned, wanted: dict[str, Any]) -> None:
    if "copy" in wanted:
        lines = [one if isinstance(one, dict) else {"text": one} for one in wanted["copy"]]
        blocks = [asdict(block) for block in cleaned.copy.blocks]
        told = [
            {key: block[key] for key in line or {"kind", "text"}}
            for block, line in zip_longest(blocks, lines[: len(blocks)])
        ]
        assert told == lines
    lifts = [(one.field, one.text.strip()) for one in cleaned.removals if one.action == "lift"]
    for one in wanted.get("lifted", ()):
        assert (one["field"], one["text"]) in lifts
    if "copied" in wanted:
        _check_fields(cleaned.copy.fields, wanted["copied"])
    if "written" in wanted:
        assert html(cleaned) == wanted["written"]
    for text in wanted.get("reasons", ()):
        assert [reason for reason in cleaned.reasons if text in reason], cleaned.reasons
    assert (cleaned.verdict, *cleaned.reasons)[: 1 if "verdict" in wanted else None] == (
        wanted.get("verdict", "publish"),
    )


def _named(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each that was found the parts that are asked for; those that nobody expects whole."""
    return [
        {key: each[key] for key in wanted[n]} if n < len(wanted) else each for n, each in enumerate(found)
    ]
