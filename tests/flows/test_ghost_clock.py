"""When a post's last save is settled, with and without Ghost's own clock: a proxy may take Date out of its answers, or keep an old one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ghost_newsroom import KEY_ENV, LAST, LEDE, MORE, UNDEFINED, Newsroom, configure, newsroom
from publications import publication
from small_ghost import KEY, SmallGhost, document, paragraph, shown, small_ghost

from flows.destinations import Receipt, cms_ghost, open_destination
from flows.settings import CmsDestination
from flows.tasks.cleaning import WarmPool

NO_CLOCK = "", "not a date", "Tue, 03 Mar 2026 00:00:00 GMT", "Tue, 03 Mar 2026 00:00:00 -0000"
"""None, none that can be read, and an old one that a proxy kept: with two ways to write its zone."""

RAW = paragraph(LEDE), paragraph(UNDEFINED), paragraph(MORE)
CLEAN = RAW[0], RAW[2]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited; it takes a tenth of that here."""
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        time.sleep(seconds / 10)

    monkeypatch.setattr(cms_ghost, "time", SimpleNamespace(time=time.time, sleep=sleep))
    return waited


@pytest.fixture(params=NO_CLOCK)
def ghost(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallGhost]:
    monkeypatch.setenv(KEY_ENV, KEY)
    with small_ghost() as running:
        running.date = request.param
        yield running


@pytest.fixture
def room(ghost: SmallGhost, ghost_pool: WarmPool, tmp_path: Path, config_dir: Path) -> Iterator[Newsroom]:
    with newsroom(tmp_path, configure(tmp_path / "config", config_dir, ghost.url), ghost_pool) as open_room:
        yield open_room


def test_a_story_from_elsewhere_is_published_changed_and_taken_down(
    ghost: SmallGhost, waits: list[float]
) -> None:
    site = CmsDestination(kind="cms", name="site", api="ghost", url=ghost.url, secret_env=KEY_ENV, seconds=3)
    last: dict[str, Any] = {}
    with open_destination(site, Path()) as publisher:
        for edition, act, status in (
            (1, "publish", "published"),
            (2, "publish", "published"),
            (3, "unpublish", "draft"),
        ):
            one = publication(edition, act, headline="The ferry is back", text=f"It sailed {edition} times.")
            [answer] = publisher([replace(one, last=last)])
            assert isinstance(answer, Receipt), answer
            last = answer.as_json()
            assert [post["status"] for post in ghost.posts.values()] == [status]
    # One look more for each write to what is there: the draft, the post, the post.
    assert [round(one, 1) for one in waits] == [cms_ghost.SETTLED] * 3


def test_a_post_is_cleaned_in_place(ghost: SmallGhost, room: Newsroom, waits: list[float]) -> None:
    ghost.save("ferry", *RAW)
    room.hears(ghost.event("ferry"), "evt-1")
    room.work()
    assert room.receipts() == [("publish", "made", "wrote")], room.errors()
    assert ghost.posts["ferry"]["html"] == shown(document(*CLEAN))
    assert len(waits) == 1


def test_who_saves_in_the_same_second_has_the_last_word(
    ghost: SmallGhost, room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    ghost.save("ferry", *RAW)
    room.hears(ghost.event("ferry"), "evt-1")
    theirs: list[str] = []

    def editor_saves(seconds: float) -> None:
        if not theirs:
            at = ghost.posts["ferry"]["updated_at"]
            ghost.save("ferry", *RAW, paragraph(LAST))
            ghost.posts["ferry"]["updated_at"] = at
            theirs.append(ghost.posts["ferry"]["html"])

    monkeypatch.setattr(cms_ghost, "time", SimpleNamespace(time=time.time, sleep=editor_saves))
    room.work()
    assert room.receipts() == [("publish", "made", "left")], room.errors()
    assert [ghost.posts["ferry"]["html"]] == theirs
    assert ghost.writes == []
