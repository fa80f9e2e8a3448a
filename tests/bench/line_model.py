"""Train the line model, and measure it on publishers it has not seen.

python -m tests.bench.line_model            five-fold by publisher: what strangers will see
python -m tests.bench.line_model --write    train on all and write cleaners/kinds/line_model.tsv

Each story is shown as it meets the model at work: raw, after extraction, both again when the other cleaners have cut what they
know, and as clean copy, where all stays. And it is shown with every third line forgotten by the rules (``Forgetful``): most rules were written
with these publishers before one's eyes, and of a stranger's page they know less. The pages of the extraction benchmarks (``page_lines.py``) tell of many more publishers which lines
go, though not as what; a model of the stories alone guesses that. The weights are the mean of that model's and of one that is trained on
stories and pages: each errs on lines of its own, and their mean on few.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from cleaners.clean import second_look
from cleaners.kinds.line_features import open_lines
from cleaners.kinds.line_model import ALWAYS, FIELDS, LineModel, Weights, judge_line, settled
from cleaners.kinds.registry import Context
from cleaners.model import Mark, Story
from cleaners.pipeline import Pipeline, load_pipeline
from cleaners.rules import Hit, Ruleset
from flows.settings import load_settings
from flows.sources.records import raw_from_record
from tests.bench.cleaning import Done, clean_one
from tests.bench.page_lines import GONE, page_stories, publisher_of
from tests.bench.scoring import line_scores, row
from tests.bench.sets import LINE_SETS, Record

KEEP = "keep"
LABELS = ("remove", *FIELDS)
TRAINED_ON = [each for each in LINE_SETS if each.name in ("stories", "extracted")]
FOLDS = 5
LEAST_PUBLISHERS = 3
"""A feature counts when it was seen at so many publishers,"""
LEAST_OF_PAGES = 6
"""or, with the pages' many more, at so many."""
STRENGTH = 0.05
KEEP_COUNTS = 10.0
"""A lost line is worse than one that is left: it counts so many times in training."""
PAGES_COUNT = 0.3
"""A page's line counts for less: a truth's text says what goes, and nobody read it line by line."""
LEAST_WEIGHT = 3
FORGOTTEN = 0.35
"""Share of a story's lines of which the rules know nothing in a forgetful view."""
FORGETFUL_VIEWS = ("forgetful-1", "forgetful-2")
_NEVER_FORGOTTEN = ("name", "dateline", "published", "dated", "signed")
"""Kinds that a line's shape gives away, whatever the words: a year in a line that is no date speaks for the story."""
WEIGHTS = Path("cleaners/kinds/line_model.tsv")


@dataclass(frozen=True, slots=True)
class Example:
    """An open line of one story in one view: where it stands there, its label and its features."""

    story: str
    view: str
    index: int
    publisher: str
    zone: str
    label: str
    features: tuple[str, ...]


def fold_of(publisher: str) -> int:
    return int(hashlib.md5(publisher.encode(), usedforsecurity=False).hexdigest(), 16) % FOLDS


def label_of(label: str) -> str | None:
    """The model's label for a line of the benchmark; None where both ways are right."""
    return None if label == "keep~" else LABELS[0] if label.startswith("remove") else label


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model is trained on: lines of labelled stories, and of pages, of which those that go are labelled as gone."""

    stories: list[Example]
    pages: list[Example]

    def without(self, fold: int) -> Seen:
        return Seen(
            *(
                [each for each in lines if fold_of(each.publisher) != fold]
                for lines in (self.stories, self.pages)
            )
        )


class Forgetful:
    """A ruleset that knows nothing of some of a story's lines, but what protects them: which ones, their text and ``salt`` say."""

    def __init__(self, ruleset: Ruleset, salt: str) -> None:
        self._ruleset, self._salt = ruleset, salt

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ruleset, name)

    def hits(self, line: str) -> tuple[Hit, ...]:
        return self._left(line, self._ruleset.hits(line))

    def hits_of(self, lines: Sequence[str]) -> list[tuple[Hit, ...]]:
        return [
            self._left(line, hits) for line, hits in zip(lines, self._ruleset.hits_of(lines), strict=True)
        ]

    def _left(self, line: str, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        number = hashlib.md5((self._salt + line).encode(), usedforsecurity=False).digest()[0]
        if number >= 256 * FORGOTTEN:
            return hits
        return tuple(hit for hit in hits if hit.rule.action == "protect" or hit.rule.kind in _NEVER_FORGOTTEN)


def all_seen(pipeline: Pipeline) -> Seen:
    stories = [record for each in TRAINED_ON for record in each.labelled()]
    pages = page_stories(known=frozenset(record["url"] for record in stories))
    return Seen(list(examples(pipeline, stories)), list(examples_of_pages(pipeline, pages)))


def examples_of_pages(pipeline: Pipeline, records: Iterable[Record]) -> Iterator[Example]:
    """All open lines of pages, with some lines forgotten."""
    for record in records:
        yield from _seen(pipeline, record, range(len(record["lines"])), FORGETFUL_VIEWS[0])


def examples(pipeline: Pipeline, records: Iterable[Record]) -> Iterator[Example]:
    """All open lines of labelled stories, in all views."""
    for record in records:
        everything = range(len(record["lines"]))
        gone = yield from _seen(pipeline, record, everything, "whole")
        for view in FORGETFUL_VIEWS:
            yield from _seen(pipeline, record, everything, view)
        if gone:
            yield from _seen(pipeline, record, [at for at in everything if at not in gone], "cut")
        clean = [at for at in everything if record["labels"][at].startswith(KEEP)]
        if clean:
            yield from _seen(pipeline, record, clean, "clean")


def _seen(
    pipeline: Pipeline, record: Record, shown: Sequence[int], view: str
) -> Generator[Example, None, set[int]]:
    """The open lines of a story of which only the lines ``shown`` are there; gives back the ones that other cleaners take."""
    story = pipeline.read(raw_from_record({**record, "lines": [record["lines"][at] for at in shown]}))
    ruleset: Any = pipeline.rulebook.ruleset(story.publisher, story.language, story.url)
    if view in FORGETFUL_VIEWS:
        ruleset = Forgetful(ruleset, view + record["id"])
    context = second_look(story, ruleset, pipeline.cleaners)
    line = {block.number: shown[block.line or 0] for block in story.blocks}
    for each in open_lines(context):
        label = label_of(record["labels"][line[each.block.number]])
        if label:
            zone = context.zones[each.block.number]
            publisher = record.get("publisher") or record["id"]
            yield Example(record["id"], view, line[each.block.number], publisher, zone, label, each.features)
    return {line[number] for number in context.found}


def train(seen: Seen) -> Weights:
    """Weights from examples; the same examples in the same order give the same weights."""
    own = _fit(seen.stories, LEAST_PUBLISHERS)
    pages = [replace(each, label=_goes_as(each, own)) if each.label == GONE else each for each in seen.pages]
    both = _fit([*seen.stories, *pages], LEAST_OF_PAGES, of_pages=len(pages))
    none = (0,) * len(own.labels)
    names = sorted(own.of.keys() | both.of.keys())
    pairs = {name: zip(own.of.get(name, none), both.of.get(name, none), strict=True) for name in names}
    mean = {name: tuple((one + other) // 2 for one, other in numbers) for name, numbers in pairs.items()}
    return Weights(
        own.labels,
        {name: numbers for name, numbers in mean.items() if max(map(abs, numbers)) >= LEAST_WEIGHT},
    )


def _goes_as(example: Example, weights: Weights) -> str:
    """A line that goes is removed or lifted, as the weights have it that know what lines go as."""
    return judge_line(example.features, weights).label


def _fit(seen: Sequence[Example], least: int, of_pages: int = 0) -> Weights:
    """A model of these lines, of which the last ``of_pages`` are those of pages."""
    publishers = defaultdict(set)
    for example in seen:
        for name in example.features:
            publishers[name].add(example.publisher)
    names = sorted(name for name, where in publishers.items() if len(where) >= least)
    columns = {name: at for at, name in enumerate(names)}
    rows = [[columns[name] for name in example.features if name in columns] for example in seen]
    ends = np.cumsum([0, *(len(row) for row in rows)])
    matrix = csr_matrix(
        (np.ones(ends[-1]), np.concatenate(rows).astype(int), ends), shape=(len(rows), len(names))
    )
    model = LogisticRegression(
        C=STRENGTH,
        max_iter=1000,
        class_weight={label: KEEP_COUNTS if label == KEEP else 1.0 for label in (KEEP, *LABELS)},
    )
    counts = np.ones(len(seen))
    counts[len(seen) - of_pages :] = PAGES_COUNT
    model.fit(matrix, [example.label for example in seen], counts)
    number = {label: at for at, label in enumerate(model.classes_)}
    order = [number[label] for label in LABELS]
    coefficients = np.column_stack([model.coef_, model.intercept_])
    leads = np.rint(100 * (coefficients[order] - coefficients[number[KEEP]])).astype(int)
    of = {
        name: tuple(map(int, leads[:, column]))
        for name, column in {ALWAYS: len(names), **columns}.items()
        if np.abs(leads[:, column]).max() >= LEAST_WEIGHT
    }
    return Weights(LABELS, of)


@cache
def unseen(config: Path) -> tuple[Pipeline, ...]:
    """For each fold the pipeline with a line model that was trained without that fold's publishers."""
    pipeline = load_pipeline(config)
    seen = all_seen(pipeline)
    return tuple(_with_weights(pipeline, train(seen.without(fold))) for fold in range(FOLDS))


def five_fold(config: Path, records: Sequence[Record]) -> list[Done]:
    """Stories or pages cleaned, each by a pipeline whose line model has not seen its publisher."""
    from tests.bench.page_model import unseen_page_weights

    folds = unseen(config)
    if any("html" in record for record in records):
        pages = unseen_page_weights()
        folds = tuple(replace(one, page_weights=pages[fold]) for fold, one in enumerate(folds))
    return [
        clean_one(folds[fold_of(record.get("publisher") or publisher_of(record))], record)
        for record in records
    ]


def _with_weights(pipeline: Pipeline, weights: Weights) -> Pipeline:
    model = partial(_with, weights)
    cleaners = tuple(
        (replace(kind, mark=model) if kind.name == "line_model" else kind, settings)
        for kind, settings in pipeline.cleaners
    )
    return replace(pipeline, cleaners=cleaners)


def _with(weights: Weights, story: Story, context: Context, settings: LineModel) -> Iterator[Mark]:
    return settled(context, settings, weights)


def weights_text(weights: Weights) -> str:
    """As the file has them: the strongest features first."""
    rows = sorted(weights.of.items(), key=lambda row: (-max(map(abs, row[1])), row[0]))
    lines = [
        "\t".join(("feature", *weights.labels)),
        *("\t".join((name, *map(str, numbers))) for name, numbers in rows),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--write", action="store_true", help=f"write {WEIGHTS}")
    write_it = options.parse_args().write
    config = load_settings().config_dir
    if write_it:
        pipeline = load_pipeline(config)
        weights = train(all_seen(pipeline))
        WEIGHTS.write_text(weights_text(weights), encoding="utf-8")
        print(f"{WEIGHTS}: {len(weights.of)} features")
        return
    with TemporaryDirectory() as work:
        for each in TRAINED_ON:
            told = [one.decisions for one in five_fold(config, each.records())]
            figures = row(line_scores(each.labelled(), told, Path(work)))
            print(
                f"{each.title}, five-fold: {figures.recall:.1%} removed, {figures.lost} lost, {figures.exact} exact"
            )


if __name__ == "__main__":
    main()
