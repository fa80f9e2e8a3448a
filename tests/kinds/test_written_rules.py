from __future__ import annotations

import pytest
from around import LEAD, NEXT  # type: ignore[import-not-found]

from cleaners.kinds.registry import Context, Settings, look
from cleaners.kinds.written_rules import holds, written_rules
from cleaners.model import Fields, Raw
from cleaners.read import read
from cleaners.rules import load_rulebook

PACK = """
rules:
  button:
    why: A button.
    kind: button
    line: ["Push", "Pull"]
    {condition}
    matches: ["Push"]
    spares: ["Push it."]
  neighbour:
    why: A neighbour.
    kind: neighbour
    action: cue
    line: "Door"
    matches: ["Door"]
    spares: ["Doors"]
"""


def context_for(tmp_path, condition: str, lines: list[str], published: str | None = None) -> Context:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "test.yaml").write_text(PACK.replace("{condition}", condition), encoding="utf-8")
    from dataclasses import replace

    story = read(Raw(id="t", form="lines", content=tuple(lines), language="en"))
    story = replace(story, fields=Fields(published=published))
    return look(story, load_rulebook(tmp_path).ruleset(None, "en", None))


@pytest.mark.parametrize(
    ("condition", "lines", "position", "expected"),
    [
        ("", [LEAD, "Push", NEXT], 1, True),
        ("zone: tail", [LEAD, "Push", NEXT], 1, False),
        ("zone: tail", [LEAD, NEXT, "Push"], 2, True),
        ("zone: [head, tail]", ["Push", LEAD, NEXT], 0, True),
        ("after: neighbour", [LEAD, "Door", "Push", NEXT], 2, True),
        ("after: neighbour", [LEAD, "Push", "Door", NEXT], 1, False),
        ("before: neighbour", [LEAD, "Push", "Door", NEXT], 1, True),
        ("beside: neighbour", [LEAD, "Push", NEXT], 1, False),
        ("beside: neighbour", [LEAD, "Door", "Push", NEXT], 2, True),
        ("run: 2", [LEAD, "Push", NEXT], 1, False),
        ("run: 2", [LEAD, "Push", "Pull", NEXT], 1, True),
        ("forms: [body]", [LEAD, "Push", NEXT], 1, False),
        ("forms: [lines, text]", [LEAD, "Push", NEXT], 1, True),
    ],
)
def test_conditions_of_place(tmp_path, condition, lines, position, expected):
    context = context_for(tmp_path, condition, lines)
    block = context.story.blocks[position]
    rule = next(hit.rule for hit in context.hits[block.number] if hit.rule.kind == "button")
    assert holds(rule, position, context) is expected
    marked = {mark.block for mark in written_rules(context.story, context, Settings())}
    assert (position in marked) is expected


@pytest.mark.parametrize(
    ("condition", "published", "expected"),
    [
        ("since: 2026-01-01", "2025-12-31T10:00:00Z", False),
        ("since: 2026-01-01", "2026-01-01", True),
        ("until: 2026-01-01", "2026-01-02", False),
        ("until: 2026-01-01", None, True),
        ("until: 2026-01-01", "last Monday", True),
    ],
)
def test_dates_of_validity_are_the_story_s(tmp_path, condition, published, expected):
    context = context_for(tmp_path, condition, [LEAD, "Push", NEXT], published)
    rule = next(hit.rule for hit in context.hits[1] if hit.rule.kind == "button")
    assert holds(rule, 1, context) is expected


def test_a_cue_marks_nothing(tmp_path):
    context = context_for(tmp_path, "", [LEAD, "Door", NEXT])
    assert list(written_rules(context.story, context, Settings())) == []
