"""Headline, authors and day of publication as they are read from a page, beside trafilatura's, on the sets' truth.

A value counts where the truth has one (an absent truth is unknown, and says nothing). ``precision`` is right over given,
``recall`` right over known. Right is:

- headline: the same letters and digits, whatever the case, spaces and punctuation; no part of a headline is right;
- authors: the same set of names, whatever their order; degrees, titles and "By" are put aside in truth and answers alike.
  In ``stories`` the truth is lines, "By Ana Holm, harbour reporter": every name given must stand in one of them;
- published: the same day as written, whatever the hour. In ``stories``: one of the days that the date lines name;
- moment: as published, but where a moment is given with its zone, "2026-03-04T00:25:00+00:00", the day that the newsroom's readers were
  shown may be the 3rd: it is right where it was that day anywhere on earth. A bare day has no such room.

Only reading is measured (no cleaner has filled a field from a line): nothing in it is trained.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from multiprocessing import get_context
from typing import Any, NamedTuple

from rich.table import Table

from tests.bench.page_lines import publisher_of
from tests.bench.sets import EXTRACTION_SETS, LINE_SETS, Record, half, read_jsonl

FIELDS = ("headline", "authors", "published", "moment")
SYSTEMS = ("cleancopy", "trafilatura 2.3.1")
SETS = ("wcxb-article-dev", "pages")

_CREDENTIAL = re.compile(
    r"(?:(?-i:[A-Z][A-Za-z]?\.?){1,6}®?|(?-i:[A-Z-]{2,8}®?)(?: \d+)?|ph\.?d\.?|r\.?n\.?|[jm]\.?d\.?)\Z",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"(?:by|dr|prof|mr|mrs|ms)\b\.?\s*", re.IGNORECASE)
_NUMBERS = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{4}")  # 04/03/2026: in March or in April?
_ROLE = re.compile(
    r"(?:expert|specialist|dietitian|educator|contributor|editor|writer|reporter|founder|ceo)\Z",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*[;,&|•·]\s*(?:and\s+)?|\s+(?:and|und|et|y|e)\s+", re.IGNORECASE)


class Answer(NamedTuple):
    """What a system says of one page."""

    headline: str | None
    authors: str | None
    published: str | None

    def of(self, field: str) -> str | None:
        return {"headline": self.headline, "authors": self.authors}.get(field, self.published)


@dataclass(frozen=True)
class Known:
    """What is known of one page: a headline's letters, names or the lines they stand in, days."""

    id: str
    publisher: str
    headlines: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    bylines: str = ""
    days: frozenset[str] = frozenset()


class Score(NamedTuple):
    known: int
    given: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.given if self.given else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.known if self.known else 0.0


class Wrong(NamedTuple):
    """One error, to learn from: on which page, what was said, and what is known."""

    id: str
    system: str
    field: str
    said: str
    known: str


def letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def names(text: str) -> frozenset[str]:
    """The names in a list of authors, by their letters, without degrees and titles.

    >>> sorted(names("By Ana Holm, Ph.D. and Dr. Per Lind; Ida Berg RN"))
    ['anaholm', 'idaberg', 'perlind']
    """
    found = set()
    for part in _BETWEEN.split(text):
        bare = _BEFORE.sub("", part.strip(), count=1)
        words = bare.split()
        while len(words) > 2 and _CREDENTIAL.match(words[-1]):
            words.pop()
        if words and not _CREDENTIAL.match(bare) and not (found and _ROLE.search(bare)):
            found.add(letters(" ".join(words)))
    return frozenset(found - {""})


def right(field: str, said: str, known: Known) -> bool | None:
    """Whether ``said`` is right; None where nothing is known."""
    if field == "headline":
        return letters(said) in known.headlines if known.headlines else None
    if field in ("published", "moment"):
        return not known.days.isdisjoint(_days_of(said, field == "moment")) if known.days else None
    if known.bylines:
        given = names(said)
        return bool(given) and all(name in known.bylines for name in given)
    return names(said) == known.names if known.names else None


def _days_of(said: str, anywhere: bool) -> set[str]:
    """The day of a date; ``anywhere``: the days that a moment with a zone may be on earth."""
    if not anywhere or len(said) <= 10:
        return {said[:10]}
    moment = datetime.fromisoformat(said)
    if moment.tzinfo is None:
        return {said[:10]}
    return {moment.astimezone(timezone(timedelta(hours=hours))).date().isoformat() for hours in (-12, 0, 14)}


def truth(name: str) -> Iterator[Known]:
    if name == "pages":
        yield from _labelled()
        return
    corpus = next(each for each in EXTRACTION_SETS if each.name == name)
    for record in read_jsonl(corpus.folder / "truth.jsonl"):
        yield Known(
            record["id"],
            publisher_of(record),
            (letters(record["title"]),) if record.get("title") else (),
            names(record.get("author") or ""),
            days=frozenset([record["published"][:10]] if record.get("published") else ()),
        )


def _labelled() -> Iterator[Known]:
    for story in _pages().labelled():
        lines: dict[str, list[str]] = {}
        for line, label in zip(story["lines"], story["labels"], strict=True):
            lines.setdefault(label, []).append(line)
        days = {day for line in lines.get("date", ()) for day in _days(line, story.get("lang"))}
        yield Known(
            story["id"],
            story["publisher"],
            tuple(letters(line) for line in lines.get("headline", ())),
            bylines=letters(" ".join(lines.get("byline", ()))),
            days=frozenset(days),
        )


def _days(line: str, language: str | None) -> list[str]:
    """The whole dates that a line names, by dateparser; a line that it cannot read, without a year, or that can be read in two ways, is no truth."""
    from dateparser.search import search_dates

    spoken = {"no": "nb"}.get((language or "en")[:2], (language or "en")[:2])
    wanted = {"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["day", "month", "year"]}
    try:
        found = search_dates(line, languages=[spoken], settings=wanted) or []
    except ValueError:  # a language that dateparser does not know
        return []
    return [
        moment.date().isoformat()
        for said, moment in found
        if str(moment.year) in said and not (_NUMBERS.search(said) and moment.day <= 12)
    ]


def _pages() -> Any:
    return next(each for each in LINE_SETS if each.name == "pages")


def _records(name: str) -> list[Record]:
    return (
        _pages().records()
        if name == "pages"
        else next(each for each in EXTRACTION_SETS if each.name == name).records()
    )


def answers(name: str, jobs: int, systems: Sequence[str] = SYSTEMS) -> dict[str, dict[str, Answer]]:
    """What these systems say of each page of a set, by system and page."""
    with ProcessPoolExecutor(jobs, get_context("forkserver")) as pool:
        told = list(pool.map(partial(_answers, systems), _records(name), chunksize=8))
    return {system: {page: said[system] for page, said in told} for system in systems}


def _answers(systems: Sequence[str], record: Record) -> tuple[str, dict[str, Answer]]:
    return record["id"], {system: _ASKED[system](record) for system in systems}


def _ours(record: Record) -> Answer:
    from cleaners.read import UnreadableStory, read
    from flows.sources.records import raw_from_record

    try:
        fields = read(raw_from_record(record)).fields
    except UnreadableStory:
        return Answer(None, None, None)
    return Answer(fields.headline, "; ".join(fields.authors) or fields.agency, fields.published)


def _theirs(record: Record) -> Answer:
    import trafilatura

    said = trafilatura.extract_metadata(record["html"], default_url=record.get("url"))
    return Answer(said.title, said.author, said.date)


_ASKED = dict(zip(SYSTEMS, (_ours, _theirs), strict=True))


def scores(known: Iterable[Known], said: Mapping[str, Answer]) -> dict[str, Score]:
    """Each field's score for one system's answers."""
    counts = {field: [0, 0, 0] for field in FIELDS}
    for page in known:
        answer = said.get(page.id, Answer(None, None, None))
        for field in FIELDS:
            value = answer.of(field)
            if right(field, "", page) is None:
                continue
            counts[field][0] += 1
            counts[field][1] += bool(value)
            counts[field][2] += bool(value and right(field, value, page))
    return {field: Score(*each) for field, each in counts.items()}


def wrong(known: Iterable[Known], said: Mapping[str, Answer], system: str) -> Iterator[Wrong]:
    """Every known value that was missed or given wrongly."""
    for page in known:
        answer = said.get(page.id, Answer(None, None, None))
        for field in FIELDS:
            value = answer.of(field)
            if right(field, value or "", page) is False:
                truths = {
                    "headline": page.headlines,
                    "authors": page.names or (page.bylines,),
                }
                what = ", ".join(sorted(truths.get(field, page.days)))
                yield Wrong(page.id, system, field, value or "–", what)


def measure(
    name: str, jobs: int, letter: str | None = None, systems: Sequence[str] = SYSTEMS
) -> tuple[dict[str, dict[str, Score]], list[Wrong]]:
    """The systems' scores on a set, whole and by half, and our errors (of half ``letter``)."""
    known = list(truth(name))
    said = answers(name, jobs, systems)
    told: dict[str, dict[str, Score]] = {}
    for system in systems:
        told[system] = scores(known, said[system])
        for each in "AB":
            part = [page for page in known if half(page.publisher) == each]
            told[f"{system}, half {each}"] = scores(part, said[system])
    seen = [page for page in known if letter is None or half(page.publisher) == letter]
    return told, list(wrong(seen, said[SYSTEMS[0]], SYSTEMS[0]))


def table(name: str, told: Mapping[str, Mapping[str, Score]]) -> Table:
    shown = Table(
        title=f"fields of a page ({name}): precision, recall", title_justify="left", title_style="bold"
    )
    shown.add_column("")
    for field in FIELDS:
        shown.add_column(field, justify="right")
    for system, each in told.items():
        cells = [
            f"{score.precision:6.1%} {score.recall:6.1%}  {score.right}/{score.given}/{score.known}"
            for score in each.values()
        ]
        shown.add_row(system, *cells, style="bold" if system == SYSTEMS[0] else None)
    return shown
