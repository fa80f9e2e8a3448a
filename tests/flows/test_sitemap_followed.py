"""A sitemap on a real server, followed through new, changed, broken, gone and back; indexes, news sitemaps, packed and hostile ones."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from watched_site import Newsroom, Site, newsroom, site, urlset

from flows.sources import sitemap as sitemaps
from flows.sources.http import Fetched
from flows.sources.sitemap import BrokenSitemap, parse_sitemap
from flows.tasks.intake import Intake

EASY = "private_addresses: yes, limits: {pause: 0, per_host: 8}"


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        for path in "abcd":
            served.page(f"/{path}", f"The story at {path}.")
        yield served


@pytest.fixture
def desk(tmp_path: Path, web: Site) -> Iterator[Newsroom]:
    with newsroom(tmp_path, f"  wire: {{kind: sitemap, url: {web.base}/map.xml, {EASY}}}\n") as room:
        yield room


def test_new_changed_broken_gone_and_back(web: Site, desk: Newsroom) -> None:
    web.put("/map.xml", urlset(("/a", "2026-03-03T08:00:00Z"), ("/b", "2026-03-03T09:00:00Z")))
    assert len(desk.look().ids) == 2
    assert web.heard() == [("/a", 200), ("/b", 200), ("/map.xml", 200)]
    assert set(desk.stories()) == {f"wire:{web.base}/a", f"wire:{web.base}/b"}

    desk.later(hours=1)
    assert desk.look() == Intake()
    assert ("/map.xml", 304) in web.heard()

    desk.later(hours=1)
    web.put("/map.xml", urlset(("/a", "2026-03-03T14:00:00Z"), ("/b", "2026-03-03T09:00:00Z")))
    web.page("/a", "The story at a, corrected.")
    assert len(desk.look().ids) == 1
    assert ("/a", 200) in web.heard()
    assert "corrected" in desk.stories()[f"wire:{web.base}/a"]

    # Cut off in the middle: nothing has vanished because of it.
    desk.later(hours=1)
    web.put("/map.xml", urlset(("/a", "2026-03-03T14:00:00Z"))[:150])
    broken = desk.look()
    assert broken.gone == ()
    assert "not well-formed XML in line 1" in broken.problems[0]
    assert desk.state().failures == 1

    desk.later(hours=1)
    web.put("/map.xml", urlset(("/a", "2026-03-03T14:00:00Z")))
    assert desk.look().gone == (f"wire: {web.base}/b: no longer in the sitemap. It stays as it is",)
    assert (desk.state().seen, desk.state().gone) == (1, 1)
    assert len(desk.stories()) == 2
    desk.later(hours=1)
    assert desk.look().gone == ()

    desk.later(hours=1)
    web.put("/map.xml", urlset(("/a", "2026-03-03T14:00:00Z"), ("/b", "2026-03-03T09:00:00Z")))
    back = desk.look()
    assert back.back == (f"wire: {web.base}/b: it is there again",)
    assert back.ids == (), "its words are the same: nothing to clean"
    assert (desk.state().seen, desk.state().gone) == (2, 0)


def test_a_page_that_is_taken_down_is_told_and_comes_back(web: Site, desk: Newsroom) -> None:
    web.put("/map.xml", urlset(("/a", "2026-03-03T08:00:00Z")))
    desk.look()
    web.page("/a", "", status=410)
    desk.later(hours=1)
    (gone,) = desk.look().gone
    assert "its page answers 410" in gone
    web.page("/a", "The story at a, again.")
    desk.later(hours=3)
    again = desk.look()
    assert (len(again.ids), len(again.back)) == (1, 1)


def test_without_lastmod_each_page_is_asked_whether_it_has_changed(web: Site, desk: Newsroom) -> None:
    web.put("/map.xml", urlset(("/a", None), ("/b", None)))
    desk.look()
    web.heard()
    desk.later(days=30)
    web.page("/b", "The story at b, corrected.")
    assert len(desk.look().ids) == 1
    assert web.heard() == [("/a", 304), ("/b", 200), ("/map.xml", 304)]


def test_paths_and_age_choose(tmp_path: Path, web: Site) -> None:
    sources = f"  wire: {{kind: sitemap, url: {web.base}/map.xml, paths: ['/a', '/c*'], days: 2, {EASY}}}\n"
    with newsroom(tmp_path, sources) as desk:
        web.put(
            "/map.xml",
            urlset(("/a", "2026-03-02"), ("/b", "2026-03-03"), ("/c", "2026-02-20"), ("/c/1", None)),
        )
        web.page("/c/1", "The story at c.")
        desk.look()
        assert set(desk.stories()) == {f"wire:{web.base}/a", f"wire:{web.base}/c/1"}
        # What grows old in the sitemap has not vanished.
        desk.later(days=5)
        web.put("/map.xml", urlset(("/a", "2026-03-02"), ("/c/1", None)))
        assert desk.look().gone == ()


def index(*paths: str, changed: str = "2026-03-03") -> str:
    inner = "".join(f"<sitemap><loc>BASE{path}</loc><lastmod>{changed}</lastmod></sitemap>" for path in paths)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inner}</sitemapindex>'


def test_an_index_is_followed_and_a_story_may_move_inside_it(web: Site, desk: Newsroom) -> None:
    web.put("/map.xml", index("/one.xml", "/two.xml.gz"))
    web.put("/one.xml", urlset(("/a", "2026-03-03"), ("/b", "2026-03-03")))
    web.put("/two.xml.gz", b"")
    web.resources["/two.xml.gz"].body = gzip.compress(
        urlset(("/c", "2026-03-03")).replace("BASE", web.base).encode(), mtime=0
    )
    assert len(desk.look().ids) == 3
    # The index is unchanged, and what it names is asked all the same.
    web.heard()
    desk.later(hours=1)
    web.put("/one.xml", urlset(("/b", "2026-03-03"), ("/d", "2026-03-03")))
    moved = urlset(("/a", "2026-03-03"), ("/c", "2026-03-03")).replace("BASE", web.base)
    web.resources["/two.xml.gz"].body = gzip.compress(moved.encode(), mtime=0)
    intake = desk.look()
    assert intake.gone == ()
    assert f"wire:{web.base}/d" in desk.stories()
    assert ("/map.xml", 304) in web.heard()
    # A sitemap that the index no longer names takes its stories along.
    desk.later(hours=1)
    web.put("/map.xml", index("/one.xml"))
    assert sorted(one.split(" ")[1] for one in desk.look().gone) == [f"{web.base}/a:", f"{web.base}/c:"]
    assert desk.state().addresses == 2


def test_an_index_that_points_to_itself_or_ever_deeper_ends(web: Site, desk: Newsroom) -> None:
    web.put("/map.xml", index("/map.xml", "/deep/1.xml"))
    for level in range(1, 30):
        web.put(f"/deep/{level}.xml", index("/map.xml", f"/deep/{level + 1}.xml"))
    desk.look()
    asked = [path for path, _ in web.heard()]
    assert asked == ["/deep/1.xml", "/deep/2.xml", "/map.xml"]


def test_old_parts_of_an_index_are_not_asked_and_not_gone(web: Site, desk: Newsroom) -> None:
    web.put("/map.xml", index("/one.xml"))
    web.put("/one.xml", urlset(("/a", "2026-03-03")))
    desk.look()
    desk.later(days=60)
    web.put("/map.xml", index("/one.xml") + " ")
    web.heard()
    assert desk.look().gone == ()
    assert web.heard() == [("/map.xml", 200)]


NEWS = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>BASE/a</loc><news:news><news:publication><news:name>Harbour Post</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-03-03T08:00:00+00:00</news:publication_date><news:title>The ferry &amp; the quay</news:title></news:news></url></urlset>"""


def test_a_news_sitemap_gives_headlines_and_forgets_after_two_days(web: Site, desk: Newsroom) -> None:
    web.put("/map.xml", NEWS)
    desk.look()
    page = parse_sitemap(Fetched("https://post.example/map.xml", NEWS.encode())).pages[0]
    assert (page.headline, page.published) == ("The ferry & the quay", "2026-03-03T08:00:00+00:00")
    web.put("/map.xml", urlset())
    desk.later(hours=6)
    assert "no longer in the sitemap" in desk.look().gone[0], "after six hours it has been taken out"


def test_a_news_story_that_is_two_days_old_only_falls_off(web: Site, desk: Newsroom) -> None:
    web.put("/map.xml", NEWS)
    desk.look()
    web.put("/map.xml", urlset())
    desk.later(hours=48)
    assert desk.look().gone == ()


def test_the_front_page_in_a_sitemap_is_a_page_that_stays(web: Site, desk: Newsroom) -> None:
    web.page("/", "Welcome.")
    web.put("/map.xml", urlset(("/", "2026-03-03")))
    first = desk.look()
    assert (len(first.ids), first.gone) == (1, ())


def test_a_whole_sitemap_that_empties_is_one_sentence(web: Site, desk: Newsroom) -> None:
    many = [(f"/s/{number}", "2026-03-03") for number in range(40)]
    for path, _ in many:
        web.page(path, f"The story at {path}.")
    web.put("/map.xml", urlset(*many))
    assert len(desk.look().ids) == 40
    web.put("/map.xml", urlset())
    desk.later(hours=1)
    (gone,) = desk.look().gone
    assert gone.startswith(
        "wire: 40 stories at once are no longer in the sitemap; look whether the list is whole"
    )


def parse(body: bytes, content_type: str = "text/xml") -> list[str]:
    return [
        page.url for page in parse_sitemap(Fetched("https://post.example/map.xml", body, content_type)).pages
    ]


def test_a_gzip_bomb_is_refused() -> None:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        for _ in range(80):
            file.write(b" " * 1_000_000)
    with pytest.raises(BrokenSitemap, match="unpacked larger than 52,428,800 bytes"):
        parse(packed.getvalue())
    with pytest.raises(BrokenSitemap, match="not the gzip that it says it is"):
        parse(b"\x1f\x8b" + zlib.compress(b"x"))


def test_billion_laughs_and_files_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do not read")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    for declared, used in ((laughs, "&l11;"), (f'<!ENTITY f SYSTEM "{secret.as_uri()}">', "&f;")):
        body = f"<!DOCTYPE urlset [{declared}]><urlset><url><loc>https://post.example/{used}</loc></url></urlset>"
        with pytest.raises(BrokenSitemap, match="document type"):
            parse(body.encode())


def test_what_is_no_sitemap_is_told() -> None:
    for body in (
        b"",
        b"<!doctype html><p>Not found",
        b"<!DOCTYPE html><p>Back soon",
        b'{"error": 404}',
        b"<rss/>",
    ):
        with pytest.raises(BrokenSitemap, match="no sitemap, but text/html"):
            parse(body, "text/html; charset=utf-8")


def test_so_many_addresses_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "MOST_ADDRESSES", 3)
    assert len(parse(urlset(*((f"/{n}", None) for n in range(9))).encode())) == 3


def test_a_picture_is_not_the_page() -> None:
    body = (
        b'<urlset xmlns:image="x"><url><image:image><image:loc>https://post.example/q.jpg</image:loc></image:image>'
        b"<loc> https://post.example/a </loc></url><url><lastmod>2026-03-03</lastmod></url></urlset>"
    )
    assert parse(body) == ["https://post.example/a"]
