"""A post that is unpublished in its CMS, and whose event never came: the half-hourly look takes it down, everywhere."""

from __future__ import annotations

import pytest
from ghost_newsroom import LAST, LEDE, MORE, UNDEFINED, Newsroom
from small_ghost import SmallGhost, document, paragraph, shown

from flows.tasks.intake import Intake, poll

RAW = tuple(map(paragraph, (LEDE, UNDEFINED, MORE, LAST)))
CLEAN = shown(document(*(one for one in RAW if one != paragraph(UNDEFINED))))


@pytest.fixture
def room(ghost: SmallGhost, ghost_room: Newsroom) -> Newsroom:
    """A newsroom in which a raw post has come by its event, and is clean."""
    ghost.save("ferry", *RAW)
    ghost_room.hears(ghost.event("ferry"), "evt-1")
    ghost_room.work()
    assert (ghost.posts["ferry"]["html"], len(ghost_room.copies), len(ghost.writes)) == (CLEAN, 1, 1)
    look(ghost_room)
    ghost_room.work()
    return ghost_room


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
