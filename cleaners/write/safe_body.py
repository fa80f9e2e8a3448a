"""HTML that others publish: a CMS body without what could run or track in somebody else's page, and else as it was."""

from __future__ import annotations

import re
from functools import cache

import nh3

from cleaners.read.embeds import is_known
from cleaners.write.safe_text import safe

_PLAYERS = {
    "amp-dailymotion": {"data-videoid", "layout"},
    "amp-twitter": {"data-tweetid", "layout"},
    "amp-vimeo": {"data-videoid", "layout"},
    "amp-youtube": {"data-videoid", "layout"},
    "lite-youtube": {"videoid"},
}
"""They name a number, and are nothing without the program of the page that knows them."""
_POSTS = {
    *("twitter-tweet", "twitter-video", "instagram-media", "tiktok-embed", "bluesky-embed", "mastodon-embed"),
    *("reddit-embed-bq", "text-post-media"),
}
"""Quotations of posts, which a page's program finds by their class. Without one they are read as quotations."""
_ATTRIBUTES: dict[str, set[str]] = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    **_PLAYERS,
    "*": {"dir", "lang", "title"},
    "a": {"href", "hreflang", "rel", "target"},
    "audio": {"src", "controls"},
    "blockquote": {
        *("cite", "data-instgrm-permalink", "data-instgrm-version", "data-video-id"),
        *("data-bluesky-uri", "data-bluesky-cid", "data-lang", "data-text-post-permalink"),
    },
    "iframe": {
        *("src", "data-src", "data-lazy-src", "data-litespeed-src", "width", "height"),
        *("allowfullscreen", "loading"),
    },
    "img": {"src", "data-src", "data-lazy-src", "srcset", "sizes", "alt", "width", "height", "loading"},
    "source": {"src", "srcset", "sizes", "media", "type"},
    "time": {"datetime"},
    "video": {"src", "poster", "controls", "width", "height"},
}
_TAGS = {*nh3.ALLOWED_TAGS, *_PLAYERS, "audio", "iframe", "picture", "section", "source", "tfoot", "video"}
_UNHEARD = {
    *("script", "style", "template", "svg", "math", "button", "select", "textarea", "title"),
    *("noscript", "noframes", "noembed", "xmp"),
}
"""What is not words of the story, or what browsers read as words only where they do not run programs: it goes with all that is in it."""
_PLAYER_SOURCES = ("src", "data-src", "data-lazy-src", "data-litespeed-src")
_FRAME = re.compile(r'<iframe((?:\s[^\s="<>]+="[^"]*")*)>[^<]*(?:<(?!/iframe>)[^<]*)*</iframe>')
_NAME = re.compile(r'\s([^\s="<>]+)="[^"]*"')


def safe_body(html: str) -> str:
    """The fragment without scripts, styles, forms, event handlers and frames of unknown hosts.

    Links, lists, tables, pictures and figures stay, and so do players and posts of the hosts that stories show (see
    ``cleaners.read.embeds``). Safe HTML comes back with the same meaning, if not with the same bytes.

    >>> safe_body('<p onclick="x()">Rain.</p><script>x()</script><a href="javascript:x()">More</a>')
    '<p>Rain.</p><a>More</a>'
    >>> safe_body('<iframe src="https://www.youtube.com/embed/1"></iframe><iframe src="https://ads.example/1"></iframe>')
    '<iframe src="https://www.youtube.com/embed/1"></iframe>'

    Nor does it hold what XML forbids, also where that stood there as an entity.

    >>> safe_body('<p>The&#11; ferry</p><a href="java&#1;script:x()">More</a>')
    '<p>The ferry</p><a>More</a>'
    """
    cleaned = _cleaner().clean(safe(html))
    # Example: "&#11;" in what was pasted from Word: here it has become the sign itself. What is left without such signs is looked at
    # anew: "java\x01script:" is no address that runs, and "javascript:" is one.
    if (printable := safe(cleaned)) != cleaned:
        cleaned = _cleaner().clean(printable)
    return _FRAME.sub(_frame, cleaned)


def _frame(found: re.Match[str]) -> str:
    """A frame that shows nothing is none, and what stands in one is for browsers of the last century."""
    names = _NAME.findall(found[1])
    return f"<iframe{found[1]}></iframe>" if any(one in names for one in _PLAYER_SOURCES) else ""


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "iframe" and name in _PLAYER_SOURCES:
        whole = f"https:{value}" if value.startswith("//") else value
        return value if whole.startswith(("https://", "http://")) and is_known(whole) else None
    if name.startswith("data-") and name.endswith("src") and not _is_address(value):
        return None
    return value


def _is_address(value: str) -> bool:
    """Of the web, or of the same site: what the page's program makes of it must not run either."""
    return ":" not in value.partition("/")[0] or value.startswith(("https://", "http://"))


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_UNHEARD,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        allowed_classes={"blockquote": _POSTS},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
