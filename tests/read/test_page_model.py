"""The page model: what it adds to trafilatura's story, what it tells from it, and that it says why."""

from __future__ import annotations

import pytest

from cleaners.model import Raw
from cleaners.pipeline import Pipeline
from cleaners.read import read
from cleaners.read.leaves import leaves
from cleaners.read.metadata import Claims
from cleaners.read.page import page_as_seen
from cleaners.read.page_model import (
    COLUMNS,
    COMPANY_COLUMNS,
    NUMBERS,
    column_names,
    read_weights,
    see,
    shipped_page_weights,
    standings,
)

PARAGRAPHS = (
    "The harbour board of Orla voted on Monday to keep the old crane, after a winter of meetings that nobody will miss.",
    "Its eleven members had been split for most of that time, and the vote went six to five in the end.",
    "“We kept a landmark and bought ourselves a bill,” said Tilda Wexmoor, who chairs the board and voted against it.",
    "The crane has not lifted anything since 2009, when its last gear wheel broke during a storm in November.",
    "A firm from Lunden will strip the paint this summer, and the board expects the work to take about nine weeks.",
    "Neighbours asked for a quieter tool than the one that was used on the lighthouse, and they were promised one.",
)
POINTS = (
    "The crane stays where it is",
    "Paint goes first, in summer",
    "The bill is split in three",
)


def page(top: str = "", between: str = "", below: str = "") -> str:
    told = "".join(f"<p>{text}</p>" for text in PARAGRAPHS[:3])
    rest = "".join(f"<p>{text}</p>" for text in PARAGRAPHS[3:])
    return (
        "<!doctype html><html lang=en><head><title>Orla keeps its crane</title></head><body>"
        "<header class=site-header><nav><ul><li><a href=/>Home</a><li><a href=/news>News</a></ul></nav></header>"
        f"<main><article class=story><h1>Orla keeps its crane</h1>{top}<div class=article-body>{told}{between}{rest}</div>"
        f"{below}</article></main><footer class=site-footer><p>All rights reserved</p></footer></body></html>"
    )


def texts(html: str) -> list[str]:
    return [block.text for block in read(Raw("orla", "page", html)).blocks]


def test_a_block_of_a_page_knows_how_it_stands() -> None:
    story = read(Raw("orla", "page", page()))
    told = {block.text: block.lead for block in story.blocks}
    assert all((told[text] or 0) > 0 for text in PARAGRAPHS)


def test_other_forms_know_nothing_of_the_kind() -> None:
    story = read(Raw("orla", "body", "<p>The crane stays where it is.</p>"))
    assert [block.lead for block in story.blocks] == [None]


def test_a_kept_block_that_trails_goes_with_its_reason(pipeline: Pipeline) -> None:
    below = "".join(
        f'<li class="related-item"><a href="/r{n}">{title}</a></li>'
        for n, title in enumerate(("Ferry fares rise in May", "Lighthouse is painted", "Who owns the quay?"))
    )
    html = page(below=f'<div class="related-links share-box"><h3>More stories</h3><ul>{below}</ul></div>')
    cleaned = pipeline.clean(Raw("orla", "page", html))
    assert [block.text for block in cleaned.copy.blocks] == list(PARAGRAPHS)


def test_the_numbers_have_names_and_steps_that_rise() -> None:
    assert len(column_names()) == COLUMNS + COMPANY_COLUMNS == len(set(column_names()))
    assert all(list(edges) == sorted(set(edges)) for edges in NUMBERS.values())


def test_a_leaf_counts_for_itself_and_its_neighbours_alike_in_any_call() -> None:
    seen = page_as_seen(page(), None)
    assert seen is not None
    _, own, features = seen
    assert own
    assert (features.columns[:, :-1] < features.columns[:, 1:]).all()  # each number has columns of its own
    assert features.columns.min() >= 0
    assert features.columns.max() < COLUMNS


def test_weights_are_read_as_they_are_written() -> None:
    weights = read_weights("feature\tweight\nalways\t-7\nabove>=2 own\t12\nclass share\t-40\n")
    assert weights.always == -7
    assert weights.words == {"class share": -40}
    assert weights.numbers[column_names().index("above>=2 own")] == 12
    assert int(abs(weights.numbers).sum()) == 12


def test_what_speaks_against_a_leaf_is_told_strongest_first() -> None:
    import lxml.html

    weights = read_weights("feature\tweight\nclass share\t-40\nclass box\t-60\nclass story\t10\n")
    tree = lxml.html.document_fromstring('<div class="story share-box"><p>Send it to a friend</p></div>')
    (standing,) = standings(leaves(tree), {0}, Claims(), weights)
    assert standing.lead == -90
    assert standing.cues == ("class box", "class share")


def test_a_page_of_one_leaf_is_seen() -> None:
    import lxml.html

    tree = lxml.html.document_fromstring("<p>Crane</p>")
    assert see(leaves(tree), set(), Claims()).columns.shape == (1, len(NUMBERS))


@pytest.mark.parametrize("name", ["class share", "class related", "class article"])
def test_common_class_names_have_a_weight(name: str) -> None:
    assert name in shipped_page_weights().words


def test_a_row_of_a_table_and_a_long_paragraph_are_not_lightly_cut(pipeline: Pipeline) -> None:
    from dataclasses import replace

    from cleaners.kinds.page_model import PageModel, page_model
    from cleaners.kinds.registry import look

    story = pipeline.read(Raw("orla", "page", page()))
    long = "The harbour board voted to keep the crane. " * 9
    blocks = (
        replace(story.blocks[0], number=0, lead=-200),
        replace(story.blocks[0], number=1, lead=-200, kind="row"),
        replace(story.blocks[0], number=2, lead=-200, text=long),
        *(replace(block, number=number) for number, block in enumerate(story.blocks[1:] * 3, start=3)),
    )
    story = story.with_blocks(blocks)
    marks = list(page_model(story, look(story, pipeline.rulebook.ruleset(None, "en", None)), PageModel()))
    assert [(mark.block, mark.action) for mark in marks] == [(0, "remove"), (1, "suspect"), (2, "suspect")]


def test_where_most_of_a_page_trails_all_of_it_stays(pipeline: Pipeline) -> None:
    from dataclasses import replace

    from cleaners.kinds.page_model import PageModel, page_model
    from cleaners.kinds.registry import look

    story = pipeline.read(Raw("orla", "page", page()))
    story = story.with_blocks(tuple(replace(block, lead=-300) for block in story.blocks))
    marks = list(page_model(story, look(story, pipeline.rulebook.ruleset(None, "en", None)), PageModel()))
    assert {mark.action for mark in marks} == {"suspect"}
