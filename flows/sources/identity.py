"""By what a story is known again: what its feed calls it, and its address without what only counts visitors."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

# Parameters that say where a reader came from, and never which story it is. Not courlan's list: that drops every name that begins
# with "cid", "ga" or "ref", and "?cid=4711" is the number of the story in more than one CMS.
_TRACKING = re.compile(
    r"utm_.+|(?:fbc|gc|dc|tw?c|yc|ysc|msclk|gbra|wbra|tt?c)lid|ig(?:shid|sh)|mc_[ce]id|_ga|_gl|at_(?:medium|campaign|custom\d|link\w*|"
    r"bbc_team|ptr_name|format)|ns_(?:campaign|mchannel|source|linkname|fee)|wt[._](?:mc|zmc|mc_id)|xtor|cmpid|ocid|"
    r"ito|s_cid|__twitter_impression|(?:mkt|hs)_\w+|spm|share_?(?:id|from)",
    re.IGNORECASE,
)
_GLOBAL = re.compile(
    r"(?:https?://|tag:|urn:|[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b)",
    re.IGNORECASE,
)


def same_address(url: str | None) -> str | None:
    """``url`` as it is compared: without scheme, "www.", usual port, tracking parameters, fragment and closing slash.

    None for what names no story of its own: no address of the web, or a site's front page.

    >>> same_address("HTTPS://www.Post.example:443/Ferry/?utm_source=rss&id=7#top")
    'post.example/Ferry?id=7'
    >>> same_address("https://post.example/")
    """
    try:
        parts = urlsplit((url or "").strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    kept = sorted(
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(pair[0])
    )
    path = parts.path.rstrip("/")
    if not path and not kept:
        return None
    name = parts.hostname.removeprefix("www.") + (f":{port}" if port not in (None, 80, 443) else "")
    return f"{name}{path}" + (f"?{urlencode(kept)}" if kept else "")


def identities(name: str | None, link: str | None, place: str) -> tuple[str, ...]:
    """Under which words a story is known again, the surest first: ``name`` is its guid, ``place`` where that was read.

    A guid that is an address, a tag or a UUID is one in the whole world; "4711" is one in its own feed.

    >>> identities("4711", "https://post.example/a", "https://post.example/feed")
    ('guid 4711 in post.example/feed', 'link post.example/a')
    >>> identities("https://post.example/a", "https://post.example/a?utm_medium=rss", "https://post.example/feed")
    ('link post.example/a',)
    """
    found = []
    if name and (same := same_address(name)):
        found.append(f"link {same}")
    elif name and _GLOBAL.match(name):
        found.append(f"guid {name}")
    elif name:
        found.append(f"guid {name} in {same_address(place) or place}")
    if same := same_address(link):
        found.append(f"link {same}")
    return tuple(dict.fromkeys(found))


def page_identities(url: str) -> tuple[str, ...]:
    """The same for a page that is named by its address alone; a front page, which is no story elsewhere, is one here.

    >>> page_identities("https://post.example/a#top"), page_identities("https://post.example/")
    (('link post.example/a',), ('page https://post.example/',))
    """
    return identities(None, url, "") or (f"page {url}",)
