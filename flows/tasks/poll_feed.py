"""Looking at feeds: new and changed entries are taken in, from the entry itself or from the page that it links to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cleaners.read.wire import Entry, entry_story
from flows.ledger.sightings import Listed, leave
from flows.settings import FeedSource
from flows.sources.feed import BrokenFeed, entry_hash, entry_version, parse_feed, rest_seconds
from flows.sources.http import Fetched
from flows.sources.identity import identities
from flows.tasks.following import BrokenList, Listing, Look, ask, take_lists, take_pages
from flows.tasks.taking import Intake


def poll_feed(look: Look, source: FeedSource) -> Intake:
    """Look at a source's feeds once. Raises SourceDown where none of them can be had now.

    An entry that is no longer in its feed has fallen off the end: that is no sign that the story has vanished.
    """
    answers = ask(look, source.addresses, "list")
    intake, listings = take_lists(look, answers, lambda fetched: read_feed(source, fetched))
    present = {url: [words for one in it.stories for words in one.identities] for url, it in listings.items()}
    leave(look.engine, look.name, look.scope, present, look.clock())
    return intake + take_pages(look, only_listed=False)


def read_feed(source: FeedSource, fetched: Fetched) -> Listing:
    """What a feed names. Raises BrokenList."""
    try:
        entries = parse_feed(fetched)
    except BrokenFeed as error:
        raise BrokenList(str(error)) from None
    known = _identities(entries, fetched.url)
    stories = [_listed(source, entry, words) for entry, words in zip(entries, known, strict=True)]
    return Listing(stories, rest_seconds(fetched.body))


def _listed(source: FeedSource, entry: Entry, words: tuple[str, ...]) -> Listed:
    raw = problem = None
    # A page need not be fetched for what the feed itself takes back or holds.
    if entry.stops or source.form == "body" or (source.form == "auto" and (entry.full or not entry.link)):
        if entry.body.strip() or entry.stops:
            raw = entry_story(entry, source.publisher, source.language)
        else:
            problem = "the entry holds no text. Write form: page to fetch what it links to"
    elif entry.link is None:
        problem = "the entry links to no page. Write form: body if the text is in the feed"
    said = {"headline": entry.headline, "published": entry.published, "ednote": entry.ednote}
    return Listed(
        words,
        entry.id,
        entry.link,
        entry_version(entry),
        entry_hash(entry),
        {name: value for name, value in said.items() if value},
        raw,
        problem,
    )


def _identities(entries: Sequence[Entry], place: str) -> list[tuple[str, ...]]:
    """The words that each entry is known by. What several entries of one feed share names none of them: a live blog's entries link
    to one page, and a careless feed calls all of its entries "0"."""
    known = [identities(entry.id, entry.link, place) for entry in entries]
    shared = Counter(words for one in set(known) for words in one)
    found = []
    for entry, one in zip(entries, known, strict=True):
        own = tuple(words for words in one if shared[words] == 1)
        found.append(own or (f"entry {entry.id} {entry.link} in {place}",))
    return found
