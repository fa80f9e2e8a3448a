"""What was decided for each line of the input: the format that the line benchmark reads."""

from __future__ import annotations

from typing import Any

from cleaners.model import Cleaned
from cleaners.write.changes import Line, changes

_ACTIONS = {
    "removed": "remove",
    "lifted": "lift",
    "protected": "protect",
    "suspect": "keep",
    "trimmed": "keep",
}


def decisions(cleaned: Cleaned) -> dict[str, Any]:
    """``{"id", "verdict", "lines": [{"index", "action", "field", "rule", "removals", "suspect"}]}``.

    Lines that are plainly kept are not listed. ``keep`` with a rule is a line that lost a part, or, with ``suspect``, one that a rule
    doubts. ``index`` is the input's line, or the block's number where the input had no lines; from 0. ``removals`` are the
    numbers that undo takes.
    """
    return {
        "id": cleaned.source.id,
        "verdict": cleaned.verdict,
        "lines": [_decision(line) for line in changes(cleaned) if line.effect != "kept"],
    }


def _decision(line: Line) -> dict[str, Any]:
    cause = line.cause
    return {
        "index": line.index,
        "action": _ACTIONS[line.effect],
        "field": line.field if line.effect == "lifted" else None,
        "rule": cause.rules[0] if cause and cause.rules else None,
        "removals": list(line.numbers),
        "suspect": any(piece.effect == "suspect" for piece in line.pieces),
    }
