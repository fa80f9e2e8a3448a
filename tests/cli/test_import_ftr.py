"""cleancopy rules import-ftr: site files of another program, taken in as they are; and what explain tells of selectors."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_newsroom import PIPELINE, Run

GOOD = "body: //div[@class='words']\nstrip_id_or_class: promo\ntest_url: https://norrby.example/ferry\n"
MIXED = "strip: //aside\nnext_page_link: //a\nfind_string: <b>\nreplace_string: <i>\nbody: //div[\n"
PARAGRAPHS = (
    "The harbour of Kesten closed at noon after the tide gauge failed, the port authority said on Monday.",
    "Nine boats waited outside the mole until the evening, when a diver had mended the gauge by hand.",
    "The gauge is forty years old, and the port has asked for a new one in each of the last six budgets.",
)
PAGE = (
    "<!doctype html><html lang=en><head><title>Harbour closed</title></head><body><div class={}><h1>Harbour of Kesten closed</h1>"
    + "".join(f"<p>{one}</p>" for one in PARAGRAPHS)
    + "<p class=promo>Get our harbour letter</p></div></body></html>"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "norrby.example.txt").write_text(GOOD)
    (folder / "Mixed.example.txt").write_text(MIXED)
    (folder / "LICENSE.txt").write_text("CC0")
    return folder


def test_files_are_taken_in_and_what_is_not_followed_is_listed(
    run: Run, source: Path, small_config: Path
) -> None:
    result = run("rules", "import-ftr", str(source))
    assert result.exit_code == 0, result.stderr
    folder = small_config / "publishers" / "ftr"
    assert sorted(path.name for path in folder.iterdir()) == ["mixed.example.txt", "norrby.example.txt"]
    assert (folder / "norrby.example.txt").read_text() == GOOD
    told = result.stdout.splitlines()
    assert [line.split(": ")[0] for line in told] == [
        f"mixed.example.txt:{number}" for number in (2, 3, 4, 5)
    ]
    assert "fetches no other" in told[0]
    assert "no XPath" in told[3]
    assert "2 site files are in" in result.stderr
    assert "4 of their lines are not followed" in result.stderr


def test_imported_files_are_checked_counted_and_used(run: Run, source: Path, small_config: Path) -> None:
    run("rules", "import-ftr", str(source))
    refused = run("rules", "check")
    assert refused.exit_code == 1
    assert "List site_rules: under cleaners:" in refused.stdout
    (small_config / "pipeline.yaml").write_text(PIPELINE + "  site_rules:\n")
    checked = run("rules", "check")
    assert checked.exit_code == 0, checked.stdout
    assert "2 imported site files" in checked.stderr
    assert "4 of their lines are not followed" in checked.stderr
    Path("story.html").write_text(PAGE.format("words"))
    told = run("explain", "--url", "https://www.norrby.example/kesten", "story.html").stdout
    assert "ftr/norrby.example/strip_id_or_class promo" in told
    assert "for the desk" not in told


def test_explain_tells_of_a_selector_that_does_not_match_any_more(
    run: Run, source: Path, small_config: Path
) -> None:
    run("rules", "import-ftr", str(source))
    (small_config / "pipeline.yaml").write_text(PIPELINE + "  site_rules:\n")
    Path("story.html").write_text(PAGE.format("new-layout"))
    told = run("explain", "--url", "https://norrby.example/kesten", "story.html").stdout
    rows = " ".join(told.split())
    assert "for the desk: no body selector of ftr/norrby.example matches this page" in rows
    assert "publishers/ftr/norrby.example.txt:1" in rows
    assert PARAGRAPHS[0] in rows


def test_what_holds_no_site_files_is_refused(run: Run, tmp_path: Path, small_config: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, said in (("empty", "there is no site file here"), ("absent.tar.gz", "Nothing was imported")):
        result = run("rules", "import-ftr", str(tmp_path / name))
        assert result.exit_code == 2
        assert said in result.stderr
    assert not (small_config / "publishers" / "ftr").exists()
