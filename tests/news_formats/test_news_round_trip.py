"""What cleancopy writes for others, its own readers read back: nothing that a newsroom needs is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_news import CORRECTION, FEWER, NOON, killed, whole_edition, whole_story  # type: ignore[import-not-found]
from law_stories import lines, raw_body, raw_lines  # type: ignore[import-not-found]

from cleaners.model import Block, Cleaned, Fields, Picture, Raw, Story
from cleaners.pipeline import Pipeline
from cleaners.read import read
from cleaners.read.shortcodes import is_shortcodes
from cleaners.read.wire import read_wire
from cleaners.write import Edition, newsml_g2, ninjs, nitf
from cleaners.write.safe_text import line, safe

WRITERS: dict[str, Callable[[Cleaned | None, Edition], str]] = {
    "ninjs": ninjs,
    "nitf": nitf,
    "newsml-g2": newsml_g2,
}
STATUSES = {"usable": set(), "withheld": {"hold"}, "canceled": {"withdrawn"}}


def read_back(document: str) -> tuple[Raw, Story | None]:
    (item,) = [one for one in read_wire(document) if one.raw is None or one.raw.content or one.raw.ednote]
    assert item.raw is not None, item.problem
    return item.raw, read(item.raw) if item.raw.content else None


def kinds(story: Story) -> set[str]:
    return {signal.kind for signal in story.signals}


def letters(blocks: tuple[Block, ...]) -> str:
    """The story's words, without its captions: they are read as its pictures'."""
    told = (one.text for one in blocks if one.kind != "caption" and not is_shortcodes(one.text))
    return "".join("".join(safe(one).replace("|", "").split()) for one in told)


@pytest.mark.parametrize("format", WRITERS)
def test_everything_that_a_story_has_comes_back(format: str) -> None:
    raw, story = read_back(WRITERS[format](whole_story(), whole_edition()))
    fields = whole_story().copy.fields
    given_back = raw.given
    assert given_back is not None
    assert story is not None
    assert raw.id == whole_edition().uri
    assert raw.language == "en-GB"
    assert raw.headline == "Swan & warden agree on a toll", (
        "a reader takes <fair> for markup, as agencies send it"
    )
    assert given_back.standfirst == fields.standfirst
    assert given_back.section == fields.section
    assert given_back.byline == fields.byline
    assert given_back.agency == fields.agency
    assert given_back.rights == fields.rights
    assert given_back.tags == fields.tags
    assert given_back.published in ("2026-03-05T09:00:00+01:00", "2026-03-05T09:00:00+0100")
    pictures = {(one.caption, one.credit) for one in given_back.pictures}
    assert pictures == {("The swan on the bridge", "Ben Ito/Coastwire"), ("The warden", "Ana Duarte")}
    shown = [one for one in story.fields.pictures if one.url]
    assert [(one.url, one.alt) for one in shown] == [
        ("https://halvik.example/swan%20p%C3%A5%20bro.jpg", "A swan & a bridge")
    ]
    assert letters(story.blocks) == letters(whole_story().copy.blocks)
    assert CORRECTION in {block.text for block in story.blocks}
    assert not kinds(story) & {"hold", "kill", "withdrawn", "embargo", "advisory"}
    wanted = ["heading", "item", "item", "item", "item", "quote", "row", "row"]
    found = [block.kind for block in story.blocks if block.kind in wanted]
    assert [kind for at, kind in enumerate(found) if kind != "quote" or found[at - 1] != "quote"] == wanted
    assert {block.within for block in story.blocks if block.text.startswith("First, the")} == {"ol 2"}


@pytest.mark.parametrize("format", WRITERS)
def test_a_killed_story_kills(format: str, pipeline: Pipeline) -> None:
    (item,) = read_wire(WRITERS[format](None, killed()))
    assert item.raw is not None
    assert item.raw.id == killed().uri == whole_edition().uri
    cleaned = pipeline.clean(item.raw)
    assert cleaned.verdict == "kill", cleaned.reasons


@pytest.mark.parametrize("format", WRITERS)
def test_a_withheld_story_is_held_until_its_time(format: str, pipeline: Pipeline) -> None:
    until = datetime(2026, 3, 9, 0, 1, tzinfo=UTC)
    for embargo, kind in ((None, "hold"), (until, "embargo")):
        raw, story = read_back(
            WRITERS[format](whole_story(), whole_edition(status="withheld", embargo=embargo))
        )
        assert story is not None
        assert kind in kinds(story)
        assert pipeline.clean(raw).verdict == "hold"
        if embargo is not None:
            told = [one.until for one in story.signals if one.kind == "embargo" and one.until]
            assert [datetime.fromisoformat(one) for one in told] == [until]


# Without "<", "&" and line ends: readers take them for the markup that agencies write into fields.
_words = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Co", "Cn"), exclude_characters="<>&"),
    min_size=1,
    max_size=30,
).filter(lambda text: line(text) == text)
_fields = st.builds(
    Fields,
    headline=_words,
    section=st.none() | _words,
    byline=st.none() | _words,
    rights=st.none() | _words,
    agency=st.none() | _words,
    tags=st.lists(_words, max_size=3, unique=True).map(tuple),
    pictures=st.lists(
        st.builds(
            Picture,
            url=st.none() | st.integers(1, 99).map(lambda number: f"https://img.example/{number}.jpg"),
            caption=_words,
            credit=st.none() | _words,
        ),
        max_size=3,
        unique_by=lambda picture: picture.url or picture.caption,
    ).map(tuple),
)


@pytest.mark.parametrize("format", WRITERS)
@FEWER
@given(
    content=lines,
    as_body=st.booleans(),
    fields=_fields,
    status=st.sampled_from(["usable", "withheld", "canceled"]),
)
def test_any_story_comes_back(
    pipeline: Pipeline, format: str, content: tuple[str, ...], as_body: bool, fields: Fields, status: str
) -> None:
    cleaned = pipeline.clean(raw_body(content) if as_body else raw_lines(content))
    cleaned = replace(cleaned, copy=replace(cleaned.copy, fields=fields))
    edition = Edition("law", made=NOON, status=status)  # type: ignore[arg-type]
    words = letters(cleaned.copy.blocks)
    if status != "canceled" and not words:
        return  # an item without text is told as a problem
    (item,) = read_wire(WRITERS[format](cleaned, edition))
    raw = item.raw
    assert raw is not None, item.problem
    assert raw.id == edition.uri
    said = {signal.kind for signal in pipeline.clean(raw).source.signals} if status == "canceled" else set()
    if status == "canceled":
        assert STATUSES[status] <= said
        assert raw.content == ""
        return
    story = read(raw)
    assert STATUSES[status] <= kinds(story)
    assert raw.headline == fields.headline
    back = raw.given or Fields()
    assert (back.section, back.byline, back.rights) == (fields.section, fields.byline, fields.rights)
    if fields.agency:
        assert back.agency == fields.agency
    if status == "usable" or format != "newsml-g2":
        # The pictures of a message that is withheld are withheld, too: its text has them, its reader leaves them out.
        assert [one.credit for one in back.pictures] == [one.credit for one in fields.pictures]
        assert [one.caption for one in back.pictures] == [one.caption for one in fields.pictures]
    assert letters(story.blocks) == words
