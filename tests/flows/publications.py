"""Publications for the tests of destinations, and their answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from newsroom import record_of

from flows.destinations import Answer, Publication, Receipt, open_destination
from flows.settings import Destination


def publication(
    edition: int = 1, act: Any = "publish", story: str = "desk:ferry", **record: Any
) -> Publication:
    whole = record_of(**record)
    return Publication(
        story=story,
        act=act,
        edition=edition,
        revision=edition,
        ledger="ledger-1",
        idempotency_key=f"{story}-{edition}-{act}",
        record=whole,
        rendered={"html": whole["html"], "markdown": whole["text"], "text": whole["text"]},
    )


def poison(story: str) -> Publication:
    """No writer can write it: it has no rendered copy, and a record that is no JSON."""
    whole = publication(story=story)
    return Publication(
        story,
        "publish",
        1,
        1,
        "ledger-1",
        f"{story}-poison",
        {**whole.record, "text": 7, "pictures": {1}},
        {},
    )


def receipts(answers: Iterable[Answer]) -> list[Receipt]:
    """The answers, which must all be receipts; raises the first error."""
    found = []
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
        found.append(answer)
    return found


def publish(destination: Destination, where: Path, *acts: Publication) -> list[Receipt]:
    """Each act in a batch of its own."""
    with open_destination(destination, where) as publisher:
        return [receipt for act in acts for receipt in receipts(publisher([act]))]


def answers(destination: Destination, where: Path, acts: Sequence[Publication]) -> list[Answer]:
    """All acts in one batch."""
    with open_destination(destination, where) as publisher:
        return list(publisher(acts))


def dids(found: Iterable[Answer]) -> list[str]:
    """What was done, or the name of the error.

    >>> dids([Receipt("wrote"), KeyError("html")])
    ['wrote', 'KeyError']
    """
    return [one.did if isinstance(one, Receipt) else type(one).__name__ for one in found]
