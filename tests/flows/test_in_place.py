"""A CMS's own posts, cleaned where they stand: loops, conflicts, lost answers, undo, kills. The CMS is a small Ghost on loopback."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import timedelta

import pytest
from ghost_newsroom import (
    FOLLOW,
    LAST,
    LEDE,
    MORE,
    UNDEFINED,
    Newsroom,
)
from small_ghost import SmallGhost, document, figure, heading, html_card, paragraph, shown
from sqlalchemy import select, update

from flows.ledger import Arrival, again, receive
from flows.ledger.tables import COPIES, PUBLICATIONS
from flows.sources.cms_ghost import post_in
from flows.tasks.taking import Intake

CARD = html_card('<div class="weather" data-kind=storm>The weather: <b>storm</b></div>')
RAW = (
    paragraph(LEDE),
    figure("ferry-timetable"),
    paragraph(UNDEFINED),
    heading("A rudder mended by hand"),
    paragraph(MORE),
    CARD,
    paragraph(FOLLOW),
    paragraph(LAST),
    paragraph(),
)
CLEAN = tuple(one for one in RAW if one not in (RAW[2], RAW[6]))
SOON = timedelta(minutes=30)
"""After so long an act that failed once is due again."""


@pytest.fixture
def room(ghost_room: Newsroom) -> Newsroom:
    return ghost_room


def forget_kept(room: Newsroom, keys: Collection[str] | None = None) -> None:
    """The newest receipt of the CMS's, without these of the things that it keeps, or without any: as receipts were before."""
    query = (
        select(PUBLICATIONS).where(PUBLICATIONS.c.destination == "site").order_by(PUBLICATIONS.c.id.desc())
    )
    with room.engine.begin() as connection:
        act = connection.execute(query).first()
        assert act is not None
        kept = {key: value for key, value in act.receipt["kept"].items() if keys and key not in keys}
        said = {"did": act.receipt["did"], "where": act.receipt["where"]} | ({"kept": kept} if kept else {})
        connection.execute(update(PUBLICATIONS).where(PUBLICATIONS.c.id == act.id).values(receipt=said))


def children(ghost: SmallGhost, id: str = "ferry") -> list[object]:
    found: list[object] = json.loads(ghost.posts[id]["lexical"])["root"]["children"]
    return found


def body(ghost: SmallGhost, id: str = "ferry") -> str:
    return str(ghost.posts[id]["html"])


def headline(room: Newsroom) -> str:
    """The newest edition's."""
    query = select(COPIES.c.record).order_by(COPIES.c.id.desc()).limit(1)
    with room.engine.connect() as connection:
        return str(connection.execute(query).scalar_one()["headline"])


def cleaned(ghost: SmallGhost, room: Newsroom) -> None:
    """A raw post has come, and is clean in the CMS; the CMS has told of our write, and that is over, too."""
    ghost.save("ferry", *RAW)
    room.hears(ghost.event("ferry"), "evt-1")
    room.work()
    assert body(ghost) == shown(document(*CLEAN))
    room.hears(ghost.event("ferry"), "evt-1-echo")
    assert room.work().own == 1
    assert len(ghost.writes) == 1


def written_without_an_answer(ghost: SmallGhost, room: Newsroom) -> None:
    ghost.save("ferry", *RAW)
    room.hears(ghost.event("ferry"), "evt-1")
    ghost.faults = ["drop after"]
    room.work()


def test_a_raw_post_is_clean_and_its_cards_are_as_they_were(ghost: SmallGhost, room: Newsroom) -> None:
    cleaned(ghost, room)
    assert children(ghost) == list(CLEAN)
    assert room.receipts() == [("publish", "made", "wrote")]
    assert room.receipts("copy-folder") == [("publish", "made", "wrote")]
    assert UNDEFINED not in room.copies[0]
    # Nothing but the document was sent, and for one version.
    assert [set(sent) for _, _, sent in ghost.writes] == [{"lexical", "updated_at"}]


def test_what_needs_no_cleaning_is_not_written(ghost: SmallGhost, room: Newsroom) -> None:
    ghost.save("ferry", *CLEAN)
    room.hears(ghost.event("ferry"), "evt-1")
    room.work()
    room.hears(ghost.event("ferry"), "evt-2")
    room.work()
    assert (ghost.writes, room.counts()) == ([], (1, 1))
    assert room.receipts() == [("publish", "made", "wrote")]


def test_our_own_writing_ends_however_often_it_comes_back(ghost: SmallGhost, room: Newsroom) -> None:
    cleaned(ghost, room)
    raw = post_in(ghost.posts["ferry"]).raw
    assert raw is not None
    receive(room.engine, [Arrival(raw, "ghost")], room.now())  # a look into the CMS finds it, too
    for number in range(5):
        room.hears(ghost.event("ferry"), f"evt-again-{number}")
    assert room.work().own == 6
    assert (room.counts(), len(ghost.writes)) == ((1, 1), 1)
    # So cleaning once more, by the rules as they are then, begins with what a person wrote.
    assert room.decides("ferry", "raw").decided.edition == 2


def test_looks_into_a_quiet_cms_store_nothing(ghost: SmallGhost, room: Newsroom) -> None:
    """A look reads a minute behind the last one again, and our own writing with it."""
    ghost.save("ferry", *RAW)
    assert len(room.looks().ids) == 1
    room.work()
    assert body(ghost) == shown(document(*CLEAN))
    assert [room.looks() for _ in range(2)] == [Intake()] * 2
    # As the Content API of the same site writes the same time.
    saved = ghost.posts["ferry"]["updated_at"]
    ghost.posts["ferry"]["updated_at"] = saved.replace("Z", "+00:00")
    assert room.looks() == Intake()
    ghost.posts["ferry"]["updated_at"] = saved
    room.decides("ferry", "raw")
    assert room.looks() == Intake()
    assert (children(ghost), room.counts(), room.rows()) == (list(RAW), (1, 2), 1)
    ghost.editor_saves("ferry")
    assert len(room.looks().ids) == 1


def test_a_post_that_readers_see_again_is_told_though_it_is_our_own_writing(
    ghost: SmallGhost, room: Newsroom
) -> None:
    cleaned(ghost, room)
    ghost.posts["ferry"]["status"] = "draft"
    assert room.looks().gone != ()
    ghost.posts["ferry"]["status"] = "published"
    assert room.looks() == Intake(back=("ghost: ferry: readers can see it again",))


def test_an_editors_new_save_is_cleaned_again(ghost: SmallGhost, room: Newsroom) -> None:
    cleaned(ghost, room)
    news = paragraph(
        "On Tuesday the first crossing was at six, with forty passengers and a band on the quay of Kesten."
    )
    ghost.save("ferry", *CLEAN[:-1], news, paragraph(FOLLOW))
    room.hears(ghost.event("ferry"), "evt-2")
    room.work()
    assert body(ghost) == shown(document(*CLEAN[:-1], news))
    assert len(ghost.writes) == 2


@pytest.mark.parametrize("asked", [False, True])
def test_what_was_written_over_our_copy_is_cleaned_though_it_is_the_same_again(
    ghost: SmallGhost, room: Newsroom, asked: bool
) -> None:
    cleaned(ghost, room)
    ghost.save("ferry", *RAW)
    raw = post_in(ghost.posts["ferry"]).raw
    assert raw is not None
    receive(room.engine, [Arrival(raw, "ghost", event_id=None if asked else "evt-2")], room.now())
    room.work()
    assert body(ghost) == shown(document(*CLEAN))
    assert len(ghost.writes) == 2


def test_a_story_is_cleaned_again_by_hand_without_a_write(ghost: SmallGhost, room: Newsroom) -> None:
    cleaned(ghost, room)
    ghost_raw = post_in(ghost.posts["ferry"] | {"html": shown(document(*RAW))}).raw
    assert ghost_raw is not None
    receive(room.engine, again([Arrival(ghost_raw, "ghost")], "run-7"), room.now())
    room.work()
    assert len(ghost.writes) == 1


def test_an_editor_who_saves_while_we_clean_wins(ghost: SmallGhost, room: Newsroom) -> None:
    ghost.save("ferry", *RAW)
    room.hears(ghost.event("ferry"), "evt-1")
    ghost.faults = ["editor"]
    room.work()
    assert body(ghost) == shown(document(paragraph("The harbour master wrote this meanwhile.")))
    assert ghost.writes == []
    assert room.receipts() == [("publish", "made", "left")]
    # Their version comes by itself, and is cleaned.
    ghost.save("ferry", paragraph(LEDE), paragraph(UNDEFINED), paragraph(MORE))
    room.hears(ghost.event("ferry"), "evt-2")
    room.work()
    assert body(ghost) == shown(document(paragraph(LEDE), paragraph(MORE)))


def test_an_editor_who_saved_before_we_looked_wins(ghost: SmallGhost, room: Newsroom) -> None:
    ghost.save("ferry", *RAW)
    room.hears(ghost.event("ferry"), "evt-1")
    ghost.editor_saves("ferry")
    room.work()
    assert (ghost.writes, room.receipts()) == ([], [("publish", "made", "left")])


@pytest.mark.parametrize("first", ["the echo", "the next try"])
def test_a_write_whose_answer_is_lost_is_done_once_and_known_again(
    ghost: SmallGhost, room: Newsroom, first: str
) -> None:
    written_without_an_answer(ghost, room)
    assert "the connection broke" in room.errors()[0]
    assert body(ghost) == shown(document(*CLEAN))
    if first == "the echo":
        room.hears(ghost.event("ferry"), "evt-1-echo")
        assert room.work().own == 1
    room.ahead = SOON
    room.work()
    assert room.receipts() == [("publish", "made", "wrote")]
    room.hears(ghost.event("ferry"), "evt-1-echo")
    room.work()
    assert (len(ghost.writes), room.counts()) == (1, (1, 1))


@pytest.mark.parametrize("first", ["their event", "the next try"])
def test_a_headline_that_an_editor_saves_over_a_write_whose_answer_is_lost_is_no_echo(
    ghost: SmallGhost, room: Newsroom, first: str
) -> None:
    written_without_an_answer(ghost, room)
    echo = ghost.event("ferry")
    ghost.save("ferry", title="The ferry is late")
    if first == "the next try":
        room.ahead = SOON
        room.work()
    room.hears(echo, "evt-1-echo")
    room.hears(ghost.event("ferry"), "evt-2")
    room.work()
    room.ahead = SOON
    room.work()
    assert headline(room) == "The ferry is late"
    assert (body(ghost), len(ghost.writes)) == (shown(document(*CLEAN)), 1)


def test_a_headline_that_an_editor_saves_in_the_second_of_our_write_is_no_echo(
    ghost: SmallGhost, room: Newsroom
) -> None:
    cleaned(ghost, room)
    saved = ghost.posts["ferry"]["updated_at"]
    ghost.now -= timedelta(seconds=10)
    ghost.save("ferry", title="The ferry is late")
    assert ghost.posts["ferry"]["updated_at"] == saved
    room.hears(ghost.event("ferry"), "evt-2")
    room.work()
    assert headline(room) == "The ferry is late"
    assert len(ghost.writes) == 1
    assert room.looks() == Intake()


def test_in_the_second_of_our_write_a_look_finds_a_headline_too(ghost: SmallGhost, room: Newsroom) -> None:
    cleaned(ghost, room)
    ghost.now -= timedelta(seconds=10)
    ghost.save("ferry", title="The ferry is late")
    assert len(room.looks().ids) == 1


def test_a_write_that_did_not_arrive_is_tried_again(ghost: SmallGhost, room: Newsroom) -> None:
    ghost.save("ferry", *RAW)
    room.hears(ghost.event("ferry"), "evt-1")
    ghost.faults = ["drop before"]
    room.work()
    assert body(ghost) == shown(document(*RAW))
    room.ahead = SOON
    room.work()
    assert body(ghost) == shown(document(*CLEAN))


def test_a_document_that_is_shown_otherwise_is_put_back_and_told(ghost: SmallGhost, room: Newsroom) -> None:
    ghost.save("ferry", *RAW)
    room.hears(ghost.event("ferry"), "evt-1")
    ghost.faults = ["shows otherwise"]
    room.work()
    assert children(ghost) == list(RAW)
    assert body(ghost) == shown(document(*RAW))
    [error] = room.errors()
    assert "was left as it is: Ghost shows the rest of it otherwise than before" in error
    assert room.receipts() == [("publish", "failed", None)]


def test_what_cannot_be_taken_out_alone_is_left_and_told(ghost: SmallGhost, room: Newsroom) -> None:
    old = {"id": "old", "title": "The old ferry", "status": "published", "url": f"{ghost.url}/old/"}
    ghost.posts["old"] = old | {"lexical": None, "mobiledoc": "{}", "html": shown(document(*RAW))}
    ghost.save("old")
    room.hears(ghost.event("old"), "evt-1")
    room.work()
    [error] = room.errors()
    assert "Ghost's old editor; open it in the new one and save it once" in error
    assert ghost.writes == []


def test_undo_gives_the_document_back_and_the_echo_ends(ghost: SmallGhost, room: Newsroom) -> None:
    cleaned(ghost, room)
    done = room.decides("ferry", "raw")
    assert "published raw by Ida Holm" in done.decided.told
    assert sorted(one.destination for one in done.published.made) == ["copy-folder", "site"]
    assert children(ghost) == list(RAW)
    assert body(ghost) == shown(document(*RAW))
    assert UNDEFINED in room.copies[0]
    room.hears(ghost.event("ferry"), "evt-undone")
    assert room.work().own == 1
    assert (body(ghost), len(ghost.writes)) == (shown(document(*RAW)), 2)
    # Somebody saves another version: that is a new story to clean.
    ghost.save(
        "ferry",
        *RAW[:-1],
        paragraph("A word more of the harbour master, who was glad of the ferry on Monday."),
    )
    room.hears(ghost.event("ferry"), "evt-3")
    room.work()
    assert UNDEFINED not in body(ghost)


def test_one_removal_comes_back_and_later_the_others(ghost: SmallGhost, room: Newsroom) -> None:
    cleaned(ghost, room)
    room.decides("ferry", "restore", numbers=(1,))
    assert children(ghost) == [one for one in RAW if one != RAW[6]]
    room.decides("ferry", "raw")
    assert children(ghost) == list(RAW)
    room.hears(ghost.event("ferry"), "evt-undone")
    assert room.work().own == 1
    assert len(ghost.writes) == 3


def test_of_two_saves_in_one_second_the_one_that_stands_there_stays_though_the_other_comes_last(
    ghost: SmallGhost, room: Newsroom
) -> None:
    news = paragraph(
        "On Tuesday the first crossing was at six, with forty passengers and a band on the quay."
    )
    ghost.save("ferry", *RAW)
    first = ghost.event("ferry")
    ghost.save_at_once("ferry", *RAW, news)
    assert first["post"]["current"]["updated_at"] == ghost.posts["ferry"]["updated_at"]
    room.hears(ghost.event("ferry"), "evt-2")
    room.work()
    there = body(ghost)
    assert there == shown(document(*CLEAN[:-1], paragraph(), news))
    room.hears(first, "evt-1")
    room.work()
    assert room.receipts()[-1] == ("publish", "made", "left")
    assert (body(ghost), len(ghost.writes)) == (there, 1)


@pytest.mark.parametrize("of", [True, False])
def test_a_receipt_that_does_not_say_what_was_cleaned_is_still_one_to_undo_by(
    ghost: SmallGhost, room: Newsroom, of: bool
) -> None:
    """As they were before. Where it does not even say when that had been saved, what stands there stays, until it is cleaned again."""
    cleaned(ghost, room)
    forget_kept(room, {"raw"} if of else {"raw", "of"})
    room.decides("ferry", "raw")
    assert children(ghost) == list(RAW if of else CLEAN)


def test_what_undo_needs_outlives_an_act_that_left_things_as_they_were(
    ghost: SmallGhost, room: Newsroom
) -> None:
    cleaned(ghost, room)
    away = ghost.posts.pop("ferry")
    room.hears({"post": {"current": {**away, "html": shown(document(*RAW))}}}, "evt-2")
    room.work()
    assert room.receipts()[-1] == ("publish", "made", "left")
    ghost.posts["ferry"] = away
    room.decides("ferry", "raw")
    assert children(ghost) == list(RAW)
    assert body(ghost) == shown(document(*RAW))


@pytest.mark.parametrize("told", [True, False])
def test_an_undo_that_found_no_post_does_not_spoil_the_next_one(
    ghost: SmallGhost, room: Newsroom, told: bool
) -> None:
    cleaned(ghost, room)
    away = ghost.posts.pop("ferry")
    room.decides("ferry", "restore", numbers=(1,))
    assert [did for _, _, did in room.receipts()] == ["wrote", "left"]
    if not told:
        forget_kept(room)
    ghost.posts["ferry"] = away
    room.decides("ferry", "raw")
    assert children(ghost) == list(RAW)


def test_undo_passes_by_what_an_editor_has_saved(ghost: SmallGhost, room: Newsroom) -> None:
    cleaned(ghost, room)
    ghost.editor_saves("ferry")
    done = room.decides("ferry", "raw")
    assert ("site", "left") in [(one.destination, one.did) for one in done.published.made]
    assert body(ghost) == shown(document(paragraph("The harbour master wrote this meanwhile.")))


def test_an_undo_whose_answer_is_lost_is_not_cleaned_again(ghost: SmallGhost, room: Newsroom) -> None:
    cleaned(ghost, room)
    ghost.faults = ["drop after"]
    room.decides("ferry", "raw")
    room.hears(ghost.event("ferry"), "evt-undone")
    assert room.work().own == 1
    room.ahead = SOON
    room.work()
    assert children(ghost) == list(RAW)
    assert len(ghost.writes) == 2


def test_a_kill_makes_the_post_a_draft(ghost: SmallGhost, room: Newsroom) -> None:
    cleaned(ghost, room)
    ghost.save("ferry", paragraph("KILL KILL KILL"), *RAW)
    room.hears(ghost.event("ferry"), "evt-2")
    room.work()
    assert ghost.posts["ferry"]["status"] == "draft"
    assert room.copies == []
    # The CMS says that it is a draft now; nothing more is to be done.
    room.hears(
        {"post": {"current": {"id": "ferry", "status": "draft"}, "previous": {"status": "published"}}},
        "evt-3",
    )
    room.work()
    assert len(ghost.writes) == 2


@pytest.mark.parametrize("deleted", [False, True])
def test_what_is_taken_down_in_the_cms_is_taken_down_everywhere(
    ghost: SmallGhost, room: Newsroom, deleted: bool
) -> None:
    cleaned(ghost, room)
    assert len(room.copies) == 1
    if deleted:
        del ghost.posts["ferry"]
        event = {"post": {"current": {}, "previous": {"id": "ferry", "status": "published"}}}
    else:
        ghost.save("ferry", status="draft")
        event = {"post": {"current": {"id": "ferry", "status": "draft"}, "previous": {"status": "published"}}}
    room.hears(event, "evt-2")
    room.work()
    assert room.copies == []
    assert room.receipts()[-1] == ("unpublish", "made", "removed")
    assert len(ghost.writes) == 1
    if not deleted:
        ghost.save("ferry", *RAW, status="published")
        room.hears(ghost.event("ferry"), "evt-3")
        room.work()
        assert body(ghost) == shown(document(*CLEAN))
        assert len(room.copies) == 1


def test_what_was_clean_as_it_came_is_public_again_in_the_second_in_which_it_was_taken_down(
    ghost: SmallGhost, room: Newsroom
) -> None:
    """All three bear one ``updated_at``. Since we wrote nothing, the last is no event of ours."""
    saved = ghost.save("ferry", *CLEAN)
    room.hears(ghost.event("ferry"), "evt-1")
    room.work()
    saved["status"] = "draft"
    room.hears({"post": {"current": {**saved}, "previous": {"status": "published"}}}, "evt-2")
    room.work()
    assert room.copies == []
    saved["status"] = "published"
    room.hears(ghost.event("ferry"), "evt-3")
    room.work()
    assert (len(room.copies), ghost.writes) == (1, [])


@pytest.mark.parametrize("deleted", [False, True])
def test_a_save_that_is_told_again_behind_the_taking_down_brings_nothing_back(
    ghost: SmallGhost, room: Newsroom, deleted: bool
) -> None:
    """The receiver was away when it came first; Ghost tries again."""
    cleaned(ghost, room)
    last = ghost.save("ferry", *RAW, paragraph("The ferry was a ferry."))
    edited = ghost.event("ferry")
    if deleted:
        room.hears({"post": {"current": {}, "previous": ghost.posts.pop("ferry")}}, "evt-3")
    else:
        down = ghost.save("ferry", status="draft")
        room.hears({"post": {"current": down, "previous": {"status": "published"}}}, "evt-3")
    room.work()
    assert room.copies == []
    room.hears(edited, "evt-2")
    room.work()
    assert (room.copies, room.receipts()[-1]) == ([], ("unpublish", "made", "removed"))
    if not deleted:
        assert down["updated_at"] > last["updated_at"]
        ghost.save("ferry", *RAW, status="published")
        room.hears(ghost.event("ferry"), "evt-4")
        room.work()
        assert (len(room.copies), body(ghost)) == (1, shown(document(*CLEAN)))


def test_a_kill_passes_over_an_editor_who_saves_at_this_moment(ghost: SmallGhost, room: Newsroom) -> None:
    cleaned(ghost, room)
    ghost.save("ferry", paragraph("KILL KILL KILL"), *RAW)
    room.hears(ghost.event("ferry"), "evt-2")
    ghost.faults = ["editor", "editor"]
    room.work()
    assert ghost.posts["ferry"]["status"] == "draft"
