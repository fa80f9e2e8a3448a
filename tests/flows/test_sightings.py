"""What the ledger makes of what lists name: identities, leaders, two processes at once; back-off, rest and the states of sources."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from newsroom import NOON, later
from sqlalchemy import Engine, func, select

from flows.ledger import open_ledger
from flows.ledger.sightings import Listed, leave, settle, sight, stories_followed
from flows.ledger.tables import FOLLOWED, IDENTITIES, SIGHTINGS
from flows.ledger.watching import Watched, backoff, forget, known_lists, note, source_states, watched
from flows.sources.fingerprint import page_fingerprint
from flows.sources.identity import identities, page_identities, same_address

ONE, TWO = "https://post.example/one", "https://post.example/two"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield made
    made.dispose()


def listed(name: str, *words: str, version: str | None = "1") -> Listed:
    return Listed(
        words or (f"guid {name}",),
        name,
        f"https://post.example/{name}",
        version,
        version and f"hash {version}",
    )


def seen(
    engine: Engine, list_url: str, *stories: Listed, source: str = "wire", seconds: float = 0
) -> list[str]:
    """What becomes of stories that a list names, all of which are taken in."""
    found = sight(
        engine, source, "publisher post", list_url, stories, later(seconds), {"wire", "desk", "late"}
    )
    settle(
        engine, source, [one.id for one in found if one.what in ("new", "changed")], "seen", later(seconds)
    )
    return [one.what for one in found]


def test_new_same_and_changed(engine: Engine) -> None:
    assert seen(engine, ONE, listed("a"), listed("b")) == ["new", "new"]
    assert seen(engine, ONE, listed("b"), listed("a")) == ["same", "same"]
    assert seen(engine, ONE, listed("a", version="2"), listed("c")) == ["changed", "new"]


def test_what_is_not_settled_is_changed_the_next_time(engine: Engine) -> None:
    for _ in range(2):
        (found,) = sight(engine, "wire", "s", ONE, [listed("a")], NOON)
        assert found.what in ("new", "changed")
    settle(engine, "wire", [found.id], "seen", NOON)
    (found,) = sight(engine, "wire", "s", ONE, [listed("a")], NOON)
    assert found.what == "same"


def test_any_of_its_identities_tells_a_story(engine: Engine) -> None:
    assert seen(engine, ONE, listed("a", "guid 1", "link post/a")) == ["new"]
    # The address has changed, the guid has not; then the guid is another, and the address known.
    assert seen(engine, ONE, listed("a", "guid 1", "link post/a-2")) == ["same"]
    assert seen(engine, TWO, listed("x", "guid 9", "link post/a-2")) == ["noted"]
    assert len(stories_followed(engine, "wire")) == 2, "two sightings"
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(FOLLOWED)).scalar() == 1


def test_another_scope_is_another_story(engine: Engine) -> None:
    assert seen(engine, ONE, listed("a")) == ["new"]
    (other,) = sight(engine, "desk", "publisher other", ONE, [listed("a")], NOON)
    assert other.what == "new"


def test_the_leader_changes_when_it_no_longer_names_the_story(engine: Engine) -> None:
    assert seen(engine, ONE, listed("a")) == ["new"]
    assert seen(engine, TWO, listed("a"), source="desk") == ["noted"]
    assert seen(engine, TWO, listed("a", version="2"), source="desk") == ["noted"]
    leave(engine, "wire", "publisher post", {ONE: []}, NOON)
    assert seen(engine, TWO, listed("a", version="3"), source="desk") == ["changed"]
    # And does not change back and forth.
    assert seen(engine, ONE, listed("a", version="3")) == ["noted"]
    # The story keeps its name.
    assert {(one.source, one.external_id) for one in stories_followed(engine, "desk")} == {("wire", "a")}


def test_a_leader_that_is_switched_off_leads_no_longer(engine: Engine) -> None:
    assert seen(engine, ONE, listed("a"), source="off") == ["new"]
    assert seen(engine, TWO, listed("a", version="2"), source="desk") == ["changed"]


def test_a_story_has_left_when_no_list_names_it(engine: Engine) -> None:
    seen(engine, ONE, listed("a"), listed("b"))
    seen(engine, TWO, listed("a"))
    assert leave(engine, "wire", "publisher post", {ONE: ["guid b"]}, NOON) == []
    (left,) = leave(engine, "wire", "publisher post", {TWO: []}, NOON)
    assert left.external_id == "a"
    assert leave(engine, "wire", "publisher post", {TWO: []}, NOON) == []
    assert settle(engine, "wire", [left.id], "gone", NOON) == {left.id}
    assert settle(engine, "wire", [left.id], "gone", NOON) == set()
    assert {one.state for one in stories_followed(engine, "wire") if one.external_id == "a"} == {"gone"}
    assert seen(engine, ONE, listed("a"), listed("b")) == ["changed", "same"]
    assert {one.state for one in stories_followed(engine, "wire")} == {"seen"}


def test_two_stories_of_one_name_get_two_names(engine: Engine) -> None:
    seen(engine, ONE, listed("1", "guid 1 in one", "link post/a"))
    seen(engine, TWO, listed("1", "guid 1 in two", "link post/b"))
    assert [one.external_id for one in stories_followed(engine, "wire")] == ["1", "1 (guid 1 in two)"]


def test_sources_that_look_at_once_agree_on_one_story(engine: Engine) -> None:
    stories = [listed(f"s{number}") for number in range(30)]
    whats: list[str] = []
    start = threading.Barrier(4)

    def look(source: str) -> None:
        start.wait()
        found = sight(engine, source, "publisher post", ONE, stories, NOON, {"a", "b", "c", "d"})
        whats.extend(one.what for one in found)

    threads = [threading.Thread(target=look, args=(source,)) for source in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (whats.count("new"), whats.count("noted")) == (30, 90)
    with engine.connect() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(table)).scalar()
            for table in (FOLLOWED, IDENTITIES, SIGHTINGS)
        ]
    assert counts == [30, 30, 120]


def test_many_stories_are_sighted_in_time(engine: Engine) -> None:
    """50,000 is what a sitemap may hold; more than one IN (…) takes."""
    stories = [listed(f"s{number}") for number in range(1_300)]
    assert set(seen(engine, ONE, *stories)) == {"new"}
    assert set(seen(engine, ONE, *stories)) == {"same"}
    assert len(leave(engine, "wire", "publisher post", {ONE: []}, NOON)) == 1_300


def test_what_no_database_can_keep_is_kept_all_the_same(engine: Engine) -> None:
    bad = Listed(
        ("guid \0\ud83d",), "\0\ud83d", "https://post.example/\0", "\0", "h", {"headline": "\0\ud83d"}
    )
    assert seen(engine, ONE, bad) == ["new"]
    assert seen(engine, ONE, bad) == ["same"]


def test_backoff_doubles_up_to_a_bound_with_some_chance() -> None:
    assert [backoff(n, lambda: 0.0) for n in (1, 2, 3)] == [timedelta(minutes=n) for n in (1, 2, 4)]
    assert backoff(1_000_000, lambda: 0.0) == timedelta(hours=6)
    assert len({backoff(5) for _ in range(50)}) > 40
    assert all(timedelta(minutes=12) <= backoff(5) <= timedelta(minutes=16) for _ in range(50))


def test_a_rest_is_kept_with_some_leeway_and_has_a_bound() -> None:
    feed, page = Watched("wire", ONE), Watched("wire", ONE, "page")
    rested = feed.answered(NOON, None, None, None, 900)
    assert (rested.is_due(later(800)), rested.is_due(later(841))) == (False, True)
    assert feed.answered(NOON, None, None, None, 1e12).is_due(later(86_400))
    assert page.answered(NOON, None, None, None, 1e12).is_due(later(3_600))
    assert feed.answered(NOON, None, None, None, 0).not_before is None
    assert feed.failed(NOON, "no", retry_after=7_200).not_before == later(7_200)


def test_the_states_of_sources_tell_what_fails(engine: Engine) -> None:
    fine = Watched("wire", ONE).answered(NOON, '"1"', None, "h", 3_600)
    bad = Watched("wire", TWO).failed(NOON, "answered 500").failed(later(60), "answered 502")
    page = Watched("wire", "https://post.example/a", "page").failed(NOON, "a page's trouble")
    alone = Watched("list", "https://post.example/a", "page").failed(NOON, "answered 404")
    note(engine, [fine, bad, page, alone])
    seen(engine, ONE, listed("a"), listed("b"))
    sight(engine, "wire", "publisher post", ONE, [listed("c")], NOON)
    lists, wire = source_states(engine)
    assert (wire.name, wire.addresses, wire.failing, wire.failures) == ("wire", 2, 1, 2)
    assert (wire.last_ok_at, wire.last_error) == (NOON, "answered 502")
    assert wire.next_look == min(fine.not_before or NOON, bad.not_before or NOON)
    assert (wire.seen, wire.waiting, wire.gone) == (2, 1, 0)
    assert (lists.name, lists.failing, lists.last_error) == ("list", 1, "answered 404")
    assert watched(engine, "wire", [TWO, "https://post.example/new"], "list")[TWO] == bad
    assert known_lists(engine, "wire") == [ONE, TWO]
    forget(engine, "wire", [TWO])
    assert source_states(engine)[1].failing == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://post.example/a", "http://www.post.example:80/a/"),
        ("https://post.example/a?b=1&a=2", "https://post.example/a?a=2&b=1#top"),
        (
            "https://post.example/a?utm_source=x&UTM_medium=y&fbclid=z&mc_cid=1&at_campaign=2",
            "https://post.example/a",
        ),
    ],
)
def test_two_spellings_of_one_address(one: str, other: str) -> None:
    assert same_address(one) == same_address(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://post.example/a?cid=4711", "https://post.example/a?cid=4712"),
        ("https://post.example/?p=1", "https://post.example/?p=2"),
        ("https://post.example/A", "https://post.example/a"),
        ("https://post.example/gallery?ga=1", "https://post.example/gallery?ga=2"),
        ("https://post.example:8080/a", "https://post.example/a"),
    ],
)
def test_two_addresses_stay_two(one: str, other: str) -> None:
    assert same_address(one) != same_address(other)


@pytest.mark.parametrize(
    "url", ["", None, "https://post.example", "https://post.example/#a", "http://[", "mailto:a@b"]
)
def test_what_names_no_story(url: str | None) -> None:
    assert same_address(url) is None


def test_a_guid_counts_in_its_feed_or_in_the_whole_world() -> None:
    for guid in ("tag:post.example,2026:1", "urn:x:1", "123e4567-e89b-12d3-a456-426614174000"):
        assert identities(guid, None, ONE) == identities(guid, None, TWO) == (f"guid {guid}",)
    assert identities("4711", None, ONE) != identities("4711", None, TWO)
    assert page_identities("https://post.example/") == ("page https://post.example/",)


PAGE = "<html><head><title>Ferry</title></head><body><nav>{0}</nav><h1>The ferry</h1><p>{1}</p><p>{2}</p><aside>{0}</aside></body></html>"


def test_a_page_says_something_else_when_its_words_do() -> None:
    long = "The ferry sails again on Monday, the port said. " * 10
    known = page_fingerprint(PAGE.format("12 readers", long, "Short.").encode())
    assert page_fingerprint(PAGE.format("13 readers", long, "Short.").encode()) == known
    assert page_fingerprint(PAGE.format("12 readers", long, "Shorter.").encode()) != known
    assert (
        page_fingerprint(
            PAGE.format("12 readers", long, "Short.").replace("The ferry</h1>", "A ferry</h1>").encode()
        )
        != known
    )
    # Without paragraphs all of its text counts.
    assert page_fingerprint(b"<div>The ferry sails.</div>") != page_fingerprint(b"<div>The ferry sank.</div>")


@pytest.mark.parametrize(
    "body",
    [b"", b"%PDF-1.7", b"<", b"\xff\xfe\x00", b"<?xml version='1.0' encoding='utf-8'?><html><p>a</p></html>"],
)
def test_any_bytes_have_a_fingerprint(body: bytes) -> None:
    assert len(page_fingerprint(body)) == 64
