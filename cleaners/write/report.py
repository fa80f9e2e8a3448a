"""Reports that people read: one story before and after, and one run. Self-contained pages.

A report never loads anything: a picture of the story is told as text, for a picture that loads tells its host who reads
the report. Templates escape by default; a Content-Security-Policy forbids everything but the page's own style sheet and
script, each known by its hash. All can be read without the script, which filters, sorts and walks.
"""

from __future__ import annotations

import shlex
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Literal, NamedTuple, TypeAlias
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cleaners.judge import words
from cleaners.model import Cleaned
from cleaners.write.changes import Effect, Line, changes
from cleaners.write.html import web_address

Outcome = Literal["failed", "kill", "hold", "embargo", "publish"]
"""A verdict, or ``failed``; or ``embargo``: nothing else holds it, and the newsroom's ledger publishes it when that is over."""
_ORDER: tuple[Outcome, ...] = ("hold", "failed", "kill", "embargo", "publish")
MOST_ROWS = 2_000
"""Stories that a run report lists one by one; it stays readable and below a few megabytes."""
MOST_PLACES = 20
"""Places of a rule in a story that its summary links to."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One story of a run. ``removals`` counts by rule, the most frequent first; ``report_path`` is relative to the run's report.

    ``suspects`` are lines that could not be told and were kept. ``source`` is where the story came from; with it the
    report says how a held or failed story goes on, so it is None where the ledger does not know the story.
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
    source: str | None = None


class _Place(NamedTuple):
    """A line of the report: the block that it stands for, and the number that people see."""

    block: int
    label: int


class _Rule(NamedTuple):
    name: str
    times: int
    places: tuple[_Place, ...]


class _Fate(NamedTuple):
    """All that was removed, or lifted, protected, suspected: how often, and each rule that asked for it."""

    effect: Effect
    times: int
    rules: tuple[_Rule, ...]


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


_Row: TypeAlias = tuple[Line, list[tuple[_Note, bool]]]
"""A line with its notes; False: the line above gives the same reason. Twenty share buttons in a row say theirs once."""


def story_report(cleaned: Cleaned, run: str | None = None) -> str:
    """A page that shows one story before and after: what was removed, lifted, protected and suspected, by which rule and why.

    ``run`` is the address of the run's report, as seen from this page.
    """
    story = cleaned.source
    lines = changes(cleaned)
    rows = _rows(lines)
    labels = {line.block.number: line.index + 1 for line in lines}
    return page(
        "story_report.html.j2",
        cleaned=cleaned,
        story=story,
        run=run,
        fields=cleaned.copy.fields,
        sources=dict(cleaned.copy.fields.sources),
        lifted=_lifted(cleaned, labels),
        labels=labels,
        address=web_address(story.url, None),
        zones=_zones(rows),
        fates=_fates(rows),
        most_places=MOST_PLACES,
        words_before=sum(words(block.text) for block in story.blocks),
        words_after=sum(words(block.text) for block in cleaned.copy.blocks),
        spelled=spelled,
    )


def run_row(
    record: Mapping[str, Any],
    seconds: float,
    report_path: str | None = None,
    error: str | None = None,
    source: str | None = None,
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
        source=source,
    )


def run_report(
    rows: Iterable[RunRow],
    title: str = "cleancopy run",
    when: str | None = None,
    note: str | None = None,
    most_rows: int = MOST_ROWS,
) -> str:
    """A page that shows one run: totals, the stories (held, failed and killed ones first), removals by rule.

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
    rank = {rule: number for number, (rule, _) in enumerate(ranked)}
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
        ranks=lambda row: " ".join(str(rank[rule]) for rule, _ in row.removals),
        most=ranked[0][1] if ranked else 1,
        review=_review,
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


_EFFECTS: tuple[Effect, ...] = ("removed", "lifted", "protected", "suspect")
_ZONES = {"head": "Above the story", "body": "The story", "tail": "Below the story"}


def _rows(lines: Sequence[Line]) -> list[_Row]:
    rows: list[_Row] = []
    above: tuple[object, ...] = ()
    for line in lines:
        notes = _notes(line)
        rows.append((line, [(note, note.reason not in above) for note in notes]))
        above = tuple(note.reason for note in notes)
    return rows


def _zones(rows: Sequence[_Row]) -> list[tuple[str, list[_Row]]]:
    zones: list[tuple[str, list[_Row]]] = []
    for row in rows:
        name = _ZONES[row[0].block.zone]
        if not zones or zones[-1][0] != name:
            zones.append((name, []))
        zones[-1][1].append(row)
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


def _fates(rows: Sequence[_Row]) -> list[_Fate]:
    """Every rule under each effect that it had, the most frequent first."""
    times: dict[Effect, Counter[str]] = {effect: Counter() for effect in _EFFECTS}
    places: dict[tuple[Effect, str], list[_Place]] = {}
    total = Counter[Effect]()
    for line, notes in rows:
        for note, _ in notes:
            often = len(note.numbers) or 1
            total[note.effect] += often
            for rule in note.rules:
                times[note.effect][rule] += often
                places.setdefault((note.effect, rule), []).append(_Place(line.block.number, line.index + 1))
    return [
        _Fate(
            effect,
            total[effect],
            tuple(
                _Rule(rule, often, tuple(dict.fromkeys(places[effect, rule])))
                for rule, often in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
            ),
        )
        for effect, counts in times.items()
    ]


def _lifted(cleaned: Cleaned, labels: Mapping[int, int]) -> dict[tuple[str | None, str | None], _Place]:
    """Where each field was lifted from. Captions and credits are told by their words, too: there may be several.

    Example: the credit "Ana Duarte" was lifted from the end of a caption, "(Ana Duarte)".
    """
    lifts = [removal for removal in cleaned.removals if removal.action == "lift"]
    places: dict[tuple[str | None, str | None], _Place] = {}
    for lift in lifts:
        places.setdefault((lift.field, None), _Place(lift.block, labels[lift.block]))
    for picture in cleaned.copy.fields.pictures[:50]:  # a gallery of thousands must not take time squared
        for field, value in (("caption", picture.caption), ("credit", picture.credit)):
            for lift in lifts:
                if value and lift.field == field and value in lift.text:
                    places.setdefault((field, value), _Place(lift.block, labels[lift.block]))
    return places


def _review(row: RunRow) -> str:
    """The command that decides on a held story.

    An id comes from a feed, and the command is pasted into a shell: it is quoted. One with characters that cannot be seen is not
    spelled out at all.

    >>> _review(RunRow("42; rm -rf ~", None, None, "hold", (), 0, 0, 0, (), 0.0, source="cms"))
    "cleancopy review 'cms:42; rm -rf ~'"
    """
    story = f"{row.source}:{row.id}"
    return f"cleancopy review {shlex.quote(story)}" if story.isprintable() else "cleancopy review"


def link(path: str) -> str:
    """A path as a link's address; a web address stays as it is."""
    return path if urlsplit(path).scheme in ("http", "https") else quote(path)


def page(template: str, **values: Any) -> str:
    """A page of reports, with their style sheet, script and policy."""
    style, script, policy = _parts()
    return _templates().get_template(template).render(style=style, script=script, policy=policy, **values)


@lru_cache(maxsize=1)
def _parts() -> tuple[Markup, Markup, str]:
    """The style sheet, the script, and the policy that allows these two, by their hashes, and nothing else."""
    css, js = (files(__package__).joinpath(name).read_text("utf-8") for name in ("report.css", "report.js"))
    policy = (
        f"default-src 'none'; style-src {_hash(css)}; script-src {_hash(js)}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return Markup(css), Markup(js), policy  # noqa: S704 – our own files


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("cleaners", "write"),
        autoescape=True,
        auto_reload=False,  # or each page asks the disk whether its templates have changed
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
