"""Train the page model, and measure it on publishers it has not seen.

python -m tests.bench.page_model            five-fold by publisher
python -m tests.bench.page_model --write    train on all and write cleaners/read/page_model.tsv

The pages are those of both extraction benchmarks and of the line benchmark. A leaf is the story's when the checked text has it; what cannot
be told has no label. Every page counts by the square root of its leaves.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from cleaners.read.page import page_as_seen
from cleaners.read.page_model import (
    COLUMNS,
    COMPANY_COLUMNS,
    SINGLE,
    TELLING,
    PageWeights,
    Seen,
    column_names,
    final_leads,
    first_leads,
    read_weights,
    see_company,
)
from cleaners.read.plain import key
from tests.bench.line_model import FOLDS, fold_of
from tests.bench.page_lines import GONE, KEEP, Truth, publisher_of
from tests.bench.sets import EXTRACTION_SETS, LINE_SETS, Record, half, read_jsonl

WEIGHTS = Path("cleaners/read/page_model.tsv")
LEAST_PUBLISHERS = 8
STRENGTH = 0.02
LEAST_WEIGHT = 4


@dataclass(frozen=True, slots=True)
class Example:
    """A page as the model sees it, and of each leaf whether it is the story's: 1, 0, or -1 where it cannot be told."""

    publisher: str
    seen: Seen
    labels: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        return np.full((self.labels >= 0).sum(), len(self.labels) ** -0.5)


@cache
def all_pages() -> tuple[Example, ...]:
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), get_context("forkserver")) as pool:
        return tuple(
            each for each in pool.map(_example, *zip(*_labelled(), strict=True), chunksize=8) if each
        )


def _labelled() -> Iterator[tuple[Record, Record]]:
    """Pages, each with the record that knows its truth."""
    for each in EXTRACTION_SETS:
        truth = {record["id"]: record for record in read_jsonl(each.folder / "truth.jsonl")}
        for page in each.records():
            yield page, truth[page["id"]]
    for each in LINE_SETS:
        if each.pages:
            gold = {record["id"]: record for record in each.labelled()}
            for page in each.records():
                yield page, gold[page["id"]]


def _example(page: Record, truth: Record) -> Example | None:
    seen = page_as_seen(page["html"], page["url"])
    if seen is None:
        return None
    texts, own, features = seen
    told = _labels(texts, truth)
    labels = np.array([-1 if label is None else label for label in told], dtype=np.int8)
    labels[_said_already(texts, own, truth)] = 0
    return Example(
        page.get("publisher") or publisher_of(page),
        replace(features, columns=features.columns.astype(np.int32)),
        labels,
    )


def _said_already(texts: Sequence[str], own: Set[int], truth: Record) -> list[int]:
    """Leaves that trafilatura has not, and whose words it has as often as the truth: a pull quote, a headline that comes again."""
    said = key(" ".join(texts[at] for at in sorted(own)))
    checked = key(" ".join(_kept(truth)))
    keys = [key(text) for text in texts]
    return [
        at
        for at, told in enumerate(keys)
        if at not in own and len(told) >= TELLING and said.count(told) >= max(checked.count(told), 1)
    ]


def _kept(truth: Record) -> list[str]:
    if "lines" not in truth:
        return [truth["text"]]
    return [
        line for line, label in zip(truth["lines"], truth["labels"], strict=True) if label.startswith(KEEP)
    ]


def _labels(texts: Sequence[str], truth: Record) -> list[bool | None]:
    if "lines" not in truth:
        checked = Truth(truth["text"])
        return [{KEEP: True, GONE: False}.get(checked.label(text)) for text in texts]
    checked = Truth("\n".join(_kept(truth)))
    doubtful = Truth(
        "\n".join(
            line for line, label in zip(truth["lines"], truth["labels"], strict=True) if label == "keep~"
        )
    ).lines
    other = Truth(
        "\n".join(
            line
            for line, label in zip(truth["lines"], truth["labels"], strict=True)
            if not label.startswith(KEEP)
        )
    ).lines
    labels: list[bool | None] = []
    for text in texts:
        key = next(iter(Truth(text).lines), "")
        told = {KEEP: True, GONE: False}.get(checked.label(text))
        labels.append(
            None if key in doubtful else False if key in other and key not in checked.lines else told
        )
    return labels


def train(pages: Sequence[Example]) -> PageWeights:
    """Weights from pages; the same pages in the same order give the same weights.

    The second pass learns from leads as strangers get them: each half of the publishers has those of a model that saw the other half.
    """
    halves = [[page for page in pages if half(page.publisher) == letter] for letter in "AB"]
    unseen = [_first_pass(other) for other in halves[::-1]]
    led = [
        (page, first_leads(page.seen, weights))
        for told, weights in zip(halves, unseen, strict=True)
        for page in told
    ]
    return _second_pass(_first_pass(pages), led)


def _first_pass(pages: Sequence[Example]) -> PageWeights:
    users = defaultdict(set)
    for page in pages:
        for words in page.seen.words:
            for word in chain(*words):
                users[word].add(page.publisher)
    known = sorted(word for word, who in users.items() if len(who) >= LEAST_PUBLISHERS)
    columns = {word: COLUMNS + at for at, word in enumerate(known)}
    rows = [
        np.concatenate([numbers, [columns[word] for word in sorted(chain(*words)) if word in columns]])
        for page in pages
        for numbers, words, label in zip(page.seen.columns, page.seen.words, page.labels, strict=True)
        if label >= 0
    ]
    ends = np.cumsum([0, *(len(row) for row in rows)])
    ones = np.ones(ends[-1], dtype=np.float32)
    matrix = csr_matrix(
        (ones, np.concatenate(rows).astype(np.int32), ends), shape=(len(rows), COLUMNS + len(known))
    )
    model = _fit(matrix, pages)
    found = np.rint(100 * model.coef_[0]).astype(np.int64)
    words = {word: int(found[at]) for word, at in columns.items() if abs(found[at]) >= LEAST_WEIGHT}
    return PageWeights(
        found[:COLUMNS],
        words,
        int(np.rint(100 * model.intercept_[0])),
        np.zeros(COMPANY_COLUMNS, dtype=np.int64),
    )


def _second_pass(first: PageWeights, led: Sequence[tuple[Example, np.ndarray]]) -> PageWeights:
    told = [page.labels >= 0 for page, _ in led]
    company = np.concatenate(
        [see_company(leads, page.seen)[known] for (page, leads), known in zip(led, told, strict=True)]
    )
    own = np.concatenate([leads[known] for (_, leads), known in zip(led, told, strict=True)])
    ends = np.arange(0, company.size + 1, company.shape[1])
    ones = np.ones(company.size, dtype=np.float32)
    matrix = hstack(
        [
            csr_matrix((ones, company.ravel(), ends), shape=(len(company), COMPANY_COLUMNS)),
            csr_matrix(own[:, None] / 100),
        ]
    ).tocsr()
    model = _fit(matrix, [page for page, _ in led])
    found = np.rint(100 * model.coef_[0]).astype(np.int64)
    return replace(
        first,
        company=found[:-1],
        share=int(found[-1]),
        company_always=int(np.rint(100 * model.intercept_[0])),
    )


def _fit(matrix: Any, pages: Sequence[Example]) -> Any:
    labels = np.concatenate([page.labels[page.labels >= 0] for page in pages])
    counts = np.concatenate([page.counts for page in pages])
    return LogisticRegression(C=STRENGTH, max_iter=200).fit(
        matrix, labels, sample_weight=counts / counts.mean()
    )


@cache
def unseen_page_weights() -> tuple[PageWeights, ...]:
    """For each fold the weights of a model that has not seen that fold's publishers."""
    return tuple(
        train([page for page in all_pages() if fold_of(page.publisher) != fold]) for fold in range(FOLDS)
    )


def weights_text(weights: PageWeights) -> str:
    """As the file has them: what every leaf has, the numbers in their order, then the words, the strongest first."""
    single = (weights.always, weights.share, weights.company_always)
    lines = ["feature\tweight", *(f"{name}\t{value}" for name, value in zip(SINGLE, single, strict=True))]
    numbers = (*weights.numbers, *weights.company)
    lines += [f"{name}\t{value}" for name, value in zip(column_names(), numbers, strict=True) if value]
    lines += [
        f"{word}\t{value}"
        for word, value in sorted(weights.words.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    ]
    return "\n".join(lines) + "\n"


def curve(leads: np.ndarray, own: np.ndarray, truth: np.ndarray) -> str:
    """How many of the story's leaves are added at how many of others, and how many others are cut at how many of the story's."""
    lines = []
    for title, which, sign, marks in (
        ("added", ~own, 1, (100, 300, 600, 1000, 2000)),
        ("cut", own, -1, (20, 50, 100, 200, 400)),
    ):
        order = np.argsort(-sign * leads[which], kind="stable")
        right = (truth[which][order] == 1) == (sign == 1)
        wrong = np.cumsum(~right)
        told = []
        for mark in marks:
            at = int(np.searchsorted(wrong, mark))
            told.append(f"{right[:at].sum()} at {mark} (lead {leads[which][order][at]})")
        lines.append(f"{title}: " + ", ".join(told))
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--write", action="store_true", help=f"write {WEIGHTS}")
    if options.parse_args().write:
        weights = train(all_pages())
        text = weights_text(weights)
        assert weights_text(read_weights(text)) == text
        WEIGHTS.write_text(text, encoding="utf-8")
        print(f"{WEIGHTS}: {text.count(chr(10)) - 1} features")
        return
    weights = unseen_page_weights()
    scored = [(page, final_leads(page.seen, weights[fold_of(page.publisher)])) for page in all_pages()]
    known = [page.labels >= 0 for page, _ in scored]
    leads = np.concatenate([leads[told] for (_, leads), told in zip(scored, known, strict=True)])
    own = np.concatenate([page.seen.own[told] for (page, _), told in zip(scored, known, strict=True)])
    truth = np.concatenate([page.labels[told] for (page, _), told in zip(scored, known, strict=True)])
    print(curve(leads, own, truth))


if __name__ == "__main__":
    main()
