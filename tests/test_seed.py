"""The story that began cleancopy comes out exactly as asked, in every form it can arrive in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.settings import tried_rules

pytestmark = pytest.mark.shared

Seed = tuple[list[str], dict[str, Any]]


@pytest.fixture(scope="module")
def seed(shared: Path) -> Seed:
    """The story's lines that are not empty, and what must come out of them."""
    lines = [line for line in (shared / "seed" / "story.txt").read_text("utf-8").splitlines() if line.strip()]
    return lines, json.loads((shared / "seed" / "expected.json").read_text("utf-8"))


@pytest.fixture(scope="module", autouse=True)
def loaded_once() -> Iterator[None]:
    """The command line loads the shipped rules and tries their examples once for all tests here, not a hundred times."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tried_rules, "load_tried_pipeline", cache(tried_rules.load_tried_pipeline))
        yield


def clean(path: Path, *options: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["clean", str(path), "--to", "json", *options])
    assert result.exit_code == 0, result.stderr
    record: dict[str, Any] = json.loads(result.stdout)
    return record


def plain(text: str) -> str:
    """The story has no-break spaces where expected.json has plain ones ("Follow us on:\\xa0Facebook")."""
    return " ".join(text.split())


def figure(lines: list[str]) -> str:
    """The picture: its alternative text is the line before the caption, as a CMS fills it in."""
    return f'<figure><img src="/p.jpg" alt="{escape(lines[3])}"><figcaption>{escape(lines[4])}</figcaption></figure>'


def paragraphs(lines: list[str]) -> str:
    return "\n".join(f"<p>{escape(line, quote=False)}</p>" for line in lines)


def body_of_paragraphs(lines: list[str]) -> str:
    """A <p> for each line; the picture line, which came twice, in the figure."""
    return f"{paragraphs(lines[:3])}\n{figure(lines)}\n{paragraphs(lines[5:])}"


def body_with_the_caption_twice(lines: list[str]) -> str:
    return (
        f"{paragraphs(lines[:4])}\n<figure><figcaption>{escape(lines[4])}</figcaption></figure>\n"
        f"{paragraphs(lines[5:])}"
    )


def page(head: str, body: str) -> str:
    return f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">{head}</head>\n<body>\n{body}\n</body>\n</html>\n'


def page_of_paragraphs(lines: list[str]) -> str:
    return page(f"<title>{escape(lines[1])}</title>", body_of_paragraphs(lines))


def page_with_an_article(lines: list[str]) -> str:
    article = (
        f"<article>\n<p>{escape(lines[0])}</p>\n<h1>{escape(lines[1])}</h1>\n<h2>{escape(lines[2])}</h2>\n"
        f"{figure(lines)}\n{paragraphs(lines[5:])}\n</article>"
    )
    return page(f"<title>{escape(lines[1])} | A Herald</title>", article)


def page_with_metadata(lines: list[str]) -> str:
    linked = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": lines[1],
        "description": lines[2],
        "articleSection": lines[0],
    }
    head = (
        f'<title>{escape(lines[1])}</title><meta property="og:title" content="{escape(lines[1])}">'
        f'<meta name="description" content="{escape(lines[2])}">'
        f'<script type="application/ld+json">{json.dumps(linked)}</script>'
    )
    article = (
        f"<main><article><header><p>{escape(lines[0])}</p><h1>{escape(lines[1])}</h1><p>{escape(lines[2])}</p></header>"
        f"{figure(lines)}<div>{paragraphs(lines[5:])}</div></article></main>"
    )
    return page(head, article)


def page_with_furniture(lines: list[str]) -> str:
    around = (
        '<nav><ul><li><a href="/">Home</a></li><li><a href="/world">World</a></li></ul></nav>',
        '<footer><p><a href="/terms">Terms</a></p><p><a href="/contact">Contact</a></p></footer>',
    )
    story = (
        f'<div class="story"><h1>{escape(lines[1])}</h1><p>{escape(lines[2])}</p>{figure(lines)}'
        f"{paragraphs(lines[5:])}</div>"
    )
    return page(
        f'<title>{escape(lines[1])}</title><meta property="article:section" content="{escape(lines[0])}">',
        f"{around[0]}<main>{story}</main>{around[1]}",
    )


def page_with_the_caption_twice(lines: list[str]) -> str:
    return page(
        f"<title>{escape(lines[1])}</title>", f"<article>{body_with_the_caption_twice(lines)}</article>"
    )


FORMS: dict[str, tuple[str, str, Callable[[list[str]], str]]] = {
    "text": ("story.txt", "text", lambda lines: "\n\n".join(lines)),
    "text-guessed": ("story.txt", "auto", lambda lines: "\r\n".join(lines)),
    "lines": ("story.jsonl", "jsonl", lambda lines: json.dumps({"id": "seed", "lang": "en", "lines": lines})),
    "body": ("story.html", "body", body_of_paragraphs),
    "body-guessed": ("story.html", "auto", body_of_paragraphs),
    "body-caption-twice": ("story.html", "body", body_with_the_caption_twice),
    "page": ("story.html", "page", page_of_paragraphs),
    "page-guessed": ("story.html", "auto", page_of_paragraphs),
    "page-article": ("story.html", "page", page_with_an_article),
    "page-metadata": ("story.html", "page", page_with_metadata),
    "page-furniture": ("story.html", "page", page_with_furniture),
    "page-caption-twice": ("story.html", "page", page_with_the_caption_twice),
}


@pytest.fixture(scope="module", params=FORMS)
def record(
    request: pytest.FixtureRequest, seed: Seed, loaded_once: None, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    name, form, made = FORMS[request.param]
    path = tmp_path_factory.mktemp("seed") / name
    path.write_text(made(seed[0]), "utf-8", newline="")
    result = CliRunner().invoke(app, ["clean", str(path), "--from", form, "--to", "jsonl"])
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_comes_out_exactly(record: dict[str, Any], seed: Seed) -> None:
    expected = seed[1]
    assert record["verdict"] == expected["verdict"], record["reasons"]
    assert record["reasons"] == []
    for field in ("headline", "standfirst", "section"):
        assert record[field] == expected[field], field
    pictures = [{"caption": one["caption"], "credit": one["credit"]} for one in record["pictures"]]
    assert pictures == expected["pictures"]
    assert record["text"].split("\n") == expected["body"]


def test_removes_exactly_five_lines_each_with_rule_and_reason(record: dict[str, Any], seed: Seed) -> None:
    removed = [one for one in record["removed"] if one["action"] == "remove"]
    assert [plain(one["text"]) for one in removed] == seed[1]["removed"]
    assert all(one["rules"] and one["why"] and one["field"] is None for one in removed)
    assert all(one["action"] == "lift" and one["field"] for one in record["removed"] if one not in removed)


@pytest.mark.parametrize("form", ["text", "body", "record"])
def test_cleaning_the_result_again_changes_nothing(record: dict[str, Any], form: str, tmp_path: Path) -> None:
    path = tmp_path / {"text": "again.txt", "body": "again.html", "record": "again.json"}[form]
    content = {"text": record["text"], "body": record["html"], "record": json.dumps(record)}[form]
    path.write_text(content, "utf-8", newline="")
    again = clean(path, "--from", "auto" if form == "record" else form)
    again = again[0] if isinstance(again, list) else again
    assert again["text"] == record["text"]
    assert [one for one in again["removed"] if one["action"] == "remove"] == []
    assert again["verdict"] == "publish"


def test_the_body_keeps_every_byte_outside_what_was_removed(seed: Seed, tmp_path: Path) -> None:
    lines, expected = seed
    path = tmp_path / "story.html"
    path.write_text(body_of_paragraphs(lines).replace("<p>", "<p class=\"x\" data-n='1'>"), "utf-8")
    html = clean(path, "--from", "body")["html"]
    assert all(
        f"<p class=\"x\" data-n='1'>{escape(one, quote=False)}</p>" in html for one in expected["body"]
    )
    assert not any(escape(one, quote=False) in plain(html) for one in expected["removed"])


def test_decisions_are_told_by_the_inputs_line(seed: Seed, tmp_path: Path) -> None:
    lines, expected = seed
    path = tmp_path / "story.jsonl"
    path.write_text(json.dumps({"id": "seed", "lines": lines}), "utf-8")
    result = CliRunner().invoke(app, ["clean", str(path), "--to", "decisions"])
    told = json.loads(result.stdout)
    gone = {line["index"]: line["action"] for line in told["lines"] if line["action"] in ("remove", "lift")}
    assert [plain(lines[index]) for index in sorted(gone) if gone[index] == "remove"] == expected["removed"]
    assert {0, 1, 2, 3, 4} == {index for index in gone if gone[index] == "lift"}
    assert told["id"] == "seed"
    assert told["verdict"] == "publish"
