"""A page that lists the reports of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cleaners.write.report import link, page


class ListedRun(NamedTuple):
    """``path`` leads to the run's report from where the list is; ``when`` is shown as it is."""

    name: str
    path: str
    when: str


def run_list(runs: Sequence[ListedRun], title: str = "Reports", left_out: int = 0) -> str:
    """The page, in the order given. ``left_out`` runs are told and not listed."""
    return page("run_list.html.j2", runs=runs, title=title, left_out=left_out, link=link)
