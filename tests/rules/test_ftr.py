"""Site files in the ftr-site-config format: read as they are, by host, and only when one asks."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cleaners.rules import ConfigError, ImportedSites, load_rulebook, read_site_file, site_files_in
from cleaners.rules.rulebook import read_rulebook

Write = Callable[..., Path]
FILE = b"""\
# A paper that does not exist.
body: //div[@id='words']
body: //article
title: //h1[@class='t']
title: //meta[@property='og:title']/@content
author: substring-after(//p[@class='who'], 'By ')
date://time/@datetime
strip: //aside
strip_id_or_class: 'promo'
strip_image_src: spacer.gif
prune: no
tidy: no
autodetect_on_failure: no
test_url: https://norrby-beacon.example/ferry
test_contains: The ferry
"""


def test_a_file_is_read_as_it_is() -> None:
    file = read_site_file("norrby-beacon.example", FILE, "publishers/ftr/norrby-beacon.example.txt")
    rules = file.rules
    assert [one.query for one in rules.body] == ["//div[@id='words']", "//article"]
    assert [(one.way, one.query) for one in rules.remove] == [
        ("xpath", "//aside"),
        ("id-or-class", "promo"),
        ("image-src", "spacer.gif"),
    ]
    fields = {name: [one.query for one in found] for name, found in rules.fields}
    assert fields == {
        "headline": ["//h1[@class='t']"],
        "byline": ["substring-after(//p[@class='who'], 'By ')"],
        "published": ["//time/@datetime"],
    }
    assert rules.search is False
    assert rules.tested == ("https://norrby-beacon.example/ferry",)
    assert rules.remove[1].rule == "ftr/norrby-beacon.example/strip_id_or_class promo"
    assert rules.remove[1].place == "publishers/ftr/norrby-beacon.example.txt:9"
    assert file.unhonoured == ()


@pytest.mark.parametrize(
    ("line", "directive", "why"),
    [
        ("next_page_link: //a[@rel='next']", "next_page_link", "fetches no other"),
        ("http_header(user-agent): PHP/7.4", "http_header", "fetches no other"),
        ("find_string: <b>", "find_string", "never rewritten"),
        ("replace_string(<a:b): <c", "replace_string", "never rewritten"),
        ("wrap_in(h2): //b", "wrap_in", "never moved"),
        ("parser: html5php", "parser", "lxml"),
        ("strip: //img/@srcset", "strip", "link's address"),
        ("strip: //p/text()", "strip", "texts and no elements"),
        ("body: //div[contains(@class='x')]", "body", "Invalid number of arguments"),
        ("body: //div[", "body", "no XPath"),
        ("body: string(//p)", "body", "gives a text"),
        ("titl: //h1", "titl", "Did you mean title?"),
        ("body:", "body", "says nothing"),
        ("// a comment of another kind", "?", "no colon"),
    ],
)
def test_what_cannot_be_followed_is_told_by_line_and_the_rest_counts(line, directive, why) -> None:
    file = read_site_file("x.example", f"strip: //nav\n\n{line}\nstrip: //aside".encode(), "x")
    (found,) = file.unhonoured
    assert (found.line, found.text, found.directive) == (3, line, directive)
    assert why in found.why
    assert [one.query for one in file.rules.remove] == ["//nav", "//aside"]


def test_a_file_that_is_not_utf8_is_read_and_told() -> None:
    file = read_site_file("x.example", "body: //div[@id='wörter']".encode("cp1252"), "x")
    assert file.rules.body[0].query == "//div[@id='wörter']"
    assert "not UTF-8" in file.unhonoured[0].why


SITES = ImportedSites(
    {
        "norrby.example": b"strip: //a",
        ".norrby.example": b"strip: //b",
        "sport.norrby.example": b"strip: //i\nautodetect_on_failure: no",
        "global": b"title: //title\nstrip: //u",
    }
)


@pytest.mark.parametrize(
    ("host", "stripped"),
    [
        ("norrby.example", ["//a", "//u"]),
        ("www.norrby.example", ["//a", "//u"]),
        ("sport.norrby.example", ["//i"]),
        ("www.sport.norrby.example", ["//i"]),
        ("news.norrby.example", ["//b", "//u"]),
        ("old.news.norrby.example", ["//b", "//u"]),
        ("xnorrby.example", None),
        ("example", None),
        ("global", None),
        ("", None),
    ],
)
def test_hosts_and_subdomains_find_their_file(host, stripped) -> None:
    found = SITES.find(host)
    assert (None if found is None else [one.query for one in found.remove]) == stripped


def put(folder: Path, **files: bytes) -> Path:
    ftr = folder / "publishers" / "ftr"
    ftr.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (ftr / name.replace("__", ".")).write_bytes(content)
    return folder


def test_imported_files_stand_behind_the_publishers_own_selectors(write_config: Write) -> None:
    own = "hosts: [norrby.example]\npage: {body: .words, remove: .promo}\n"
    book = load_rulebook(
        put(write_config({"norrby": own}), norrby__example__txt=FILE, other__example__txt=FILE)
    )
    site = book.site("norrby")
    assert site is not None
    assert [one.rule.split()[0] for one in site.body] == ["norrby/body", *["ftr/norrby.example/body"] * 2]
    assert [one.rule.split("/")[0] for one in site.remove] == ["norrby", *["ftr"] * 3]
    other = book.site(None, "https://www.other.example/story")
    assert other is not None
    assert other.name == "ftr/other.example"
    assert book.site("other.example") == other


def test_a_file_is_read_when_its_host_asks_and_not_before(write_config: Write, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(
        "cleaners.rules.sites.read_site_file",
        lambda name, *rest: asked.append(name) or read_site_file(name, *rest),
    )
    book = load_rulebook(put(write_config(), norrby__example__txt=FILE, other__example__txt=FILE))
    assert book.version
    assert asked == []
    assert book.site(None, "http://norrby.example") is book.site("norrby.example")
    assert asked == ["norrby.example"]


def test_a_change_in_a_site_file_changes_the_version(write_config: Write) -> None:
    before = load_rulebook(put(write_config(), norrby__example__txt=FILE)).version
    assert load_rulebook(put(write_config(), norrby__example__txt=FILE + b"\nstrip: //b")).version != before


def test_files_that_name_no_host_are_mistakes(write_config: Write) -> None:
    folder = put(write_config(), norrby__txt=FILE, LICENSE__txt=b"CC0", global__txt=b"", a__yaml=b"")
    _, errors = read_rulebook(folder)
    assert [Path(error.file).name for error in errors] == ["a.yaml", "norrby.txt"]
    assert all(error.hint for error in errors)
    with pytest.raises(ConfigError):
        load_rulebook(folder)


def archive(path: Path, **files: bytes) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "."))
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("evil.example.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return path


def test_a_folder_and_an_archive_give_the_same_and_nothing_is_unpacked(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    for name in ("B.example.txt", ".c.example.txt", "LICENSE.txt", "notes.md"):
        (folder / name).write_bytes(FILE)
    expected = [(".c.example", FILE), ("b.example", FILE)]
    assert list(site_files_in(folder)) == expected
    packed = archive(
        tmp_path / "s.tar.gz",
        **{"x/B.example.txt": FILE, "../../.c.example.txt": FILE, "LICENSE.txt": FILE},
    )
    assert list(site_files_in(packed)) == expected
    assert not (tmp_path.parent / ".c.example.txt").exists()


def test_what_is_neither_or_far_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_bytes(b"no archive")
    with pytest.raises(ValueError, match="neither a folder nor"):
        list(site_files_in(tmp_path / "x.tar.gz"))
    (tmp_path / "x.example.txt").write_bytes(b"#" * 300_000)
    with pytest.raises(ValueError, match="300,000 bytes"):
        list(site_files_in(tmp_path))


@pytest.mark.shared
def test_the_whole_collection_loads(shared: Path) -> None:
    packed = shared / "data" / "ftr-site-config" / "ftr-site-config.tar.gz"
    sites = ImportedSites(dict(site_files_in(packed)))
    assert len(sites.files) > 2_000
    read = [sites.read(name) for name in sites.files]
    assert sum(len(file.rules.body) for file in read) > 1_900
    assert sum(len(file.rules.remove) for file in read) > 8_000
    assert sum(len(file.rules.tested) for file in read) > 2_500
    # Whatever is not followed belongs to fetching, rewriting or moving, or is a mistake in its file.
    own = [
        line
        for file in read
        for line in file.unhonoured
        if line.directive in ("body", "strip", "title", "date")
    ]
    assert len(own) < 40
    assert all(line.why for file in read for line in file.unhonoured)
