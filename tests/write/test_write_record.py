"""The JSON contract: keys, order and types exactly."""

from __future__ import annotations

import json
from collections.abc import Callable

from cleaners.model import Block, Cleaned, Story
from cleaners.write import decisions, html, record, text

KEYS = [
    "id",
    "url",
    "publisher",
    "verdict",
    "reasons",
    "headline",
    "standfirst",
    "section",
    "byline",
    "authors",
    "agency",
    "published",
    "updated",
    "language",
    "tags",
    "canonical",
    "site",
    "rights",
    "paywalled",
    "sources",
    "pictures",
    "text",
    "html",
    "ednote",
    "signals",
    "removed",
    "suspects",
    "protected",
    "overruled",
    "ruleset",
    "rounds",
    "source",
]
REMOVED_KEYS = [
    *("number", "block", "start", "end", "text", "action", "field", "rules", "why", "round", "may_exceed"),
]


def test_the_keys_are_those_of_the_contract_in_their_order(harbour: Cleaned, page: Cleaned) -> None:
    assert list(record(harbour)) == KEYS
    assert list(record(page)) == KEYS
    assert [list(picture) for picture in record(page)["pictures"]] == [
        ["url", "caption", "credit", "alt"]
    ] * 2
    assert [list(one) for one in record(harbour)["removed"]] == [REMOVED_KEYS] * 7


def test_the_record_survives_json(harbour: Cleaned, page: Cleaned) -> None:
    for cleaned in (harbour, page):
        told = record(cleaned)
        assert json.loads(json.dumps(told)) == told


def test_the_values_of_a_held_story_show_the_proposed_copy(harbour: Cleaned) -> None:
    told = record(harbour)
    assert told["verdict"] == "hold"
    assert told["reasons"] == ["hold: the raw copy says “HOLD HOLD HOLD”; a person decides"]
    assert told["section"] == "Coast"
    assert told["standfirst"] is None
    assert told["pictures"] == [
        {
            "url": None,
            "caption": "Dredgers off the north mole",
            "credit": "Ana Duarte/Harbour Press",
            "alt": None,
        }
    ]
    assert told["text"] == text(harbour)
    assert told["html"] == html(harbour)
    assert told["removed"][4] == {
        "number": 5,
        "block": 4,
        "start": 42,
        "end": 59,
        "text": " Share this story",
        "action": "remove",
        "field": None,
        "rules": ["english/share-end"],
        "why": "A share label.",
        "round": 1,
        "may_exceed": False,
    }
    assert told["signals"] == [{"kind": "hold", "text": "HOLD HOLD HOLD", "until": None}]
    assert [one["text"] for one in told["suspects"]] == [
        "1. Read _every_ page of the report, the harbour master asked."
    ]


def test_text_is_the_paragraphs_and_nothing_else(harbour: Cleaned) -> None:
    lines = text(harbour).split("\n")
    assert len(lines) == 5
    assert lines[1] == "The port said work would resume on Monday."
    assert "Dredging stops" not in text(harbour)


def test_text_of_nothing_is_empty() -> None:
    story = Story("s", "page", "", (Block(0, "", "embed"),))
    assert text(Cleaned(story, story, (), "hold", ("the story has no text",), "r", 1)) == ""


def test_decisions_list_only_lines_that_are_not_plainly_kept(harbour: Cleaned) -> None:
    assert decisions(harbour) == {
        "id": "harbour/1",
        "verdict": "hold",
        "lines": [
            {
                "index": 0,
                "action": "lift",
                "field": "section",
                "rule": "head/kicker",
                "removals": [1],
                "suspect": False,
            },
            {
                "index": 1,
                "action": "lift",
                "field": "headline",
                "rule": "head/headline",
                "removals": [2],
                "suspect": False,
            },
            {
                "index": 2,
                "action": "lift",
                "field": "caption",
                "rule": "captions/credited",
                "removals": [3, 4],
                "suspect": False,
            },
            {
                "index": 4,
                "action": "keep",
                "field": None,
                "rule": "english/share-end",
                "removals": [5],
                "suspect": False,
            },
            {
                "index": 5,
                "action": "remove",
                "field": None,
                "rule": "english/published-undefined",
                "removals": [6],
                "suspect": False,
            },
            {
                "index": 7,
                "action": "keep",
                "field": None,
                "rule": "lists/numbered",
                "removals": [],
                "suspect": True,
            },
            {
                "index": 8,
                "action": "protect",
                "field": None,
                "rule": "english/correction",
                "removals": [],
                "suspect": False,
            },
            {
                "index": 9,
                "action": "remove",
                "field": None,
                "rule": "social/channel",
                "removals": [7],
                "suspect": False,
            },
        ],
    }


def test_decisions_count_lines_of_the_input_not_blocks(by_hand: Callable[..., Cleaned]) -> None:
    story = Story("s", "text", "\n\nShare", (Block(0, "Share", line=2),))
    told = decisions(by_hand(story, [(0, 0, 5, "remove", None, "english/share", "A label.")]))
    assert [line["index"] for line in told["lines"]] == [2]
