"""Kills reach what a destination published at other places, before its path or address was changed.

Where that was the ledger remembers by the receipts. A place that cannot be reached keeps the kill open: the story may be public there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from flows.destinations.publication import PLACES, Answer, Publication, PublishError, Receipt

TakeDown = Callable[[Publication, str], Sequence[str]]
"""Takes a story down at one address of a receipt, if that is not this destination's own place; what has gone there. Raises any error."""


def down_elsewhere(
    publications: Sequence[Publication], answers: Sequence[Answer], take_down: TakeDown
) -> Iterator[Answer]:
    """The answers, where what is removed here is taken down at the other places, too."""
    for one, answer in zip(publications, answers, strict=True):
        if one.act == "unpublish" and isinstance(answer, Receipt) and answer.did == "removed":
            yield _everywhere(one, answer, take_down)
        else:
            yield answer


def _everywhere(one: Publication, receipt: Receipt, take_down: TakeDown) -> Answer:
    gone = dict.fromkeys(receipt.where)
    for where in one.last.get(PLACES, ()):
        try:
            gone |= dict.fromkeys(take_down(one, where))
        except Exception as error:
            return not_reached(where, error)
    return replace(receipt, where=tuple(gone))


def not_reached(where: str, why: object) -> PublishError:
    return PublishError(
        f"the story is down here; but it was published at {where} before this destination was changed, and cannot be taken down there: {why}. "
        "The kill stays open until it can: see that the place can be reached, or write the old path or address back into "
        "destinations.yaml until it is done"
    )
