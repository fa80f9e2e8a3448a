"""Stories for the news formats: one that has everything, and random ones that are as hostile as stories get."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from cleaners.model import Block, Cleaned, Fields, Mark, Picture, Signal, Story
from cleaners.write import Edition
from tests.laws.examples import LAW

FEWER = settings(max_examples=max(50, LAW.max_examples // 10))
"""Each of these examples is read, written and validated in every format: in CI ten times as many as here, not a hundred times."""
NOON = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
CORRECTION = "Correction: An earlier version of this story gave the swan's age as seven. It is nine."


def whole_story() -> Cleaned:
    """Everything that a format must find a place for."""
    blocks = (
        Block(0, "The swan of Halvik has been given a pass for the bridge, the warden said.", picture=0),
        Block(1, "What it costs", "heading", level=2),
        Block(
            2,
            "Three shillings & a bow, says the tariff.",
            markup='Three <em>shillings</em> &amp; a bow, says <a href="/tariff?a=1&amp;b=2" onclick="x()">the tariff</a>.',
        ),
        Block(3, "Swans that walk", "item", within="ul 1"),
        Block(4, "Swans that are carried", "item", within="ul 1"),
        Block(5, "First, the left foot", "item", within="ol 2"),
        Block(6, "Then the right one", "item", within="ol 2"),
        Block(
            7, "“It has feet,” the warden said,\n“and it should use them.”", "quote", within="blockquote 3"
        ),
        Block(8, "Bird | Toll", "row", level=1, within="table 4"),
        Block(9, "Swan | 3 < 4", "row", within="table 4"),
        Block(10, "https://video.example/1", "embed"),
        Block(11, CORRECTION, zone="tail"),
    )
    fields = Fields(
        headline="Swan & warden agree on a <fair> toll",
        standfirst="The bird walks again from Monday\nTwo ducks have appealed",
        section="Region",
        byline="By Ilse Marrow and Ben Ito, Coastwire",
        published="2026-03-05T09:00:00+01:00",
        updated="2026-03-06",
        agency="Coastwire",
        rights="© 2026 Halvik Week. All rights reserved.",
        ednote="(Adds quote)\nHOLD HOLD HOLD: not before the vote",
        tags=("swans", "tolls"),
        pictures=(
            Picture("/swan på bro.jpg", "The swan on the bridge", "Ben Ito/Coastwire", "A swan & a bridge"),
            Picture(None, "The warden", "Ana Duarte"),
        ),
        authors=("Ilse Marrow", "Ben Ito"),
        canonical="https://halvik.example/swan",
        site="Halvik Week",
        paywalled=False,
    )
    story = Story(
        id="swan-7",
        form="page",
        raw="",
        blocks=blocks,
        fields=fields,
        url="https://halvik.example/news/swan?utm=1",
        publisher="halvik.example",
        language="en-GB",
        signals=(
            Signal("update", "(Adds quote)"),
            Signal("hold", "HOLD HOLD HOLD: not before the vote"),
        ),
    )
    return Cleaned(
        story,
        story,
        (),
        "publish",
        (),
        "r-1",
        1,
        protected=(Mark(11, 0, len(CORRECTION), "protect", "english/correction", "On record."),),
    )


def whole_edition(**more: Any) -> Edition:
    return replace(
        Edition("cms:swan-7", 3, NOON, previous=2, ledger="ledger-1", provider="Halvik News"), **more
    )


def killed() -> Edition:
    return whole_edition(number=4, status="canceled", previous=3)


_anything = st.text(st.characters(), max_size=40)  # half characters and control characters included
_nasty = st.sampled_from(
    [
        *(
            "]]>",
            "\x00",
            "\ud83d",
            "\x0b\x1f",
            "\u202eabc\u202c",
            "👩‍👩‍👧‍👦",
            "</script><script>alert(1)</script>",
            "<!--",
        ),
        *("&nbsp;", "<p>", "\ufffe", "مرحبا", "a\u2028b", "\r\n", "{{x}}", "<![CDATA[", "%", "\x7f\x85"),
    ]
)
hostile_text = st.lists(st.one_of(_anything, _nasty), max_size=3).map("".join)
_address = st.one_of(
    st.sampled_from(
        [
            *(
                "javascript:alert(1)",
                "data:image/png;base64,AA",
                "http://[",
                "//cdn.example/a b.jpg",
                "http://ü.example/ü?ü#ü",
            ),
            *(
                "https://x.example/%",
                "https://x.example/a|b{c}[d]",
                "http://u:p@x.example:99999/",
                "http:///x",
                "#top",
            ),
        ]
    ),
    hostile_text,
)
_when = st.one_of(
    st.sampled_from(
        [
            *(
                "2026-03-05",
                "2026-03-05T12:00",
                "2026-03-05T12:00:00+01:00",
                "2026-03",
                "2026",
                "3 March 2026",
                "0001-01-01T00:00:00+14:00",
            ),
            *(
                "9999-12-31T23:59:59-12:00",
                "20260305T120000Z",
                "2026-13-45",
                "2026-03-05T12:00:00.123456+00:30",
                "2026-W10-4",
            ),
        ]
    ),
    hostile_text,
)
_perhaps = st.none() | hostile_text
_block = st.builds(
    Block,
    number=st.just(0),
    text=hostile_text,
    kind=st.sampled_from(["paragraph", "heading", "item", "quote", "caption", "row", "embed"]),
    level=st.integers(0, 9),
    markup=_perhaps,
    picture=st.none() | st.integers(0, 3),
    within=st.sampled_from([None, "ul 1", "ol 2", "blockquote 3"]),
)
_moments = st.none() | st.datetimes(
    datetime(1900, 1, 1),
    datetime(2200, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30))]),
)


@st.composite
def hostile_stories(draw: Any) -> Cleaned:
    """Nothing in it is as it should be; and it must come out valid all the same."""
    blocks = tuple(
        replace(block, number=number) for number, block in enumerate(draw(st.lists(_block, max_size=8)))
    )
    fields = draw(
        st.builds(
            Fields,
            headline=_perhaps,
            standfirst=_perhaps,
            section=_perhaps,
            byline=_perhaps,
            published=st.none() | _when,
            updated=st.none() | _when,
            agency=_perhaps,
            rights=_perhaps,
            ednote=_perhaps,
            tags=st.lists(hostile_text, max_size=3).map(tuple),
            pictures=st.lists(
                st.builds(Picture, st.none() | _address, _perhaps, _perhaps, _perhaps), max_size=3
            ).map(tuple),
            authors=st.lists(hostile_text, max_size=3).map(tuple),
            canonical=st.none() | _address,
            site=_perhaps,
            paywalled=st.sampled_from([None, True, False]),
        )
    )
    story = Story(
        id=draw(hostile_text),
        form=draw(st.sampled_from(["page", "text", "lines"])),
        raw="",
        blocks=blocks,
        fields=fields,
        url=draw(st.none() | _address),
        publisher=draw(_perhaps),
        language=draw(st.sampled_from([None, "en", "pt_BR", "zh-Hant-TW", "Deutsch (Schweiz)", "\x00"])),
    )
    marks = tuple(
        Mark(block.number, 0, len(block.text), "protect", "english/correction", "On record.")
        for block in blocks
        if block.text and draw(st.booleans())
    )
    return Cleaned(story, story, (), "publish", (), "r-1", 1, protected=marks)


@st.composite
def editions(draw: Any) -> Edition:
    number = draw(st.integers(1, 99))
    status = draw(st.sampled_from(["usable", "withheld", "canceled"]))
    return Edition(
        story=draw(hostile_text),
        number=number,
        made=draw(_moments) or NOON,
        status=status,
        embargo=draw(_moments) if status == "withheld" else None,
        previous=draw(st.none() | st.integers(1, number)),
        ledger=draw(hostile_text),
        provider=draw(_perhaps),
    )
