"""A batch done at once; where it fails, halved and halved again, so that a story that cannot be done fails alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from flows.destinations.publication import Answer, Publication

Together = Callable[[Sequence[Publication]], Sequence[Answer]]
"""Does the acts of stories that are all different, and answers each in its order; an exception is an answer, too.

What it raises stands for all of them: it must be safe to do any of them again.
"""


def in_batches(
    together: Together, publications: Sequence[Publication], *, alike: tuple[type[Exception], ...] = ()
) -> Iterator[Answer]:
    """The answer to each publication, in order.

    ``alike`` are the errors that smaller batches would not be spared, such as a database that does not answer: each
    publication is given them without being tried again.
    """
    for run in _runs(publications):
        yield from _halved(together, run, alike)


def _halved(
    together: Together, run: Sequence[Publication], alike: tuple[type[Exception], ...]
) -> Iterator[Answer]:
    try:
        answers = together(run)
    except Exception as error:
        if len(run) == 1 or isinstance(error, alike):
            answers = [error] * len(run)
        else:
            middle = len(run) // 2
            yield from _halved(together, run[:middle], alike)
            yield from _halved(together, run[middle:], alike)
            return
    yield from answers


def _runs(publications: Sequence[Publication]) -> Iterator[Sequence[Publication]]:
    """Stretches in which no story comes twice: of two editions in one batch the first must be done before the second."""
    begin, stories = 0, set[str]()
    for number, one in enumerate(publications):
        if one.story in stories:
            yield publications[begin:number]
            begin, stories = number, set()
        stories.add(one.story)
    if publications[begin:]:
        yield publications[begin:]
