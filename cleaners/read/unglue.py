"""Where trafilatura gives several lines of a page as one, they are the page's lines again.

Of a page with a short story trafilatura's last resort takes all text of its ``<article>`` as one paragraph without a break:
"Tram 9 runs again6 March 2026, 19:02The swan has left.ShareFacebook". No rule could tell the buttons from the story in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from cleaners.read.leaves import Leaf

_MOST = 20
"""So many lines are looked for in the page (law 9): a glued story is one line, or one for each cell of a layout table."""


def unglued(story: Sequence[Leaf], page: Sequence[Leaf]) -> list[Leaf]:
    """``story`` with each line that is two or more whole lines of ``page``, one after the other, replaced by them. Spaces do not count."""
    keys = [_key(leaf) for leaf in page]
    known = set(keys)
    glued = [at for at, leaf in enumerate(story) if _key(leaf) not in known][:_MOST]
    if not glued:
        return list(story)
    whole = "".join(keys)
    starts: dict[int, int] = {}
    place = 0
    for number, text in enumerate(keys):
        if text:
            starts[place] = number
        place += len(text)
    starts[place] = len(keys)
    parts: dict[int, Sequence[Leaf]] = {}
    for at in glued:
        key = _key(story[at])
        start = whole.find(key) if key else -1
        first, last = starts.get(start), starts.get(start + len(key))
        if first is not None and last is not None:
            parts[at] = page[first:last]
    return [line for at, leaf in enumerate(story) for line in parts.get(at, (leaf,))]


def _key(leaf: Leaf) -> str:
    text = leaf.text.replace(" | ", "") if leaf.kind == "row" else leaf.text
    return "".join(text.split())
