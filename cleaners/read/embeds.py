"""What a page shows from elsewhere: players, posts, maps, charts and documents in an ``iframe``, its own ``video`` and ``audio``.

An advertisement, a counter or a sign-up form comes in an ``iframe``, too. So only who is known to serve what stories show is believed.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from cleaners.read.addresses import absolute

_HOSTS = frozenset(
    """
    acast.com airtable.com anchor.fm archive.org audioboom.com bandcamp.com bsky.app brightcove.net captivate.fm ceros.com
    codepen.io dailymotion.com datawrapper.de documentcloud.org dwcdn.net flourish.studio giphy.com infogram.com instagram.com
    issuu.com jwplayer.com jwplatform.com juxtapose.knightlab.com kaltura.com knightlab.com libsyn.com living-charts.com
    megaphone.fm mixcloud.com music.apple.com omny.fm openstreetmap.org podbean.com podcasts.apple.com podigee.io playbuzz.com
    reddit.com redditmedia.com rumble.com scribd.com simplecast.com sketchfab.com slideshare.net soundcloud.com spotify.com
    spreaker.com streamable.com ted.com threads.net thinglink.com tiktok.com transistor.fm twitch.tv twitter.com uscreen.tv
    ustream.tv videopress.com vimeo.com vk.com wistia.com wistia.net x.com youku.com youtube-nocookie.com youtube.com
    """.split()
)
_SHARED_HOSTS = {
    "facebook.com": re.compile(r"/(?:v[\d.]+/)?plugins/(?:post|video)\.php"),
    "google.com": re.compile(r"/maps\b"),
}
"""Hosts that serve counters and buttons as well, and the paths of what stories show."""
_NAMED = {
    "amp-dailymotion": ("data-videoid", "https://www.dailymotion.com/embed/video/"),
    "amp-twitter": ("data-tweetid", "https://twitter.com/i/status/"),
    "amp-vimeo": ("data-videoid", "https://player.vimeo.com/video/"),
    "amp-youtube": ("data-videoid", "https://www.youtube.com/embed/"),
    "lite-youtube": ("videoid", "https://www.youtube.com/embed/"),
}
"""Elements that name a player's number: ``<amp-youtube data-videoid="…">``."""
_SOURCES = ("src", "data-src", "data-lazy-src", "data-litespeed-src")
_IDENTIFIER = re.compile(r"[\w-]{1,64}")
TAGS = frozenset(("audio", "embed", "iframe", "object", "video", "amp-iframe", *_NAMED))


def embed_of(element: Any, *bases: str | None) -> str | None:
    """The address of what an element (whose tag is of ``TAGS``) shows, made whole as in ``absolute``; None: nothing of a story's."""
    if element.tag in _NAMED:
        attribute, start = _NAMED[element.tag]
        number = (element.get(attribute) or "").strip()
        return start + number if _IDENTIFIER.fullmatch(number) else None
    if element.tag in ("video", "audio"):
        sources = (element, *element.iterchildren("source"))
        return next((whole for one in sources if (whole := _address(one, bases))), None)
    whole = absolute(element.get("data"), *bases) if element.tag == "object" else _address(element, bases)
    return whole if whole and is_known(whole) else None


def _address(element: Any, bases: tuple[str | None, ...]) -> str | None:
    return next((whole for name in _SOURCES if (whole := absolute(element.get(name), *bases))), None)


def is_known(address: str) -> bool:
    """Whether the host, or one above it, is known.

    >>> [is_known(one) for one in ("https://www.youtube.com/embed/1", "https://notyoutube.com/", "https://www.facebook.com/tr?id=1")]
    [True, False, False]
    """
    parts = urlsplit(address)
    labels = (parts.hostname or "").split(".")
    names = {".".join(labels[at:]) for at in range(len(labels) - 1)}
    if not names.isdisjoint(_HOSTS):
        return True
    return any(_SHARED_HOSTS[name].match(parts.path) is not None for name in names & _SHARED_HOSTS.keys())
