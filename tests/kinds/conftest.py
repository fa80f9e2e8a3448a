"""One cleaner at a time on a few lines, with the shipped rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from cleaners.kinds.registry import look
from cleaners.model import Mark, Raw
from cleaners.pipeline import Pipeline


@pytest.fixture(scope="session")
def shipped(pipeline) -> Pipeline:
    return pipeline


@pytest.fixture(scope="session")
def marks_by(shipped) -> Callable[..., list[Mark]]:
    """``marks_by("captions", lines)``: the marks of one cleaner, in order."""

    def run(name: str, lines: Sequence[str], language: str = "en", **raw: object) -> list[Mark]:
        story = shipped.read(
            Raw(id="t", form="lines", content=tuple(lines), language=language, **raw)  # type: ignore[arg-type]
        )
        ruleset = shipped.rulebook.ruleset(story.publisher, language, None)
        context = look(story, ruleset)
        kind, settings = next(pair for pair in shipped.cleaners if pair[0].name == name)
        return sorted(kind.mark(story, context, settings))

    return run


@pytest.fixture(scope="session")
def said(marks_by) -> Callable[..., dict[str, str]]:
    """``said("captions", lines)``: for each marked text, what is done with it: "remove", "lift caption" …"""

    def run(name: str, lines: Sequence[str], language: str = "en", **raw: object) -> dict[str, str]:
        found = marks_by(name, lines, language, **raw)
        return {
            lines[mark.block][mark.start : mark.end].strip(): " ".join(
                filter(None, (mark.action, mark.field))
            )
            for mark in found
        }

    return run
