"""Lines of the extraction benchmarks' pages, labelled by the text that people checked: whether a line is the story's, or goes.

A page gives two stories, as the line benchmark has them: the text of its article and what stands around it, and what trafilatura makes
of it. A line of the truth stays; a line that the truth does not have goes; what cannot be told (a part of a line, a few words that
stand somewhere in the truth) has no label. On the 72 pages whose lines were labelled by hand, too, 2 of 900 lines that "go" are the story's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

import lxml.html
from courlan import extract_domain
from lxml.etree import ParserError

from tests.bench.sets import EXTRACTION_SETS, LINE_SETS, Record, read_jsonl

GONE = "gone"
KEEP = "keep"
UNKNOWN = "keep~"

_HEAD, _TAIL, _RUN = 7, 15, 10
"""Of a page's furniture so many lines above and under the story count, and of a run inside it: as in the line benchmark."""
_FAR = 40
"""Two stretches of truth that stand further apart are two articles of the page."""
_LEAST_LETTERS = 400
_BLOCK_TAGS = """
address article aside blockquote body button caption center dd details dialog div dl dt fieldset figcaption figure footer form
h1 h2 h3 h4 h5 h6 header hr label legend li main nav ol p pre section summary table tbody td tfoot th thead tr ul br
"""
_HIDDEN_TAGS = (
    "script style noscript template svg iframe object embed head textarea select audio video canvas map"
)
_BLOCKS, _HIDDEN = (frozenset(tags.split()) for tags in (_BLOCK_TAGS, _HIDDEN_TAGS))


def page_stories(known: frozenset[str]) -> Iterator[Record]:
    """The stories of all pages but those at the addresses ``known``, with labels GONE, KEEP and UNKNOWN."""
    for each in EXTRACTION_SETS:
        truth = {record["id"]: record["text"] for record in read_jsonl(each.folder / "truth.jsonl")}
        extracted = {record["id"]: record["text"] for record in read_jsonl(each.reference)}
        for page in each.records():
            if page["url"] in known:
                continue
            about = {"url": page["url"], "publisher": publisher_of(page)}
            checked = Truth(truth[page["id"]])
            raw = _around_story(visible_lines(page["html"]), checked)
            whole = [line for line in (extracted[page["id"]] or "").split("\n") if line.strip()]
            for view, lines in (("raw", raw), ("extracted", whole)):
                if lines:
                    labels = [checked.label(line) for line in lines]
                    yield {
                        "id": f"{each.name}/{page['id']}/{view}",
                        "lines": lines,
                        "labels": labels,
                        **about,
                    }


def publisher_of(page: Record) -> str:
    """The publisher of a page as the line benchmark names it, so that nobody is trained on a house that he is measured on."""
    domain = extract_domain(page["url"]) or page["id"]
    return _publishers().get(domain, domain)


@cache
def _publishers() -> dict[str, str]:
    named = {record["publisher"] for record in LINE_SETS[0].labelled()}
    return {extract_domain(f"https://{publisher}") or publisher: publisher for publisher in sorted(named)}


class Truth:
    """A page's checked text, letters and digits only."""

    def __init__(self, text: str) -> None:
        self.lines = {_key(line) for line in text.split("\n")} - {""}
        self.text = _key(text)

    def label(self, line: str) -> str:
        """
        >>> checked = Truth("The ferry came back on Monday, nine years after.\\nIt was late.")
        >>> [checked.label(line) for line in ("It was late!", "Share", "The ferry")]
        ['keep', 'gone', 'keep~']
        """
        key = _key(line)
        if key in self.lines or (len(key) >= 25 and key in self.text):
            return KEEP
        if not key or key in self.text:
            return UNKNOWN
        pieces = (key[at : at + 25] for at in range(0, len(key) - 25, 12))
        return UNKNOWN if len(key) >= 40 and any(piece in self.text for piece in pieces) else GONE


def visible_lines(html: str) -> list[str]:
    """The text of a page line by line, as a browser's inner text has it, whatever its style sheets say."""
    try:
        page = lxml.html.fromstring(html)
    except (ParserError, ValueError):
        return []
    pieces: list[str] = []
    walk = lxml.etree.iterwalk(page, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            hidden = element.tag in _HIDDEN or "display:none" in (element.get("style") or "").replace(" ", "")
            if hidden:
                walk.skip_subtree()
            pieces += ["\n" if element.tag in _BLOCKS else "", "" if hidden else element.text or ""]
        else:
            pieces += ["\n" if event == "end" and element.tag in _BLOCKS else "", element.tail or ""]
    lines = "".join(piece if piece == "\n" else piece.replace("\n", " ") for piece in pieces).split("\n")
    return [line for line in (" ".join(line.split()) for line in lines) if line]


def _around_story(lines: Sequence[str], truth: Truth) -> list[str]:
    """The lines from a little above the story to a little under it; of a long run of furniture its first ones."""
    labels = [truth.label(line) for line in lines]
    found = [
        at for at, line in enumerate(lines) if labels[at] == KEEP and len(line) >= 30
    ]  # a short line of the truth may stand anywhere
    stretches: list[list[int]] = []
    for at in found:
        if not stretches or at - stretches[-1][-1] > _FAR:
            stretches.append([])
        stretches[-1].append(at)
    story = max(stretches, key=lambda stretch: sum(len(lines[at]) for at in stretch), default=[])
    if len(story) < 3 or sum(len(lines[at]) for at in story) < _LEAST_LETTERS:
        return []
    left: list[str] = []
    run = 0
    for at in range(max(0, story[0] - _HEAD), min(len(lines), story[-1] + _TAIL + 1)):
        run = 0 if labels[at] == KEEP else run + (labels[at] == GONE)
        if run <= _RUN:
            left.append(lines[at])
    return left


def _key(text: str) -> str:
    return re.sub(r"\W+", "", text.lower())
