"""Reports that people read: one story before and after, and one run. Self-contained pages without scripts.

A report never loads anything: a picture of the story is told as text, for a picture that loads tells its host who reads
the report. Templates escape by default; a Content-Security-Policy forbids everything but the page's own style sheet.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cleaners.judge import words
from cleaners.model import Cleaned, Removal
from cleaners.write.changes import Effect, Line, changes
from cleaners.write.html import web_address

Outcome = Literal["failed", "kill", "hold", "publish"]
_ORDER: tuple[Outcome, ...] = ("failed", "kill", "hold", "publish")
MOST_ROWS = 2_000
"""Stories that a run report lists one by one; it stays readable and below a few megabytes."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One story of a run. ``removals`` counts by rule, the most frequent first; ``report_path`` is relative to the run's report.

    ``suspects`` are lines that could not be told and were kept.
    """

    id: str
    headline: str | None
    publisher: str | None
    outcome: Outcome
    reasons: tuple[str, ...]
    words_kept: int
    words_removed: int
    words_lifted: int
    removals: tuple[tuple[str, int], ...]
    seconds: float
    report_path: str | None = None
    suspects: int = 0


class _RuleCount(NamedTuple):
    rule: str
    times: int
    words: int
    action: str
    why: str


class _Note(NamedTuple):
    """What stands in the margin of a line; several pieces of one rule share a note."""

    effect: Effect
    field: str | None
    rules: tuple[str, ...]
    why: str
    overruled: tuple[str, ...]
    numbers: tuple[int, ...] = ()

    @property
    def reason(self) -> tuple[object, ...]:
        """What one note says again when it follows another."""
        return self.effect, self.field, self.rules, self.why, self.overruled


def story_report(cleaned: Cleaned) -> str:
    """A page that shows one story before and after: what was removed, lifted, protected and suspected, by which rule and why."""
    story = cleaned.source
    lines = changes(cleaned)
    effects = Counter(note.effect for line in lines for note in _notes(line))
    return page(
        "story_report.html.j2",
        cleaned=cleaned,
        story=story,
        fields=cleaned.copy.fields,
        sources=dict(cleaned.copy.fields.sources),
        address=web_address(story.url, None),
        zones=_zones(lines),
        notes_of=_notes,
        effects=effects,
        words_before=sum(words(block.text) for block in story.blocks),
        words_after=sum(words(block.text) for block in cleaned.copy.blocks),
        counts=_rule_counts(cleaned.removals),
        spelled=spelled,
    )


def run_row(
    record: Mapping[str, Any], seconds: float, report_path: str | None = None, error: str | None = None
) -> RunRow:
    """A run's row from a story's record. With ``error`` the story failed, and the record needs nothing but its ``id``."""
    removed = record.get("removed") or []
    counts = Counter((one["rules"] or ["unknown"])[0] for one in removed)
    gone = Counter[str]()
    for one in removed:
        gone[one["action"]] += words(one["text"])
    reasons = [error] if error else list(record.get("reasons") or [])
    return RunRow(
        id=str(record.get("id", "?")),
        headline=record.get("headline"),
        publisher=record.get("publisher"),
        outcome="failed" if error else record["verdict"],
        reasons=tuple(reasons),
        words_kept=words(record.get("text") or ""),
        words_removed=gone["remove"],
        words_lifted=gone["lift"],
        removals=tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
        seconds=seconds,
        report_path=report_path,
        suspects=len({one["block"] for one in record.get("suspects") or ()}),
    )


def run_report(
    rows: Iterable[RunRow],
    title: str = "cleancopy run",
    when: str | None = None,
    note: str | None = None,
    most_rows: int = MOST_ROWS,
) -> str:
    """A page that shows one run: totals, the stories (failed, killed and held ones first), removals by rule.

    ``when`` and ``note`` are shown as they are given: this library knows no clock. Beyond ``most_rows`` stories the
    page says how many it leaves out; the totals count them all.
    """
    every = sorted(rows, key=lambda row: _ORDER.index(row.outcome))
    by_rule = Counter[str]()
    stories_by_rule = Counter[str]()
    for row in every:
        by_rule.update(dict(row.removals))
        stories_by_rule.update(rule for rule, _ in row.removals)
    ranked = sorted(by_rule.items(), key=lambda pair: (-pair[1], pair[0]))
    return page(
        "run_report.html.j2",
        title=title,
        when=when,
        note=note,
        rows=every[:most_rows],
        left_out=max(0, len(every) - most_rows),
        outcomes=Counter(row.outcome for row in every),
        stories=len(every),
        words_kept=sum(row.words_kept for row in every),
        words_removed=sum(row.words_removed for row in every),
        words_lifted=sum(row.words_lifted for row in every),
        suspects=sum(row.suspects for row in every),
        seconds=sum(row.seconds for row in every),
        by_rule=ranked,
        stories_by_rule=stories_by_rule,
        most=ranked[0][1] if ranked else 1,
        link=link,
        duration=duration,
    )


def duration(seconds: float) -> str:
    """Seconds as people read them.

    >>> duration(0.0421), duration(3.14159), duration(75)
    ('42 ms', '3.1 s', '1 min 15 s')
    """
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def spelled(text: str) -> str:
    """``text`` with its invisible characters spelled out, so that a repair can be seen.

    >>> spelled("co\u00adoperate")
    'co⟨U+00AD⟩operate'
    """
    return "".join(
        character if character == " " or character.isprintable() else f"⟨U+{ord(character):04X}⟩"
        for character in text
    )


_ZONES = {"head": "Above the story", "body": "The story", "tail": "Below the story"}


def _zones(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    zones: list[tuple[str, list[Line]]] = []
    for line in lines:
        name = _ZONES[line.block.zone]
        if not zones or zones[-1][0] != name:
            zones.append((name, []))
        zones[-1][1].append(line)
    return zones


def _notes(line: Line) -> list[_Note]:
    notes: dict[tuple[object, ...], _Note] = {}
    for piece in line.pieces:
        if piece.effect == "kept":
            continue
        note = _Note(piece.effect, piece.field, piece.rules, piece.why, piece.overruled)
        note = notes.setdefault(note.reason, note)
        if piece.number is not None and piece.number not in note.numbers:
            notes[note.reason] = note._replace(numbers=(*note.numbers, piece.number))
    return list(notes.values())


def _rule_counts(removals: Sequence[Removal]) -> list[_RuleCount]:
    """Removals under the rule that asked first, the most frequent first."""
    by_rule: dict[str, list[Removal]] = {}
    for removal in removals:
        by_rule.setdefault(removal.rules[0] if removal.rules else "unknown", []).append(removal)
    counts = [
        _RuleCount(
            rule,
            len(some),
            sum(words(one.text) for one in some),
            ", ".join(
                dict.fromkeys(f"lift to {one.field}" if one.action == "lift" else "remove" for one in some)
            ),
            some[0].why,
        )
        for rule, some in by_rule.items()
    ]
    return sorted(counts, key=lambda count: (-count.times, count.rule))


def link(path: str) -> str:
    """A path as a link's address; a web address stays as it is."""
    return path if urlsplit(path).scheme in ("http", "https") else quote(path)


def page(template: str, **values: Any) -> str:
    """A page of reports, with their style sheet and policy."""
    style, policy = _style()
    return _templates().get_template(template).render(style=style, policy=policy, **values)


@lru_cache(maxsize=1)
def _style() -> tuple[Markup, str]:
    """The style sheet and the policy that allows it, by its hash, and nothing else."""
    css = files(__package__).joinpath("report.css").read_text("utf-8")
    digest = b64encode(sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return Markup(css), policy  # noqa: S704 – our own file


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("cleaners", "write"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
