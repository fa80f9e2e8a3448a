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
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from cleaners.read.page import page_as_seen
from cleaners.read.page_model import COLUMNS, PageWeights, column_names, read_weights
from tests.bench.line_model import FOLDS, fold_of
from tests.bench.page_lines import GONE, KEEP, Truth, publisher_of
from tests.bench.sets import EXTRACTION_SETS, LINE_SETS, Record, read_jsonl

WEIGHTS = Path("cleaners/read/page_model.tsv")
LEAST_PUBLISHERS = 8
STRENGTH = 0.02
LEAST_WEIGHT = 4


@dataclass(frozen=True, slots=True)
class Example:
    """A page: the columns and words of each leaf that has a label, and whether it is the story's."""

    publisher: str
    columns: np.ndarray
    words: list[tuple[str, ...]]
    labels: np.ndarray
    own: np.ndarray
    leaves: int


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
    known = [at for at, label in enumerate(told) if label is not None]
    return Example(
        page.get("publisher") or publisher_of(page),
        features.columns[known].astype(np.int32),
        [tuple(sorted(features.words[at])) for at in known],
        np.array([told[at] for at in known], dtype=np.int8),
        np.array([at in own for at in known]),
        len(texts),
    )


def _labels(texts: Sequence[str], truth: Record) -> list[bool | None]:
    if "lines" not in truth:
        checked = Truth(truth["text"])
        return [{KEEP: True, GONE: False}.get(checked.label(text)) for text in texts]
    kept = [
        line for line, label in zip(truth["lines"], truth["labels"], strict=True) if label.startswith(KEEP)
    ]
    checked = Truth("\n".join(kept))
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
    """Weights from pages; the same pages in the same order give the same weights."""
    users = defaultdict(set)
    for page in pages:
        for words in page.words:
            for word in words:
                users[word].add(page.publisher)
    columns = {
        word: COLUMNS + at
        for at, word in enumerate(sorted(word for word, who in users.items() if len(who) >= LEAST_PUBLISHERS))
    }
    rows = [
        np.concatenate([numbers, [columns[word] for word in words if word in columns]])
        for page in pages
        for numbers, words in zip(page.columns, page.words, strict=True)
    ]
    ends = np.cumsum([0, *(len(row) for row in rows)])
    matrix = csr_matrix(
        (np.ones(ends[-1], dtype=np.float32), np.concatenate(rows).astype(np.int32), ends),
        shape=(len(rows), COLUMNS + len(columns)),
    )
    weights = np.concatenate([np.full(len(page.labels), page.leaves**-0.5) for page in pages])
    model = LogisticRegression(C=STRENGTH, max_iter=200)
    model.fit(matrix, np.concatenate([page.labels for page in pages]), sample_weight=weights / weights.mean())
    found = np.rint(100 * model.coef_[0]).astype(int)
    words = {word: int(found[at]) for word, at in columns.items() if abs(found[at]) >= LEAST_WEIGHT}
    return PageWeights(found[:COLUMNS].astype(np.int64), words, int(np.rint(100 * model.intercept_[0])))


@cache
def unseen_page_weights() -> tuple[PageWeights, ...]:
    """For each fold the weights of a model that has not seen that fold's publishers."""
    return tuple(
        train([page for page in all_pages() if fold_of(page.publisher) != fold]) for fold in range(FOLDS)
    )


def weights_text(weights: PageWeights) -> str:
    """As the file has them: the bias, the numbers in their order, then the words, the strongest first."""
    lines = ["feature\tweight", f"always\t{weights.always}"]
    lines += [
        f"{name}\t{value}" for name, value in zip(column_names(), weights.numbers, strict=True) if value
    ]
    lines += [
        f"{word}\t{value}"
        for word, value in sorted(weights.words.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    ]
    return "\n".join(lines) + "\n"


def curve(scored: Sequence[tuple[Example, np.ndarray]]) -> str:
    """How many of the story's leaves are added at how many of others, and how many others are cut at how many of the story's."""
    own = np.concatenate([page.own for page, _ in scored])
    truth = np.concatenate([page.labels for page, _ in scored])
    lead = np.concatenate([leads for _, leads in scored])
    lines = []
    for title, which, sign, marks in (
        ("added", ~own, 1, (100, 300, 600, 1000, 2000)),
        ("cut", own, -1, (20, 50, 100, 200, 400)),
    ):
        order = np.argsort(-sign * lead[which], kind="stable")
        right = truth[which][order] == (sign == 1)
        wrong = np.cumsum(~right)
        at = [int(np.searchsorted(wrong, mark)) for mark in marks]
        lines.append(
            f"{title} (right at wrong, from lead): "
            + ", ".join(
                f"{np.cumsum(right)[place]} at {mark} ({sorted(-sign * lead[which])[place] * -sign})"
                for place, mark in zip(at, marks, strict=True)
            )
        )
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
    scored = []
    for page in all_pages():
        weights = unseen_page_weights()[fold_of(page.publisher)]
        words = np.array([sum(weights.words.get(word, 0) for word in words) for words in page.words])
        scored.append((page, weights.numbers[page.columns].sum(axis=1) + words + weights.always))
    print(curve(scored))


if __name__ == "__main__":
    main()
