"""Many stories on the command line: real processes, in order, and a story that ends its process takes nothing along."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_newsroom import STORY, Run, records

from cleaners.model import Raw
from flows.cli.inputs import Arrival
from flows.cli.many import clean_many, make_clean


def make_hostile(config_dir: Path) -> Callable[[Raw, str | None], Any]:
    """The real cleaning, but for stories that name what they do."""
    clean = make_clean(config_dir)

    def one(raw: Raw, problem: str | None) -> Any:
        if problem is None and raw.content == "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        if problem is None and str(raw.content).startswith("hang"):
            time.sleep(3600)
        return clean(raw, problem)

    return one


@pytest.mark.parametrize("window", [1, 100])
def test_stories_come_back_in_order_and_the_bad_ones_held(
    small_config: Path, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr("flows.cli.many.make_clean", make_hostile)
    texts = [STORY, "segfault", " ", STORY, "hang", STORY]
    arrivals = [Arrival(f"place {n}", Raw(f"{n}", "text", text), None, 1) for n, text in enumerate(texts)]
    arrivals.insert(2, Arrival("broken", None, "not JSON", 1))
    tried = list(clean_many(small_config, 2, 10, arrivals, window))
    assert [one.arrival.place for one in tried] == [one.place for one in arrivals]
    said = [one.problem or (one.cleaned and one.cleaned.verdict) for one in tried]
    assert said[2:4] == [
        "not JSON",
        "story 2: there is no text in it; send the story's text, or leave it out",
    ]
    assert [said[0], said[4], said[6]] == ["publish"] * 3
    reasons = [tried[at].cleaned.reasons[0] for at in (1, 5)]  # type: ignore[union-attr]
    assert reasons == [
        "the reader died of it (SIGSEGV); clean it by hand",
        "it took more than 10 seconds; clean it by hand",
    ]


def test_a_large_story_alone_has_a_limit_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.cli.many.make_clean", make_hostile)
    monkeypatch.setenv("CLEANCOPY_STORY_SECONDS", "5")
    Path("large.txt").write_text("hang" + "The pier is open. " * 30_000)
    (record,) = records(run("clean", "--to", "jsonl", "large.txt"))
    assert record["verdict"] == "hold"
    assert record["reasons"][0].startswith("it took more than 5 seconds")


def test_the_command_cleans_many_files_as_it_cleans_each(run: Run) -> None:
    for name in "abc":
        Path(f"{name}.txt").write_text(f"{STORY}The pier of {name} is open.\n")
    alone = [records(run("clean", "--to", "jsonl", f"{name}.txt"))[0] for name in "abc"]
    together = run("clean", "--to", "jsonl", "a.txt", "b.txt", "c.txt")
    assert together.exit_code == 0
    assert records(together) == alone
