"""A newsroom with two rules, and a story for it: what the command line does must not hang on the rules that we ship."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from click.testing import Result

Run = Callable[..., Result]
"""Calls ``cleancopy`` with arguments, and ``stdin=``."""

PIPELINE = "cleaners:\n  written_rules:\n"
RULES = """\
language: en
rules:
  published-undefined:
    why: The label stands there even when a story has no date.
    line: "Published: undefined"
    matches: ["Published: undefined"]
    spares: ["Published: a memoir of the harbour."]
  correction:
    why: Corrections are part of the record.
    action: protect
    starts: "Correction:"
    matches: ["Correction: it was nine boats."]
    spares: ["The correction came late."]
"""
STORY = (
    "The harbour of Kesten closed at noon after the tide gauge failed, the port authority said on Monday.\n"
    "Published: undefined\n"
    "Nine boats waited outside the mole until the evening, when a diver had mended the gauge by hand.\n"
)
CLEAN = STORY.replace("Published: undefined\n", "")


def records(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]
