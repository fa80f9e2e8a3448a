"""Golden pages: ``golden/NAME.html`` is read as ``golden/NAME.yaml`` says. Layouts as they occur, words and people invented.

All of an expectation is optional, and what it does not name is not looked at:

    url: https://…            where the page is said to come from
    fields: {headline: …}     as in ``Fields``; null: there is none
    sources: {headline: …}    where a field came from
    language: de
    pictures: [{url: …}]      all of them, in order; of each the named parts
    blocks: [{kind: …, text: …, level: …, zone: …, picture: …}]     these blocks, in this order, others between them
    all_blocks: [ … ]         the same, and none between them
    absent: [text, …]         no block has this in it

and of the story that ``load_pipeline(config)`` cleans:

    copy: [text, {text: …, kind: …, level: …, markup: …}]     the clean copy, line by line: nothing missing, nothing else
    lifted: [{field: …, text: …}]                             these were lifted, whatever else was
    verdict: hold                                             publish, where copy or lifted is expected and nothing is said
"""

from __future__ import annotations

from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import yaml

from cleaners.model import Raw, Story
from cleaners.pipeline import Pipeline
from cleaners.read import read

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.html"))
KNOWN = {"url", "fields", "sources", "language", "pictures", "blocks", "all_blocks", "absent"} | {
    "copy",
    "lifted",
    "verdict",
}


def expected(name: str) -> dict[str, Any]:
    wanted: dict[str, Any] = yaml.safe_load((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8"))
    assert set(wanted) <= KNOWN, (
        f"{name}.yaml: {sorted(set(wanted) - KNOWN)} is not looked at; see this module's first lines"
    )
    assert set(wanted) - {"url"}, f"{name}.yaml expects nothing"
    return wanted


def raw_of(name: str, url: str | None) -> Raw:
    return Raw(name, "page", (GOLDEN / f"{name}.html").read_bytes(), url=url)


def story_of(name: str, url: str | None) -> Story:
    return read(raw_of(name, url))


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_page_is_read_as_expected(name: str) -> None:
    wanted = expected(name)
    story = story_of(name, wanted.get("url"))
    fields, sources = asdict(story.fields), dict(story.fields.sources)
    told = {key: list(value) if isinstance(value, tuple) else value for key, value in fields.items()}
    assert {key: told[key] for key in wanted.get("fields", {})} == wanted.get("fields", {})
    assert {key: sources.get(key) for key in wanted.get("sources", {})} == wanted.get("sources", {})
    if "language" in wanted:
        assert story.language == wanted["language"]
    if "pictures" in wanted:
        pictures = [asdict(picture) for picture in story.fields.pictures]
        assert _named(pictures, wanted["pictures"]) == wanted["pictures"]
    blocks = [asdict(block) for block in story.blocks]
    if "all_blocks" in wanted:
        assert _named(blocks, wanted["all_blocks"]) == wanted["all_blocks"]
    if "blocks" in wanted:
        at = 0
        for one in wanted["blocks"]:
            found = [n for n in range(at, len(blocks)) if _named([blocks[n]], [one]) == [one]]
            assert found, (
                f"no block is {one} behind number {at}: {[(each['kind'], each['text']) for each in blocks[at:]]}"
            )
            at = found[0] + 1
    for text in wanted.get("absent", ()):
        assert not [each["text"] for each in blocks if text in each["text"]]


CLEANED = [name for name in NAMES if {"copy", "lifted", "verdict"} & set(expected(name))]


@pytest.mark.parametrize("name", CLEANED)
def test_a_golden_page_is_cleaned_as_expected(name: str, pipeline: Pipeline) -> None:
    wanted = expected(name)
    cleaned = pipeline.clean(raw_of(name, wanted.get("url")))
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
    assert (cleaned.verdict, *cleaned.reasons)[: 1 if "verdict" in wanted else None] == (
        wanted.get("verdict", "publish"),
    )


def _named(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each that was found the parts that are asked for; those that nobody expects whole."""
    return [
        {key: each[key] for key in wanted[n]} if n < len(wanted) else each for n, each in enumerate(found)
    ]


def test_every_page_has_an_expectation_and_every_expectation_a_page() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.yaml")) == NAMES
    assert len(NAMES) >= 20
