"""Share bars: rows of networks and buttons, one a line or all in one line.

A single network's name may be a subhead or an answer ("TikTok"); so between paragraphs it goes only in company.
Sentences that ask to be followed are written rules (``config/rules``): words differ by language, this shape does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pydantic import Field

from cleaners.kinds.facts import Facts
from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.model import Mark, Story
from cleaners.rules import fold

_TOKEN = re.compile(r"[^\W_]+(?:['’+-][^\W_]+)*\+?|[^\W_]+", re.UNICODE)
_COUNTER = re.compile(r"\d+(?:[.,]\d+)?[km]?", re.IGNORECASE)
_RULE = "social_promotion/share-bar"
_WHY = "A bar of buttons that share the page."
_COMPANY = {"share", "follow", "channel", "comments", "newsletter-label"}


class ShareBar(Settings):
    longest: int = Field(default=160, description="Longest line, in characters, that can be a share bar.")


@cleaner(ShareBar)
def social_promotion(story: Story, context: Context, settings: ShareBar) -> Iterable[Mark]:
    """Mark lines made of nothing but network names, share words and counters."""
    vocabulary = _vocabulary(
        context.ruleset.words.get("network", ()), context.ruleset.words.get("share-word", ())
    )
    bars = [
        len(facts.text) <= settings.longest
        and (known if (known := facts.noted.get("share-bar")) is not None else _is_bar(facts, vocabulary))
        for facts in context.lines
    ]
    if True not in bars:
        return
    for position, block in enumerate(story.blocks):
        if not bars[position]:
            continue
        neighbours = [other for other in (position - 1, position + 1) if 0 <= other < len(bars)]
        company = any(bars[other] or not context.kinds_at(other).isdisjoint(_COMPANY) for other in neighbours)
        if context.zones[block.number] != "body" or company:
            yield whole(block, "remove", _RULE, _WHY)


Vocabulary = frozenset[tuple[str, ...]]


def _is_bar(facts: Facts, vocabulary: Vocabulary) -> bool:
    facts.noted["share-bar"] = known = is_share_bar(facts.text, vocabulary)
    return known


@lru_cache(maxsize=256)
def _vocabulary(networks: tuple[str, ...], words: tuple[str, ...]) -> Vocabulary:
    return frozenset(_tokens(phrase) for phrase in (*networks, *words)) - {()}


@lru_cache(maxsize=256)
def _openers(vocabulary: Vocabulary) -> tuple[frozenset[str], int]:
    """The words that a phrase may begin with, and how many words the longest has."""
    return frozenset(phrase[0] for phrase in vocabulary), max(map(len, vocabulary), default=0)


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(fold(text)))


def is_share_bar(text: str, vocabulary: Vocabulary) -> bool:
    """Whether ``text`` can be read as phrases of the vocabulary and counters, with nothing left over.

    >>> bar = frozenset({("facebook",), ("share", "on")})
    >>> is_share_bar("Share on Facebook 14K", bar), is_share_bar("Facebook fined", bar)
    (True, False)
    """
    openers, longest = _openers(vocabulary)
    # Folding moves no border between words of ASCII.
    ascii_only = text.isascii()
    opener = _TOKEN.search(text if ascii_only else fold(text))
    # Most lines are no bar from their first word on.
    if opener is None:
        return False
    first = opener[0].casefold() if ascii_only else opener[0]
    if first not in openers and not (first[0].isdigit() and _COUNTER.fullmatch(first)):
        return False
    tokens = tuple(_TOKEN.findall(text.casefold() if ascii_only else opener.string))
    if len(tokens) > 24:
        return False
    reachable = {0}
    for end in range(1, len(tokens) + 1):
        if (end - 1 in reachable and _COUNTER.fullmatch(tokens[end - 1])) or any(
            end - size in reachable and tokens[end - size : end] in vocabulary
            for size in range(1, min(longest, end) + 1)
        ):
            reachable.add(end)
    return len(tokens) in reachable and not all(_COUNTER.fullmatch(token) for token in tokens)
