"""Ghost's own document of a post, a tree in JSON (Lexical), without what was taken out of its HTML.

Ghost makes the HTML anew of the document with every save, child after child. So what is to be gone from the HTML goes from the document:
the children that it was made of, list items, characters of a text. ``?source=html``, which Ghost's documentation names, makes a new
document of the HTML instead. In Ghost 5.130 that loses what HTML does not tell: cards for mails are gone, an aside is a quotation, a
call to action has other settings, and a customer's own HTML, a bookmark, a toggle and Markdown are written anew.

Which child a piece of HTML was made of is not written in either. They are read side by side: words and tags must agree, and of all ways
in which they do, a child that something is taken from must stand at one place. Where that is not so, nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple, TypeAlias

from cleaners.apply import without
from cleaners.model import Span
from cleaners.read.markup import Event, events

Node: TypeAlias = dict[str, Any]
Taken: TypeAlias = dict[str, Any]
"""What was taken from a document, as JSON: ``nodes`` are [place in the document before, whether something of the child is left, the child];
``added`` counts empty paragraphs that were put behind the last child."""

_VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
}
_PROSE_TAGS = {"p", "ul", "ol", "blockquote", *(f"h{level}" for level in range(1, 7))}
_CARDS = {
    "image": "image",
    "gallery": "gallery",
    "bookmark": "bookmark",
    "embed": "embed",
    "button": "button",
    "callout": "callout",
    "toggle": "toggle",
    "codeblock": "code",
    "header": "header",
    "file": "file",
    "audio": "audio",
    "video": "video",
    "product": "product",
    "signup": "signup",
    "call-to-action": "cta",
}
"""A card's type, and what its class is called: "kg-card kg-cta-card"."""
_FOR_MAILS = {"email", "email-cta"}
_CARD = re.compile(r'<\w+ class="kg-card kg-([a-z]+)-card')
_QUOTES = {"quote", "extended-quote", "aside"}
_HEADINGS = {"heading", "extended-heading"}
# What stands between these comments is a customer's own HTML, or for some readers only.
_SECTION = re.compile(
    r"\n?<!--kg-card-begin: (?P<card>html|markdown)-->\n?.*?<!--kg-card-end: (?P=card)-->\n?"
    r"|<!--kg-gated-block:begin .*?<!--kg-gated-block:end-->",
    re.DOTALL,
)
_EMPTY_PAIR = re.compile(r"<(\w+)(?:\s[^>]*)?></\1>")
_SECTION_TAG = "#section"
_COMMENT_TAG = "#comment"


class Unmapped(ValueError):
    """The document cannot lose just this. The message says why, as the end of a sentence."""


class _Piece(NamedTuple):
    """One element (or card's section, or comment) at the root of the HTML. ``words`` are its text without any space, ``card`` is the kind
    of card that its class says."""

    start: int
    end: int
    tag: str
    words: str
    card: str | None = None


def cut(document: Mapping[str, Any], html: str, gone: Sequence[Span]) -> tuple[Node, Taken]:
    """The document whose HTML is ``html``, without what stands in these spans of it; and what was taken. Raises Unmapped."""
    changed: Node = deepcopy(dict(document))
    children = _children(changed)
    parts = _parts(children, html)
    left: list[Node] = []
    nodes: list[Any] = []
    spans = list(gone)
    covered = 0
    for at, (child, part) in enumerate(zip(children, parts, strict=True)):
        here = [] if part is None else _inside(spans, part)
        covered += sum(span.end - span.start for span in here)
        if part is None or not here:
            left.append(child)
        elif here == [part]:
            nodes.append([at, False, child])
        else:
            relative = [Span(span.start - part.start, span.end - part.start) for span in here]
            edited = _edited(child, html[part.start : part.end], relative)
            nodes.append([at, True, child])
            left.append(edited)
    if covered != sum(span.end - span.start for span in spans):
        raise Unmapped("what is to go cannot be told from what stands beside it")
    _check_anchors(children, nodes)
    added = 0
    if left and _is_blank(left[-1]) and not _is_blank(children[-1]):
        # Ghost shows no empty paragraph at the end; the one that is last now was shown.
        left.append(deepcopy(left[-1]))
        added = 1
    changed["root"]["children"] = left
    return changed, {"nodes": nodes, "added": added}


def put_back(document: Mapping[str, Any], taken: Taken) -> Node:
    """The document as it was before ``taken`` was taken from it."""
    whole: Node = deepcopy(dict(document))
    children = _children(whole)
    if taken["added"]:
        del children[-taken["added"] :]
    for at, is_left, node in taken["nodes"]:
        children[at : at + 1 if is_left else at] = [node]
    return whole


def _children(document: Mapping[str, Any]) -> list[Node]:
    root = document.get("root")
    children = root.get("children") if isinstance(root, dict) else None
    if not isinstance(children, list) or not all(isinstance(child, dict) for child in children):
        raise Unmapped("its document is none that this version of cleancopy knows")
    return children


def _inside(spans: Sequence[Span], part: Span) -> list[Span]:
    return [
        Span(max(span.start, part.start), min(span.end, part.end))
        for span in spans
        if span.start < part.end and part.start < span.end
    ]


def _check_anchors(children: Sequence[Node], nodes: Sequence[Any]) -> None:
    """Ghost numbers headings of the same words: without the first, "id=news-1" would become "id=news"."""
    gone = {at for at, is_left, _ in nodes if not is_left}
    names = {at: _name(child) for at, child in enumerate(children) if child.get("type") in _HEADINGS}
    if any(
        names[other] == names[at] for at in gone & names.keys() for other in names.keys() - gone if other > at
    ):
        raise Unmapped("a later heading has the same words, and its address would change")


def _name(heading: Node) -> str:
    return "".join(sign for sign in _words_of(heading).casefold() if sign.isalnum())


# Reading document and HTML side by side.


def _parts(children: Sequence[Node], html: str) -> list[Span | None]:
    """For each child the HTML that was made of it; None where there is none, or where it may be one or another."""
    pieces = list(_pieces(html))
    ahead: list[set[int]] = [{0}]
    for at, child in enumerate(children):
        is_last = at == len(children) - 1
        ahead.append({to for start in ahead[-1] for to in _steps(child, pieces, start, is_last)})
    behind: list[set[int]] = [{len(pieces)}]
    for at in reversed(range(len(children))):
        is_last = at == len(children) - 1
        reach = {
            start for start in ahead[at] if behind[-1] & set(_steps(children[at], pieces, start, is_last))
        }
        behind.append(reach)
    behind.reverse()
    if not behind[0]:
        raise Unmapped("its HTML was not made of its document as it stands; save it once in Ghost's editor")
    parts: list[Span | None] = []
    for at, child in enumerate(children):
        is_last = at == len(children) - 1
        ways = {
            (start, to)
            for start in ahead[at] & behind[at]
            for to in _steps(child, pieces, start, is_last)
            if to in behind[at + 1]
        }
        start, to = ways.pop()
        parts.append(None if ways or start == to else Span(pieces[start].start, pieces[to - 1].end))
    return parts


def _steps(child: Node, pieces: Sequence[_Piece], start: int, is_last: bool) -> Iterator[int]:
    """The places where the HTML of a child that begins at piece ``start`` may end."""
    tag = _tag_of(child)
    piece = pieces[start] if start < len(pieces) else None
    if tag is not None:
        if is_last and _is_blank(child):
            yield start
        elif piece is not None and piece.tag == tag and piece.words == _words_of(child):
            yield start + 1
        return
    kind = str(child.get("type"))
    if kind == "horizontalrule":
        if piece is not None and piece.tag == "hr":
            yield start + 1
        return
    yield start  # one that is empty, or for mails only
    if kind == "markdown":
        for to in range(start, len(pieces)):
            if pieces[to].card is not None or pieces[to].tag in (_SECTION_TAG, _COMMENT_TAG):
                return
            yield to + 1
    elif piece is not None and kind not in _FOR_MAILS and _is_of_card(piece, kind):
        yield start + 1


def _is_of_card(piece: _Piece, kind: str) -> bool:
    if kind == "html":
        return piece.tag == _SECTION_TAG
    if kind in _CARDS and piece.card == _CARDS[kind]:
        return True
    # A card of a kind that is not known here, or that is shown in another form.
    return piece.card not in _CARDS.values() and piece.tag not in {*_PROSE_TAGS, "hr"}


def _tag_of(child: Node) -> str | None:
    """The tag that a child of text has; None for a card."""
    kind = child.get("type")
    if kind == "paragraph":
        return "p"
    if kind in _HEADINGS or kind == "list":
        return str(child.get("tag"))
    return "blockquote" if kind in _QUOTES else None


def _is_blank(child: Node) -> bool:
    return child.get("type") == "paragraph" and not _words_of(child)


def _words_of(child: Node) -> str:
    return _spaceless("".join(str(leaf["text"]) for leaf, _ in _leaves(child) if "text" in leaf))


def _spaceless(text: str) -> str:
    return "".join(text.split())


def _leaves(node: Node) -> Iterator[tuple[Node, Node]]:
    """Texts and line breaks in their order, each with what holds it."""
    for child in node.get("children") or ():
        if child.get("children") is not None:
            yield from _leaves(child)
        elif "text" in child or child.get("type") == "linebreak":
            yield child, node


def _pieces(html: str) -> Iterator[_Piece]:
    at = 0
    for section in _SECTION.finditer(html):
        yield from _elements(html, at, section.start())
        yield _Piece(section.start(), section.end(), _SECTION_TAG, "")
        at = section.end()
    yield from _elements(html, at, len(html))


def _elements(html: str, first: int, end: int) -> Iterator[_Piece]:
    open_tags: list[str] = []
    start, tag, words = 0, "", list[str]()
    for token in events(html[first:end]):
        if token.kind == "start":
            if not open_tags:
                start, tag, words = token.start, token.name, []
            if token.name not in _VOID:
                open_tags.append(token.name)
                continue
        elif token.kind == "end":
            if not open_tags or open_tags.pop() != token.name:
                raise Unmapped("its HTML is broken")
        elif open_tags:
            words += [token.name] if token.kind in ("text", "entity") else []
            continue
        elif token.kind == "comment":
            start, tag, words = token.start, _COMMENT_TAG, []
        elif token.name.strip():
            raise Unmapped("words of it stand in no paragraph")
        else:
            continue
        if not open_tags:
            card = _CARD.match(html, first + start)
            yield _Piece(first + start, first + token.end, tag, _spaceless("".join(words)), card and card[1])
    if open_tags:
        raise Unmapped("its HTML is broken")


# A child that loses a part of itself.


def _edited(child: Node, html: str, gone: Sequence[Span]) -> Node:
    if child.get("type") in _HEADINGS:
        raise Unmapped("a heading's address is made of its words, and would change")
    if _tag_of(child) is None:
        return _edited_card(child, html, gone)
    edited = deepcopy(child)
    inner = list(gone)
    if child.get("type") == "list":
        inner = _without_items(edited, html, gone)
    if len(_EMPTY_PAIR.findall(without(html, gone))) > len(_EMPTY_PAIR.findall(html)):
        raise Unmapped("a link or bold words would be left without their words")
    _take_characters(edited, child, html, gone, inner)
    return edited


def _edited_card(child: Node, html: str, gone: Sequence[Span]) -> Node:
    """A card that holds its HTML, or a part of it, as it is shown."""
    first, last = gone[0].start, gone[-1].end
    for key, value in child.items():
        if not isinstance(value, str) or len(value) <= last - first or html.count(value) != 1:
            continue
        at = html.index(value)
        if at <= first and last <= at + len(value):
            inner = [Span(span.start - at, span.end - at) for span in gone]
            return {**deepcopy(child), key: without(value, inner)}
    raise Unmapped(f"it stands in a card of Ghost's ({child.get('type')}) that cannot be changed in part")


def _without_items(edited: Node, html: str, gone: Sequence[Span]) -> list[Span]:
    """Take out the items that go whole, each with the lists inside it; the spans that are left."""
    items = list(_items(html))
    groups: list[list[Node]] = []
    for item in edited["children"]:
        inner = item.get("children") or [{}]
        if groups and inner[0].get("type") == "list":
            groups[-1].append(item)
        else:
            groups.append([item])
    if len(items) != len(groups):
        raise Unmapped("the items of a list cannot be told apart")
    whole = [
        item for item in items if any(span.start <= item.start and item.end <= span.end for span in gone)
    ]
    if len(whole) == len(items):
        raise Unmapped("a list would be left without its items")
    edited["children"] = [
        node for item, group in zip(items, groups, strict=True) if item not in whole for node in group
    ]
    left = [span for span in gone if not any(_inside([span], item) for item in whole)]
    if sum(span.end - span.start for span in gone) != sum(one.end - one.start for one in [*whole, *left]):
        raise Unmapped("an item of a list would go in part")
    return left


def _items(html: str) -> Iterator[Span]:
    """The items of the outermost list."""
    depth, start = 0, 0
    for token in events(html):
        if token.kind == "start" and token.name not in _VOID:
            depth += 1
            if depth == 2:
                start = token.start
        elif token.kind == "end":
            if depth == 2:
                yield Span(start, token.end)
            depth -= 1


def _take_characters(
    edited: Node, child: Node, html: str, gone: Sequence[Span], inner: Sequence[Span]
) -> None:
    """Take the characters in the spans ``inner`` out of the texts; those of whole items (in ``gone`` alone) are gone already."""
    whole = [span for span in gone if span not in inner]
    shown = [
        (sign, at, stop)
        for token in events(html)
        for sign, at, stop in _signs(token)
        if not _inside(whole, Span(at, stop))
    ]
    kept = [(leaf, holder, sign) for leaf, holder in _leaves(edited) for sign in (leaf.get("text", "\n"))]
    if [sign for sign, _, _ in shown] != [sign for _, _, sign in kept]:
        raise Unmapped(f"the words of a {child.get('type')} cannot be told apart")
    _check_tags(html, inner)
    texts: dict[int, list[str]] = {id(leaf): [] for leaf, _ in _leaves(edited)}
    for (_, at, stop), (leaf, _, sign) in zip(shown, kept, strict=True):
        taken = _inside(inner, Span(at, stop))
        if taken and taken != [Span(at, stop)]:
            raise Unmapped("half of a character would go")
        if not taken:
            texts[id(leaf)].append(sign)
    _keep(edited, texts)


def _signs(token: Event) -> Iterator[tuple[str, int, int]]:
    """The characters that a token shows, with where they stand."""
    if token.kind == "text":
        for number, sign in enumerate(token.name):
            yield sign, token.start + number, token.start + number + 1
    elif token.kind == "entity":
        yield token.name, token.start, token.end
    elif token.kind == "start" and token.name == "br":
        yield "\n", token.start, token.end


def _check_tags(html: str, gone: Sequence[Span]) -> None:
    """A tag goes with its partner."""
    balance: dict[str, int] = {}
    for token in events(html):
        if (
            token.kind in ("start", "end")
            and token.name not in _VOID
            and _inside(gone, Span(token.start, token.end))
        ):
            balance[token.name] = balance.get(token.name, 0) + (1 if token.kind == "start" else -1)
    if any(balance.values()):
        raise Unmapped("bold words or a link would go in part")


def _keep(node: Node, texts: Mapping[int, Sequence[str]]) -> None:
    """Give each text what is left of it; what has nothing left goes."""
    left = []
    for child in node.get("children") or ():
        if child.get("children") is not None:
            had = bool(child["children"])
            _keep(child, texts)
            if had and not child["children"] and child.get("type") not in ("listitem", "list"):
                continue
        elif id(child) in texts:
            if not texts[id(child)]:
                continue
            if "text" in child:
                child["text"] = "".join(texts[id(child)])
        left.append(child)
    node["children"] = left
