"""A list of pages on a real server, followed through new, changed, broken, gone and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from watched_site import Newsroom, Site, newsroom, site

from flows.tasks.intake import Intake, SourceDown
from flows.tasks.selection import Selection, choose


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        served.page("/a", "The ferry is late.")
        served.page("/b", "The roof is new.")
        yield served


@pytest.fixture
def desk(tmp_path: Path, web: Site) -> Iterator[Newsroom]:
    sources = f"  wire: {{kind: urls, urls: ['{web.base}/a'], file: pages.txt, private_addresses: yes, limits: {{pause: 0}}}}\n"
    with newsroom(tmp_path, sources) as room:
        list_pages(room, f"{web.base}/b")
        yield room


def list_pages(desk: Newsroom, *lines: str) -> None:
    (desk.settings.config_dir / "pages.txt").write_text("\n".join(lines) + "\n")


def test_new_changed_broken_gone_and_back(web: Site, desk: Newsroom) -> None:
    assert len(desk.look().ids) == 2
    assert web.heard() == [("/a", 200), ("/b", 200)]

    desk.later(days=10)
    assert desk.look() == Intake()
    assert web.heard() == [("/a", 304), ("/b", 304)]

    desk.later(hours=1)
    web.page("/a", "The ferry is on time.")
    assert len(desk.look().ids) == 1
    assert "on time" in desk.stories()[f"wire:{web.base}/a"]

    # The server has a bad day: that is no story's end, and the source shows it.
    desk.later(hours=1)
    web.resources["/a"].status = web.resources["/b"].status = 500
    assert desk.look().gone == ()
    assert (desk.state().failing, desk.state().failures) == (2, 1)
    assert "answered 500" in str(desk.state().last_error)
    web.page("/a", "The ferry is on time.")

    # Taken down.
    desk.later(hours=1)
    web.drop("/b")
    (gone,) = desk.look().gone
    assert "its page answers 404" in gone
    assert (desk.state().seen, desk.state().gone) == (1, 1)
    assert len(desk.stories()) == 2

    # Back with the same words, and later out of the list, and in again.
    desk.later(hours=7)
    web.page("/b", "The roof is new.")
    back = desk.look()
    assert (back.ids, back.back) == ((), (f"wire: {web.base}/b: it is there again",))
    list_pages(desk, "# nothing today")
    desk.later(hours=1)
    assert desk.look().gone == (f"wire: {web.base}/b: no longer in the list. It stays as it is",)
    list_pages(desk, f"{web.base}/b#top  # the roof")
    desk.later(hours=1)
    assert len(desk.look().back) == 1
    assert desk.state().gone == 0


def test_a_line_that_is_no_address_is_told_with_its_number(web: Site, desk: Newsroom) -> None:
    list_pages(desk, "# pages", "", "www.post.example/a", f"{web.base}/b")
    intake = desk.look()
    assert len(intake.ids) == 2
    assert intake.problems == (
        "wire: pages.txt, line 3: 'www.post.example/a' is no address. Write one such as https://…",
    )


def test_a_file_that_is_missing_is_told(desk: Newsroom) -> None:
    (desk.settings.config_dir / "pages.txt").unlink()
    with pytest.raises(
        SourceDown, match=r"pages\.txt cannot be read .* Create it, or mend file: in sources\.yaml"
    ):
        desk.look()


def test_a_page_without_validators_is_told_apart_by_its_words(web: Site, desk: Newsroom) -> None:
    def page(counter: int, words: str) -> None:
        web.put(
            "/a",
            f"<script>nonce={counter}</script><p>{words * 30}</p><div>{counter} visitors</div>",
            etag=False,
        )

    page(1, "The ferry is late. ")
    assert len(desk.look().ids) == 2
    web.heard()
    desk.later(minutes=30)
    desk.look()
    assert web.heard() == [("/b", 304)], "it has to be had whole each time: once an hour is enough"
    page(2, "The ferry is late. ")
    desk.later(minutes=31)
    assert desk.look().ids == ()
    assert ("/a", 200) in web.heard()
    page(3, "The ferry is lost. ")
    desk.later(hours=2)
    assert len(desk.look().ids) == 1


def test_one_that_moved_in_a_list_of_tracking_links_is_one(web: Site, desk: Newsroom) -> None:
    list_pages(desk, f"{web.base}/a?utm_source=list", f"{web.base}/a/")
    assert len(desk.look().ids) == 1


def test_pages_that_a_person_names_are_asked_with_the_manners_of_their_source(
    tmp_path: Path, web: Site
) -> None:
    web.put("/robots.txt", "User-agent: *\nDisallow: /desk/")
    web.page("/a", "The ferry is late.")
    web.page("/desk/b", "The roof is new.")
    source = f"  site: {{kind: urls, urls: ['{web.base}/a'], private_addresses: yes, limits: {{pause: 0}}}}\n"
    with newsroom(tmp_path, source) as desk:
        named = "\n".join(f"{web.base}{path}" for path in ("/a", "/desk/b", "/none"))
        chosen = choose(desk.engine, desk.settings, Selection(addresses=named, source="site"))
    assert [arrival.story_id for arrival in chosen.named] == [f"{web.base}/a"]
    refused, missing = chosen.problems
    assert "/robots.txt does not allow it to be fetched" in refused
    assert missing == f"{web.base}/none: answered 404 Not Found"
    assert ("/desk/b", 200) not in web.heard()
