"""``page:`` in a publisher's file: what is understood, and what is refused with file, line, column and what to write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cleaners.rules import load_rulebook
from cleaners.rules.rulebook import read_rulebook

Write = Callable[..., Path]
FILE = """
    hosts: [norrby-beacon.example]
    page:
      body: article .words
      remove:
        - .promo
        - select: //div[@id='more']
          why: Teasers of other stories.
          since: 2026-01-01
          may_exceed: yes
      byline: [.who, "substring-after(//h4, 'By ')"]
"""


def test_selectors_are_read_with_rule_reason_place_and_dates(write_config: Write) -> None:
    site = load_rulebook(write_config({"beacon": FILE})).site("beacon")
    assert site is not None
    (body,) = site.body
    assert (body.rule, body.place) == ("beacon/body article .words", "publishers/beacon.yaml:3")
    assert body.query.startswith("descendant-or-self::article/")
    promo, more = site.remove
    assert (promo.why, promo.since, promo.may_exceed) == (
        "The publisher's page rules take this out.",
        None,
        False,
    )
    assert (more.query, more.why, more.since) == (
        "//div[@id='more']",
        "Teasers of other stories.",
        date(2026, 1, 1),
    )
    assert (more.place, more.may_exceed) == ("publishers/beacon.yaml:6", True)
    assert [one.rule for one in dict(site.fields)["byline"]] == [
        "beacon/byline .who",
        "beacon/byline substring-after(//h4, 'By ')",
    ]


def test_a_publisher_is_found_by_the_host_of_the_page(write_config: Write) -> None:
    book = load_rulebook(write_config({"beacon": FILE}))
    assert book.site(None, "https://www.norrby-beacon.example/a") == book.site("beacon")
    assert book.site(None, "https://elsewhere.example/a") is None
    assert book.has_sites


def test_selectors_are_part_of_the_version(write_config: Write) -> None:
    before = load_rulebook(write_config({"beacon": FILE})).version
    assert load_rulebook(write_config({"beacon": FILE.replace(".promo", ".offer")})).version != before


@pytest.mark.parametrize(
    ("page", "place", "said", "hint"),
    [
        ("bdoy: .words", (2, 3), "the key 'bdoy' is not known", "Did you mean body?"),
        ("body:\n    - select: .words\n      untli: 2026-01-01", (4, 7), "the key 'untli'", "Did you mean until?"),
        ("body: [.words, 'div >']", (2, 18), "'div >' is no CSS selector", "article .story-body"),
        ("remove: '//div['", (2, 3), "is no XPath that can be used", "XPath 1.0"),
        ("remove: ['//p[contains(@class=1)]']", (2, 12), "Invalid number of arguments", "XPath 1.0"),
        ("body: ['//p/@class']", (2, 10), "gives texts and no elements", "End it with the element"),
        ("body: ['string(//p)']", (2, 10), "gives a text", "Name the elements"),
        ("byline: ['/html[1] = 2']", (2, 12), "gives a number or yes and no", "Name the elements"),
        ("body: ['a:hover']", (2, 10), "can never match", ":hover"),
        ("body: ['p::before']", (2, 10), "Pseudo-elements are not supported", ""),
        ("body: ['//p[a[b[c[d[e]]]]]']", (2, 10), "conditions more than 4 deep", "own class or id"),
        ("body: ['//p[a[preceding::b]]']", (2, 10), "neighbours in a condition inside", "own class or id"),
        ("remove: [.a, .b, .a]", (2, 11), "'.a' is here twice", "Keep it once"),
        ("body: .a\n  remove: .a", (3, 11), "under body: and under remove:", "Keep one of the two"),
        ("search: no", (2, 11), "needs the selectors of the story", "Add body:"),
        ("body:\n    - {select: .a, since: 2026-02-01, until: 2026-01-01}", (3, 27), "since is later", "Swap"),
        ("body:\n    - {select: .a, since: 1.2.2026}", (3, 27), "write a date as 2026-03-31", ""),
        ("body:\n    - {why: x}", (3, 7), "needs the key 'select'", "Add select:"),
        ("body:\n    - {select: .a, may_exceed: yes}", (3, 20), "the key 'may_exceed' is not known", ""),
        ("body: []", (2, 9), "at least 1 item", ""),
        ("body: " + "x" * 1001, (2, 3), "1,000 are allowed", "several selectors"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_place(write_config: Write, page, place, said, hint) -> None:
    folder = write_config({"beacon": "page:\n  " + page + "\n"})
    _, errors = read_rulebook(folder)
    (error,) = errors
    assert (said in error.message, hint in error.hint) == (True, True), str(error)
    assert error.file == str(folder / "publishers" / "beacon.yaml")
    assert (error.line, error.column) == place, str(error)
