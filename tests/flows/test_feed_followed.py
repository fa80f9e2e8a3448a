"""A feed on a real server, followed through new, changed, broken, gone and back; three feeds, one story."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from watched_site import Newsroom, Site, item, newsroom, rss, site

from flows.tasks.following import WRITTEN_AFTER
from flows.tasks.intake import Intake, SourceDown

EASY = "private_addresses: yes, limits: {pause: 0, per_host: 8}"


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        yield served


@pytest.fixture
def desk(tmp_path: Path, web: Site) -> Iterator[Newsroom]:
    sources = f"  wire: {{kind: feed, form: page, url: {web.base}/feed, {EASY}}}\n"
    with newsroom(tmp_path, sources) as room:
        yield room


def test_new_changed_broken_gone_and_back(web: Site, desk: Newsroom) -> None:
    web.put("/feed", rss(item("a", "/a"), item("b", "/b")))
    web.page("/a", "The ferry is late.")
    web.page("/b", "The roof is new.")
    assert len(desk.look().ids) == 2
    assert web.heard() == [("/a", 200), ("/b", 200), ("/feed", 200)]
    assert set(desk.stories()) == {"wire:a", "wire:b"}

    # Nothing new: everything is answered by 304.
    desk.later(minutes=15)
    assert desk.look() == Intake()
    assert web.heard() == [("/a", 304), ("/b", 304), ("/feed", 304)]

    # An entry is corrected: one revision more of the same story.
    desk.later(minutes=15)
    web.put("/feed", rss(item("a", "/a", "Ferry sails"), item("b", "/b")))
    web.page("/a", "The ferry is on time.")
    assert len(desk.look().ids) == 1
    assert web.heard() == [("/a", 200), ("/b", 304), ("/feed", 200)]
    assert "on time" in desk.stories()["wire:a"]
    assert len(desk.stories()) == 2

    # A page is corrected silently: the feed says nothing, looking again does.
    desk.later(minutes=15)
    web.page("/b", "The roof is old.")
    assert len(desk.look().ids) == 1
    assert "old" in desk.stories()["wire:b"]

    # The feed is broken: nothing is lost, nothing is gone, and it shows as failing.
    desk.later(minutes=15)
    web.put("/feed", "<p>Maintenance</p>")
    broken = desk.look()
    assert broken.gone == ()
    assert "no RSS or Atom feed" in broken.problems[0]
    state = desk.state()
    assert (state.failing, state.failures, state.seen, state.gone) == (1, 1, 2, 0)
    assert "no RSS or Atom feed" in str(state.last_error)
    web.heard()

    # A page is taken down: told once, and kept.
    desk.later(minutes=15)
    web.put("/feed", rss(item("a", "/a", "Ferry sails"), item("b", "/b")))
    web.drop("/b")
    (gone,) = desk.look().gone
    assert gone == f"wire: b: its page answers 404 ({web.base}/b). It stays as it is"
    assert "wire:b" in desk.stories()
    assert (desk.state().seen, desk.state().gone, desk.state().failures) == (1, 1, 0)
    desk.later(minutes=15)
    assert desk.look().gone == ()

    # And it is there again.
    desk.later(hours=1)
    web.page("/b", "The roof is older.")
    back = desk.look()
    assert back.back == ("wire: b: it is there again",)
    assert len(back.ids) == 1
    assert (desk.state().seen, desk.state().gone) == (2, 0)


def test_falling_off_the_end_is_not_vanishing(web: Site, desk: Newsroom) -> None:
    web.put("/feed", rss(item("a", "/a")))
    web.page("/a", "The ferry is late.")
    web.page("/b", "The roof is new.")
    desk.look()
    desk.later(minutes=15)
    web.put("/feed", rss(item("b", "/b")))
    intake = desk.look()
    assert (len(intake.ids), intake.gone) == (1, ())
    assert desk.state().gone == 0
    # After the window nobody asks for its page any more.
    web.heard()
    desk.later(hours=49)
    desk.look()
    assert web.heard() == [("/feed", 304)]


def test_a_page_that_fails_is_tried_again_although_its_feed_is_unchanged(web: Site, desk: Newsroom) -> None:
    web.put("/feed", rss(item("a", "/a"), item("b", "/b")))
    web.page("/a", "The ferry is late.", status=503)
    web.page("/b", "The roof is new.")
    first = desk.look()
    assert len(first.ids) == 1
    assert first.problems == (f"wire: {web.base}/a: answered 503 Service Unavailable",)
    web.page("/a", "The ferry is late.")
    desk.later(seconds=10)
    assert "failed once" in " ".join(desk.look().skipped), "it is left alone for a while"
    desk.later(minutes=2)
    web.heard()
    assert len(desk.look().ids) == 1
    assert ("/feed", 304) in web.heard()


def test_what_was_sighted_and_not_taken_in_is_taken_in_by_the_next_look(
    web: Site, desk: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.put("/feed", rss(item("a", "/a")))
    web.page("/a", "The ferry is late.")
    with monkeypatch.context() as patch:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr("flows.tasks.following.take", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.look()
    assert desk.stories() == {}
    desk.later(minutes=15)
    assert len(desk.look().ids) == 1


def test_three_feeds_one_story(tmp_path: Path, web: Site) -> None:
    sources = (
        f"  front: {{kind: feed, publisher: Harbour Post, form: page, urls: [{web.base}/front, {web.base}/sport], {EASY}}}\n"
        f"  local: {{kind: feed, publisher: harbour post, form: page, url: {web.base}/local, {EASY}}}\n"
        f"  other: {{kind: feed, publisher: Inland Mail, form: page, url: {web.base}/local, {EASY}}}\n"
    )
    with newsroom(tmp_path, sources) as desk:
        web.put("/front", rss(item("tag:post,1", "/a?utm_source=front")))
        web.put("/sport", rss(item("tag:post,1", "/a?utm_source=sport")))
        web.put("/local", rss(item("4711", "/a?utm_source=local&fbclid=x")))
        for query in ("?utm_source=front", "?utm_source=sport", "?utm_source=local&fbclid=x"):
            web.page(f"/a{query}", "The ferry is late.")
        assert len(desk.look("front").ids) == 1
        assert desk.look("local").ids == ()
        assert set(desk.stories()) == {"front:tag:post,1"}
        assert (desk.state("front").seen, desk.state("local").seen) == (1, 1)
        # Another house's story is another story.
        assert len(desk.look("other").ids) == 1
        assert set(desk.stories()) == {"front:tag:post,1", "other:4711"}

        # A change is taken in once, from the feed that leads.
        desk.later(minutes=15)
        web.put("/local", rss(item("4711", "/a?utm_source=local&fbclid=x", "Ferry, corrected")))
        assert desk.look("local").ids == ()
        # The leading feeds no longer name it: then the other's news counts, for the same story.
        web.put("/front", rss(item("tag:post,2", "/b")))
        web.put("/sport", rss(item("tag:post,2", "/b")))
        web.page("/b", "The roof is new.")
        assert len(desk.look("front").ids) == 1
        desk.later(minutes=15)
        web.put("/local", rss(item("4711", "/a?utm_source=local&fbclid=x", "Ferry, corrected twice")))
        web.page("/a?utm_source=local&fbclid=x", "The ferry is on time.")
        assert len(desk.look("local").ids) == 1
        assert "on time" in desk.stories()["front:tag:post,1"]
        assert set(desk.stories()) == {"front:tag:post,1", "front:tag:post,2", "other:4711"}


@pytest.mark.parametrize(("status", "stories"), [(301, 1), (302, 2)])
def test_a_link_that_has_moved_for_good_is_the_story_there(
    tmp_path: Path, web: Site, status: int, stories: int
) -> None:
    """A feed that counts clicks links elsewhere. What redirects for now (a log-in) names no story."""
    sources = "".join(
        f"  {name}: {{kind: feed, publisher: Post, form: page, url: {web.base}/{name}, {EASY}}}\n"
        for name in ("one", "two")
    )
    with newsroom(tmp_path, sources) as desk:
        web.put("/one", rss(item("1", "/a")))
        web.put("/two", rss(item("x", "/r/17")))
        web.page("/a", "The ferry is late.")
        web.put("/r/17", "", status=status, headers={"Location": "/a"})
        desk.look("one")
        desk.look("two")
        assert len(desk.stories()) == stories
        desk.later(hours=2)
        web.put("/two", rss(item("x", "/r/17", "Ferry, corrected")))
        desk.look("two")
        assert len(desk.stories()) == stories


def test_entries_that_share_a_link_or_a_guid_are_not_one_story(web: Site, desk: Newsroom) -> None:
    """A live blog links all its entries to one page; a careless feed gives each the guid 0."""
    web.put("/feed", rss(item("a", "/live"), item("b", "/live"), item("0", "/c"), item("0", "/d")))
    for path in ("/live", "/c", "/d"):
        web.page(path, f"The story at {path}.")
    desk.look()
    assert len(desk.stories()) == 4


def test_the_same_bare_guid_in_two_feeds_is_two_stories(tmp_path: Path, web: Site) -> None:
    sources = f"  wire: {{kind: feed, form: page, urls: [{web.base}/one, {web.base}/two], {EASY}}}\n"
    with newsroom(tmp_path, sources) as desk:
        web.put("/one", rss(item("1", "/a")))
        web.put("/two", rss(item("1", "/b")))
        web.page("/a", "The ferry is late.")
        web.page("/b", "The roof is new.")
        assert len(desk.look().ids) == 2
        assert sorted("ferry" in text for text in desk.stories().values()) == [False, True]


def test_a_feed_with_the_whole_text_is_told_apart_by_its_entries(tmp_path: Path, web: Site) -> None:
    sources = f"  wire: {{kind: feed, form: body, url: {web.base}/feed, {EASY}}}\n"
    with newsroom(tmp_path, sources) as desk:
        web.put("/feed", rss(item("a", "/a", text="The ferry is late."), item("b", "/b", text="The roof.")))
        assert len(desk.look().ids) == 2
        desk.later(minutes=15)
        web.put("/feed", rss(item("a", "/a", text="The ferry is lost."), item("b", "/b", text="The roof.")))
        assert len(desk.look().ids) == 1
        assert desk.stories()["wire:a"] == "The ferry is lost."
        assert web.heard() == [("/feed", 200), ("/feed", 200)]


def test_more_entries_than_a_look_may_take_are_left_to_the_next(tmp_path: Path, web: Site) -> None:
    sources = f"  wire: {{kind: feed, form: body, url: {web.base}/feed, private_addresses: yes, limits: {{stories: 2, pause: 0}}}}\n"
    with newsroom(tmp_path, sources) as desk:
        web.put("/feed", rss(*(item(f"s{number}", text=f"Story {number}.") for number in range(5))))
        assert [len(desk.look().ids) for _ in range(4)] == [2, 2, 1, 0]


def test_a_feed_that_is_down_is_asked_ever_more_rarely(web: Site, desk: Newsroom) -> None:
    web.put("/feed", "", status=500)
    with pytest.raises(SourceDown, match="answered 500") as told:
        desk.look()
    assert told.value.again_at is not None
    pauses = []
    for _ in range(12):
        again = desk.state().next_look
        assert again is not None
        pauses.append((again - desk.now).total_seconds())
        with pytest.raises(SourceDown, match=r"not asked before .* because it failed .*answered 500"):
            desk.look()  # before that time it is not asked, and the run says why
        desk.now = again
        with pytest.raises(SourceDown):
            desk.look()
    assert all(45 * 2**n <= pause <= 60 * 2**n for n, pause in enumerate(pauses[:8]))
    assert max(pauses) <= 6 * 3600
    assert len(web.heard()) == 13
    web.put("/feed", rss())
    desk.later(hours=6)
    desk.look()
    assert desk.state().failures == 0
    assert desk.state().last_error is None


def test_one_of_many_feeds_that_is_down_does_not_take_the_source_down(tmp_path: Path, web: Site) -> None:
    """So many answers are written down at once; the one after them is the one that fails."""
    paths = [f"/feed/{number}" for number in range(WRITTEN_AFTER + 1)]
    urls = ", ".join(web.base + path for path in paths)
    limits = "limits: {pause: 0, per_host: 1, requests: 1}"
    with newsroom(
        tmp_path, f"  wire: {{kind: feed, urls: [{urls}], private_addresses: yes, {limits}}}\n"
    ) as desk:
        for path in paths:
            web.put(path, rss())
        desk.look()
        web.resources[paths[-1]].status = 503
        desk.later(minutes=15)
        (problem,) = desk.look().problems
        assert problem == f"wire: {web.base}{paths[-1]}: answered 503 Service Unavailable"
        assert (desk.state().addresses, desk.state().failing) == (len(paths), 1)


def test_a_page_is_asked_once_in_a_look(web: Site, desk: Newsroom) -> None:
    paths = [f"/s/{number}" for number in range(WRITTEN_AFTER + 1)]
    web.put("/feed", rss(*(item(path, path) for path in paths)))
    for path in paths:
        web.page(path, f"The story at {path}.")
    assert len(desk.look().ids) == len(paths)
    assert len(web.heard()) == len(paths) + 1


@pytest.mark.parametrize("said", ["3600", "Tue, 03 Mar 2026 13:00:00 GMT"])
def test_retry_after_is_obeyed_for_the_whole_host(tmp_path: Path, web: Site, said: str) -> None:
    sources = "".join(
        f"  {name}: {{kind: feed, form: body, url: {web.base}/{name}, {EASY}}}\n" for name in ("one", "two")
    )
    headers = {"Retry-After": said, "Date": "Tue, 03 Mar 2026 12:00:00 GMT"}
    with newsroom(tmp_path, sources) as desk:
        web.put("/one", "", status=429, headers=headers)
        web.put("/two", rss(item("a", text="The ferry.")))
        with pytest.raises(SourceDown, match="answered 429"):
            desk.look("one")
        desk.later(minutes=59)
        with pytest.raises(SourceDown, match="not asked before 03 March, 13:00 UTC"):
            desk.look("one")
        (skipped,) = desk.look("two").skipped
        assert "asked to be left alone" in skipped
        assert web.heard() == [("/one", 429)]
        desk.later(minutes=2)
        assert len(desk.look("two").ids) == 1


@pytest.mark.parametrize(
    ("headers", "head"),
    [
        ({"Cache-Control": "max-age=3600"}, ""),
        ({"Expires": "Tue, 03 Mar 2026 13:00:00 GMT", "Date": "Tue, 03 Mar 2026 12:00:00 GMT"}, ""),
        ({}, "<ttl>60</ttl>"),
    ],
)
def test_a_feed_is_not_asked_before_it_wants_to_be(
    web: Site, desk: Newsroom, headers: dict[str, str], head: str
) -> None:
    web.put("/feed", rss(item("a", "/a"), head=head), headers=headers)
    web.page("/a", "The ferry.")
    desk.look()
    web.heard()
    desk.later(minutes=45)
    assert "asked to be left alone" in desk.look().skipped[0]
    assert ("/feed", 200) not in web.heard()
    desk.later(minutes=15)
    desk.look()
    assert ("/feed", 304) in web.heard()
