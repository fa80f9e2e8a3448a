"""A CMS body for everybody else: nothing that runs, and what the story shows is still shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from cleaners.write.safe_body import safe_body

KEPT = [
    '<p class="lead">Rain &amp; wind, <a href="https://post.example/a">more</a>.</p>',
    "<ul><li>Salt</li><li>Rope</li></ul>",
    "<table><tbody><tr><th>Day</th></tr><tr><td>Mon</td></tr></tbody></table>",
    '<figure><img src="https://post.example/q.jpg" alt="A quay"><figcaption>A quay <cite>Ilse</cite></figcaption></figure>',
    '<iframe src="https://www.youtube.com/embed/1" width="560" height="315" allowfullscreen=""></iframe>',
    '<iframe data-src="https://player.vimeo.com/video/1"></iframe>',
    '<iframe src="//www.instagram.com/p/1/embed"></iframe>',
    '<blockquote class="twitter-tweet"><p>“We wait.”</p><a href="https://twitter.com/x/status/1">3 March</a></blockquote>',
    '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/1/">A post</blockquote>',
    '<video controls="" poster="/p.jpg"><source src="/v.mp4" type="video/mp4"></video>',
    '<lite-youtube videoid="abc"></lite-youtube>',
]


@pytest.mark.parametrize("kept", KEPT)
def test_what_a_story_shows_is_still_shown(kept: str) -> None:
    assert _pieces(safe_body(kept)) == _pieces(kept.replace(' class="lead"', ""))


@pytest.mark.parametrize(
    ("given_", "left"),
    [
        ("<p>Rain.</p><script>steal()</script>", "<p>Rain.</p>"),
        ('<p onclick="steal()" style="x" id="top">Rain.</p>', "<p>Rain.</p>"),
        ('<a href="javascript:steal()">Rain</a>', "<a>Rain</a>"),
        ('<a href=" jAvA\tscript:steal()">Rain</a>', "<a>Rain</a>"),
        ('<img src="x" onerror="steal()">', '<img src="x">'),
        ('<img data-src="javascript:steal()">', "<img>"),
        ('<iframe src="https://ads.example/1"></iframe>', ""),
        ('<iframe title=\' src="\' src="https://ads.example/1"><p>old</p></iframe>Rain', "Rain"),
        ('<iframe srcdoc="<script>steal()</script>"></iframe>', ""),
        ('<iframe src="javascript:steal()"></iframe>', ""),
        ('<iframe src="https://youtube.com.ads.example/"></iframe>', ""),
        ('<svg onload="steal()"><script>steal()</script></svg>Rain', "Rain"),
        ("<form action=/x><input name=mail><p>Rain</p></form>", "<p>Rain</p>"),
        ("<noscript><p title='</noscript><img src=x onerror=steal()>'></noscript>", '<img src="x">\'&gt;'),
        ("<math><mtext><style><img src=x onerror=steal()></style></mtext></math>Rain", "Rain"),
        ("<!-- <script>steal()</script> -->Rain", "Rain"),
        ("<object data='https://ads.example/x.swf'></object><embed src=x>Rain", "Rain"),
        ("Rain\x00 \ud83d", "Rain \ufffd"),
    ],
)
def test_what_runs_or_tracks_is_gone(given_: str, left: str) -> None:
    assert safe_body(given_) == left


_markup = st.lists(
    st.sampled_from(
        [
            *(
                "<p>",
                "</p>",
                "<script>",
                "</script>",
                "<iframe src='https://ads.example/'>",
                "</iframe>",
                "<svg>",
            ),
            *(
                '<iframe src="https://www.youtube.com/embed/1">',
                "<math>",
                "<style>",
                "</style>",
                "<!--",
                "-->",
            ),
            *(
                "<noscript>",
                "</noscript>",
                "<template>",
                "<img src=x onerror=a()>",
                "<a href='javascript:a()'>",
            ),
            *(
                "<textarea>",
                "<title>",
                "<![CDATA[",
                "]]>",
                "&lt;",
                "&#0;",
                "\x00",
                '"',
                "'",
                ">",
                "<",
                "rain ",
                "<b",
            ),
            *("<xmp>", "</xmp>", "<plaintext>", "<select>", "<option>", "<table>", "<tr>", " onclick=a() "),
        ]
    ),
    max_size=14,
).map("".join)
_RUNS = {
    "script",
    "style",
    "svg",
    "math",
    "object",
    "embed",
    "form",
    "noscript",
    "template",
    "textarea",
    "xmp",
    "link",
    "meta",
    "base",
}


@given(markup=_markup)
def test_no_markup_at_all_brings_anything_through_that_runs(markup: str) -> None:
    safe = safe_body(markup)
    # And again: what stands in a table that may not stand there comes out of it at each reading ("<a><a></a><table>").
    for shown in (safe, safe_body(safe)):
        for element in lxml_html.fragment_fromstring(shown, create_parent="div").iter():
            assert element.tag not in _RUNS
            for name, value in element.attrib.items():
                assert not name.startswith("on")
                assert "javascript:" not in value
            if element.tag == "iframe":
                assert element.get("src") == "https://www.youtube.com/embed/1"


def _pieces(html: str) -> list[tuple[str, dict[str, str], str]]:
    """The tree, however its tags are written."""
    tree = lxml_html.fragment_fromstring(html, create_parent="div")
    return [(str(one.tag), dict(one.attrib), "".join(one.itertext())) for one in tree.iter()]
