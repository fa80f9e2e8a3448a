"""A post that is unpublished in its CMS, and whose event never came: the half-hourly look takes it down, everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ghost_newsroom import KEY_ENV, LAST, LEDE, MORE, UNDEFINED, Newsroom, configure, newsroom
from small_ghost import KEY, SmallGhost, document, paragraph, shown, small_ghost

from flows.tasks.cleaning import WarmPool
from flows.tasks.intake import Intake, poll
from flows.tasks.workers import make_clean

RAW = tuple(map(paragraph, (LEDE, UNDEFINED, MORE, LAST)))
CLEAN = shown(document(*(one for one in RAW if one != paragraph(UNDEFINED))))


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory, config_dir: Path) -> Iterator[WarmPool]:
    config = configure(tmp_path_factory.mktemp("rules") / "config", config_dir, "http://127.0.0.1:9")
    with WarmPool(config, 1, 60, make_clean) as warm:
        yield warm


@pytest.fixture
def ghost() -> Iterator[SmallGhost]:
    with small_ghost() as running:
        yield running


@pytest.fixture
def room(
    ghost: SmallGhost, pool: WarmPool, tmp_path: Path, config_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Newsroom]:
    """A newsroom in which a raw post has come by its event, and is clean."""
    monkeypatch.setenv(KEY_ENV, KEY)
    with newsroom(tmp_path, configure(tmp_path / "config", config_dir, ghost.url), pool) as open_room:
        ghost.save("ferry", *RAW)
        open_room.hears(ghost.event("ferry"), "evt-1")
        open_room.work()
        assert (ghost.posts["ferry"]["html"], len(open_room.copies), len(ghost.writes)) == (CLEAN, 1, 1)
        look(open_room)
        open_room.work()
        yield open_room


def look(room: Newsroom) -> Intake:
    found = poll(room.engine, room.settings, room.source)
    assert found.problems == ()
    return found


def test_a_missed_unpublish_goes_down_everywhere_and_comes_back_when_it_is_public_again(
    ghost: SmallGhost, room: Newsroom
) -> None:
    ghost.save("ferry", status="draft")
    found = look(room)
    assert "ghost: ferry: its CMS says that readers can no longer see it" in found.gone[0]
    assert room.work().outcomes == {"kill": 1}
    assert room.copies == []
    assert room.receipts()[-1] == ("unpublish", "made", "removed")
    # It is known now: neither the next look nor the event, which comes at last, is anything new.
    again = look(room)
    assert (again.ids, again.gone) == ((), ())
    room.hears(
        {"post": {"current": {"id": "ferry", "status": "draft"}, "previous": {"status": "published"}}},
        "evt-2",
    )
    room.work()
    assert (room.copies, ghost.posts["ferry"]["status"], len(ghost.writes)) == ([], "draft", 1)

    ghost.save("ferry", *RAW, status="published")
    assert len(look(room).ids) == 1
    room.work()
    assert (ghost.posts["ferry"]["html"], len(room.copies)) == (CLEAN, 1)


def test_a_post_that_is_only_gone_is_told_and_its_copy_stays(ghost: SmallGhost, room: Newsroom) -> None:
    del ghost.posts["ferry"]
    found = look(room)
    assert found.ids == ()
    assert "what was published of it stays" in found.gone[0]
    room.work()
    assert len(room.copies) == 1


def test_a_story_that_a_kill_took_down_is_not_said_to_stay(ghost: SmallGhost, room: Newsroom) -> None:
    ghost.save("ferry", paragraph("KILL KILL KILL"), *RAW)
    room.hears(ghost.event("ferry"), "evt-2")
    room.work()
    assert (ghost.posts["ferry"]["status"], room.copies) == ("draft", [])
    found = look(room)
    assert (found.ids, found.gone) == ((), ())
