"""The house's own name in a line: "Harbour Post" on harbourpost.example. What a page says of its house it rarely says of the story."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from courlan import extract_domain

from cleaners.kinds.shapes import key
from cleaners.model import Story

_WORDS = re.compile(r"[^\W_]+(?:['’.&-][^\W_]+)*")
_MOST_WORDS = 5
_SHORTEST = 3


def names_house(text: str, story: Story) -> bool:
    """Whether ``text`` names the publisher of ``story``, by its name or by that of its host, or gives an address of its own.

    A host says no more than letters, so words in a row are held against it, the first of them with a capital: "The Harbour Post"
    on www.harbourpost.example.
    """
    host, names = _names(story.publisher or "", story.url or "")
    if not names:
        return False
    if host and host in text.lower():
        return True
    words = _WORDS.findall(text)
    for first, word in enumerate(words):
        if word[0].islower():
            continue
        joined = ""
        for other in words[first : first + _MOST_WORDS]:
            joined += key(other)
            if joined in names:
                return True
    return False


@lru_cache(maxsize=256)
def _names(publisher: str, url: str) -> tuple[str, frozenset[str]]:
    """The host of the house and its names as keys, with "the" and without.

    >>> sorted(_names("The Harbour Post", "https://news.kestpress.example/a")[1])
    ['harbourpost', 'kestpress', 'theharbourpost']
    """
    domain = extract_domain(url) or extract_domain(f"https://{publisher}") or _host(url) or ""
    names = {key(publisher), key(domain.partition(".")[0])}
    names |= {name.removeprefix("the") for name in names}
    return domain, frozenset(name for name in names if len(name) >= _SHORTEST)


def _host(url: str) -> str:
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])
