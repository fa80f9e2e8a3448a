"""A CMS body: an HTML fragment whose blocks know their places in it, character by character.

Nothing is rendered and nothing rewritten. Blocks point at their elements; everything outside what is removed comes back
as it was. Positions come from the stdlib's html.parser; the few rules of the HTML standard that matter for
places (implied ends of ``<p>``, ``<li>``, ``<td>`` …) are below.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from lxml.html import document_fromstring

from cleaners.model import Block, Kind, Picture, Raw, Repair, Span, Story
from cleaners.read.blank_lines import with_blank_lines
from cleaners.read.decode import document
from cleaners.read.language import language_of
from cleaners.read.limits import BODY_CHARACTERS, DEPTH, ELEMENTS, too_large, unread
from cleaners.read.markup import Event, events
from cleaners.read.pictures import caption_and_credit
from cleaners.read.pieces import Edit, Piece, clipped, edited, segments, text_of, trimmed
from cleaners.read.raw_lines import raw_lines
from cleaners.read.repair import repair
from cleaners.read.shortcodes import captioned, is_shortcodes
from cleaners.read.signals import signals_of
from cleaners.read.text import given_fields, with_given_pictures
from cleaners.read.unreadable import UnreadableStory
from cleaners.read.zones import with_zones

_VOID = {
    *(
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ),
}
_OPAQUE = {
    *(
        "audio",
        "button",
        "canvas",
        "iframe",
        "math",
        "noscript",
        "object",
        "script",
        "select",
        "style",
        "svg",
    ),
    *("template", "textarea", "title", "video"),
}
"""Nothing inside is copy, and nothing inside is touched."""
_MEDIA = _OPAQUE | {"img", "embed", "picture", "input", "source", "hr"}
"""An element that holds one of these never goes whole with its text."""
_AMP_TEXT = {
    "amp-accordion",
    "amp-base-carousel",
    "amp-carousel",
    "amp-fit-text",
    "amp-layout",
    "amp-lightbox",
}
"""What AMP wraps around text of the story; its other elements are players, pictures and buttons."""
_EMBEDDED = re.compile(
    r"(?:^|\s)(?:(?:twitter|instagram|tiktok|bluesky|mastodon|reddit|imgur|flourish|infogram|datawrapper|threads)-(?:tweet|video|media|embed)[\w-]*"
    r"|reddit-(?:card|embed-bq)|text-post-media|fb-(?:post|video|xfbml-parse-ignore)|wp-block-embed|wp-embedded-content|kg-(?:bookmark|embed|audio|video|file|button|product|signup|cta)-card)(?=\s|$)"
)
"""Classes of a post or a card from elsewhere: its words are not the story's, and its markup is a script's."""
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CELLS = {"td", "th"}
_TABLE = {"table", "thead", "tbody", "tfoot", "tr", "caption", *_CELLS}
_CONTAINERS = {
    *(
        "address",
        "article",
        "aside",
        "body",
        "center",
        "details",
        "div",
        "dl",
        "fieldset",
        "figure",
        "footer",
        "form",
    ),
    *("head", "header", "hgroup", "html", "main", "menu", "nav", "ol", "section", "summary", "ul"),
}
_TEXT_BLOCKS = {"p", "li", "blockquote", "figcaption", "pre", "dt", "dd", *_HEADINGS}
_BLOCKS = _CONTAINERS | _TEXT_BLOCKS | _TABLE
_CLOSES_P = _BLOCKS | {"hr"}
_HOLDERS: dict[Kind, tuple[str, ...]] = {
    "item": ("ul", "ol", "dl"),
    "quote": ("blockquote",),
    "row": ("table",),
}
"""What the blocks of a kind stand in together."""
_CLIMBED = {"li", "blockquote", "figcaption", "dd", "dt"}
"""These go with the only block they hold: ``<li><p>…</p></li>``."""
_MOST_CELL_LINES = 3
_SPACES = re.compile("[ \t\n\r\f]+")
_OPENING_COMMENT = re.compile(r"\s*wp:(\S+)(?:\s.*)?(?<!/)\Z", re.DOTALL)
_CLOSING_COMMENT = re.compile(r"\s*/wp:(\S+)\s*\Z")


@dataclass(eq=False, slots=True)
class _Node:
    """An open element: block-level ones only, inline markup is looked at where a run of text is cut."""

    tag: str
    start: int
    parent: _Node | None
    first: int  # index of its start tag's event
    depth: int = 0
    end: int = -1
    last: int = -1  # index of its last event
    drafts: int = 0
    media: bool = False
    embedded: bool = False
    table: bool = False  # a figure around a table
    figure: int | None = None
    runs: list[_Run] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class _Run:
    """A run of text between two block boundaries or line breaks."""

    owner: _Node
    first: int  # event index, inclusive
    last: int  # event index, exclusive
    number: int = 0
    broken_before: int | None = None  # event index of the <br> before it, when that joins it to a line before
    broken_after: int | None = None
    pieces: list[Piece] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class _Draft:
    """A block before it is numbered."""

    pieces: list[Piece]
    kind: Kind
    level: int
    element: Span | None
    repairs: tuple[Repair, ...]
    picture: int | None
    within: str | None = None


def read_body(raw: Raw) -> Story:
    """Read a CMS body.

    Raises ``UnreadableStory`` when it has no text. A body that is too large or too deep is a story without blocks and with
    a problem, for a person to look at.
    """
    content, notes = document(raw)
    if len(content) > BODY_CHARACTERS:
        return too_large(raw, content, notes, given_fields(raw))
    tokens = events(content)
    if sum(token.kind == "start" for token in tokens) > ELEMENTS:
        problem = f"the body has more than {ELEMENTS:,} elements; clean it by hand"
        return unread(raw, content, notes, given_fields(raw), problem)
    try:
        tree = _Tree(content, with_blank_lines(tokens))
    except _TooDeep:
        problem = f"the body is nested more than {DEPTH} elements deep; clean it by hand"
        return unread(raw, content, notes, given_fields(raw), problem)
    drafts = [draft for draft in _drafts(tree) if draft.pieces]
    # A figure may hold a tweet or a table: without image and caption it is no picture.
    shown = sorted(
        {at for at, picture in enumerate(tree.pictures) if picture.url or picture.alt}
        | {draft.picture for draft in drafts if draft.picture is not None and draft.kind == "caption"}
    )
    pictured = {at: place for place, at in enumerate(shown)}
    if not drafts:
        raise UnreadableStory(f"story {raw.id}: the body has no text; send the story's HTML, or leave it out")
    repairs = list(notes)
    blocks: list[Block] = []
    for number, draft in enumerate(drafts):
        repairs += [note._replace(block=number) for note in draft.repairs]
        blocks.append(
            Block(
                number,
                text_of(draft.pieces),
                kind=draft.kind,
                level=draft.level,
                element=draft.element,
                segments=segments(draft.pieces),
                picture=None if draft.picture is None else pictured.get(draft.picture),
                within=draft.within,
            )
        )
    given = given_fields(raw)
    body = "\n".join(block.text for block in blocks)
    language = language_of(raw.language, None, body)
    return Story(
        id=raw.id,
        form="body",
        raw=content,
        blocks=with_zones(blocks),
        fields=replace(
            given, pictures=with_given_pictures(tuple(tree.pictures[at] for at in shown), given.pictures)
        ),
        url=raw.url,
        publisher=raw.publisher,
        language=language,
        signals=signals_of(raw, (block.text for block in blocks), raw_lines(content), language),
        repairs=tuple(repairs),
    )


class _TooDeep(Exception):
    """More elements inside each other than are read; the walks to the root would take the square of it."""


class _Tree:
    """Runs of text with the elements they stand in, in document order."""

    def __init__(self, raw: str, tokens: Sequence[Event]) -> None:
        self.raw = raw
        self.tokens = tokens
        self.root = _Node("", 0, None, -1)
        self.runs: list[_Run] = []
        self.pictures: list[Picture] = []
        self._here = self.root
        self._from = 0  # where the run that is being gathered began
        self._break: int | None = None
        self._opaque: list[str] = []
        self._endless = _endless(tokens)
        self._shown_by = -1  # the block start that made the text visible again; it must stay
        self._hiding = False  # the opaque element that is open never ends
        for index, token in enumerate(tokens):
            self._take(index, token)
        self._flush(len(tokens))
        end = tokens[-1].end if tokens else 0
        while self._here is not self.root:
            self._close(len(tokens), end)

    def _take(self, index: int, token: Event) -> None:
        name = token.name
        if self._opaque and self._hiding and token.kind == "start" and name in _BLOCKS:
            self._opaque.clear()  # "<button><p>Story…": what never ends does not hide the rest
            self._shown_by = index
        if self._opaque:
            if token.kind == "start" and name == self._opaque[-1] and name not in _VOID:
                self._opaque.append(name)
            elif token.kind == "end" and name == self._opaque[-1]:
                self._opaque.pop()
            return
        if token.kind == "start":
            self._open(index, token)
        elif token.kind == "end" and name in _BLOCKS:
            self._end(index, token)
        elif token.kind == "blank" and self._here.tag not in _TABLE:
            self._part(index)

    def _part(self, index: int) -> None:
        """Two lines of one element: a ``<br>``, or a blank line, stands between them."""
        self._flush(index, broken_after=index)
        self._from, self._break = index + 1, index

    def _open(self, index: int, token: Event) -> None:
        name = token.name
        if name in _MEDIA or _is_opaque(name):
            node: _Node | None = self._here
            while node is not None:
                node.media = True
                node = node.parent
            if name in ("img", "amp-img"):
                self._picture(token.attributes or {})
        if _is_opaque(name):
            self._opaque.append(name)
            self._hiding = index in self._endless
        elif name == "br":
            self._part(index)
        elif name == "hr":
            self._flush(index)
            self._imply_ends(index, token)
            self._from = index + 1
        elif name in _BLOCKS:
            self._flush(index)
            self._imply_ends(index, token)
            parent = self._here
            if parent.depth >= DEPTH:
                raise _TooDeep
            self._here = _Node(name, token.start, parent, index, parent.depth + 1, figure=parent.figure)
            self._here.media = index == self._shown_by
            self._here.embedded = (
                parent.embedded or _EMBEDDED.search((token.attributes or {}).get("class") or "") is not None
            )
            if name == "figure":
                self._here.figure = len(self.pictures)
                self.pictures.append(Picture())
            elif name == "table":
                self._note_table()
            self._from = index + 1

    def _note_table(self) -> None:
        node: _Node | None = self._here
        while node is not None and node.tag != "figure":
            node = node.parent
        if node is not None:
            node.table = True

    def _picture(self, attributes: dict[str, str | None]) -> None:
        at = self._here.figure
        # The icon on the card of another page is no picture of the story.
        if at is None or self._here.embedded or self.pictures[at].url is not None:
            return
        url = next(
            (
                value
                for value in (
                    attributes.get(key) for key in ("src", "data-src", "data-lazy-src", "data-original")
                )
                if value and not value.startswith("data:")
            ),
            None,
        )
        self.pictures[at] = replace(self.pictures[at], url=url, alt=attributes.get("alt") or None)

    def _imply_ends(self, index: int, token: Event) -> None:
        name = token.name
        if self._here.tag == "p" and name in _CLOSES_P:
            self._close(index, token.start)
        if name in _HEADINGS and self._here.tag in _HEADINGS:
            self._close(index, token.start)
        for closed, fence in (
            ({"li"}, {"ul", "ol", "menu"}),
            ({"dt", "dd"}, {"dl"}),
            (_CELLS, {"table", "tr"}),
        ):
            if name in closed:
                self._close_to(closed, fence, index, token)
        if name in ("tr", "tbody", "thead", "tfoot"):
            self._close_to({"tr"}, {"table"}, index, token)

    def _close_to(self, closed: set[str], fence: set[str], index: int, token: Event) -> None:
        node: _Node | None = self._here
        while node is not None and node.tag not in closed:
            if node.tag in fence or node.tag in ("table", "blockquote", "div", "section", "figure"):
                return
            node = node.parent
        while node is not None and self._here is not node:
            self._close(index, token.start)
        if node is not None:
            self._close(index, token.start)

    def _end(self, index: int, token: Event) -> None:
        node: _Node | None = self._here
        while node is not None and node.tag != token.name:
            if node.tag in _CELLS and token.name not in _TABLE:
                node = None  # "</div>" inside a cell does not reach out of the table
                break
            node = node.parent
        if node is None or node is self.root:
            self._flush(index)
            self._from = index + 1
            return
        self._flush(index)
        while self._here is not node:
            self._close(index, token.start)
        self._close(index + 1, token.end)
        self._from = index + 1

    def _close(self, last: int, end: int) -> None:
        self._here.last, self._here.end = last, end
        if self._here.tag == "figcaption":
            self._captioned(self._here)
        if self._here.parent is not None:
            self._here = self._here.parent

    def _captioned(self, node: _Node) -> None:
        """Caption and credit where the markup tells them apart, though they stand in one line: "The quay<cite>Ilse Marrow</cite>"."""
        if node.figure is None:
            return
        caption, credit = caption_and_credit(
            document_fromstring(f"<figure>{self.raw[node.start : node.end]}")
        )
        picture = self.pictures[node.figure]
        if caption and credit and picture.caption is None:
            self.pictures[node.figure] = replace(picture, caption=caption, credit=credit)

    def _flush(self, index: int, broken_after: int | None = None) -> None:
        """The run up to event ``index`` is complete."""
        run = _Run(self._here, self._from, index, len(self.runs), self._break, broken_after)
        self._from, self._break = index, None
        opaque: list[str] = []
        for token in self.tokens[run.first : run.last]:
            if opaque:
                if token.kind == "start" and token.name == opaque[-1]:
                    opaque.append(token.name)
                elif token.kind == "end" and token.name == opaque[-1]:
                    opaque.pop()
            elif token.kind == "start" and _is_opaque(token.name):
                opaque.append(token.name)
            elif token.kind in ("text", "entity", "blank"):
                run.pieces.append(Piece(token.name, token.start, token.end))
        if not text_of(run.pieces).strip().strip("\ufeff"):
            if (
                self.runs
                and run.broken_before is not None
                and self.runs[-1].broken_after == run.broken_before
            ):
                self.runs[-1].broken_after = run.broken_before
            return
        self.runs.append(run)
        run.owner.runs.append(run)
        node: _Node | None = run.owner
        while node is not None:
            node.drafts += 1
            node = node.parent


def _is_opaque(name: str) -> bool:
    return name in _OPAQUE or (name.startswith("amp-") and name not in _AMP_TEXT)


def _endless(tokens: Sequence[Event]) -> set[int]:
    """Indexes of the opaque elements' start tags that no end tag answers."""
    opened: dict[str, list[int]] = defaultdict(list)
    for index, token in enumerate(tokens):
        if token.kind == "start" and _is_opaque(token.name):
            opened[token.name].append(index)
        elif token.kind == "end" and opened.get(token.name):
            opened[token.name].pop()
    return {index for indexes in opened.values() for index in indexes}


def _drafts(tree: _Tree) -> list[_Draft]:
    rows = _rows(tree)
    drafts: list[_Draft] = []
    done: set[_Node] = set()
    holders: dict[_Node, str] = {}
    for run in tree.runs:
        row = _row_of(run)
        if row is None or row not in rows:
            found = _lines(tree, run)
        elif row not in done:
            done.add(row)
            found = [_row(row, rows[row])]
        else:
            continue
        for draft in found:
            draft.within = _within(run.owner, draft.kind, holders)
        drafts += found
    return drafts


def _within(owner: _Node, kind: Kind, holders: dict[_Node, str]) -> str | None:
    """The nearest list, quotation or table around a run; ``holders`` are those that were met before."""
    tags = _HOLDERS.get(kind)
    node: _Node | None = owner
    while tags is not None and node is not None:
        if node.tag in tags:
            return holders.setdefault(node, f"{node.tag} {len(holders) + 1}")
        node = node.parent
    return None


def _rows(tree: _Tree) -> dict[_Node, dict[_Node, list[_Run]]]:
    """Table rows by cell. A row whose cells hold whole stories is layout: its text stays in blocks of its own."""
    rows: dict[_Node, dict[_Node, list[_Run]]] = {}
    for run in tree.runs:
        row, cell = _row_of(run), _cell_of(run)
        if row is not None and cell is not None:
            rows.setdefault(row, {}).setdefault(cell, []).append(run)
    return {
        row: cells
        for row, cells in rows.items()
        if len(cells) > 1 and all(len(runs) <= _MOST_CELL_LINES for runs in cells.values())
    }


def _cell_of(run: _Run) -> _Node | None:
    node: _Node | None = run.owner
    while node is not None and node.tag not in _CELLS:
        if node.tag == "table":
            return None
        node = node.parent
    return node


def _row_of(run: _Run) -> _Node | None:
    cell = _cell_of(run)
    return cell.parent if cell is not None and cell.parent is not None and cell.parent.tag == "tr" else None


def _row(row: _Node, cells: dict[_Node, list[_Run]]) -> _Draft:
    pieces: list[Piece] = []
    repairs: tuple[Repair, ...] = ()
    for runs in cells.values():
        for at, run in enumerate(runs):
            mended = repair(_collapsed(run.pieces))
            repairs += mended.repairs
            if pieces and mended.pieces:
                # The bar between two cells has no character of its own in the document.
                here = pieces[-1].raw_end
                pieces.append(Piece(" " if at else " | ", here, here))
            pieces += mended.pieces
    element = None if row.media else Span(row.start, row.end)
    header = all(cell.tag == "th" for cell in cells)
    return _Draft(pieces, "row", int(header), element, repairs, row.figure)


def _lines(tree: _Tree, run: _Run) -> list[_Draft]:
    kind, level = _kind(run.owner)
    element = _element(tree, run)
    if run.owner.tag != "pre" or "\n" not in text_of(run.pieces).strip("\n"):
        return [_draft(_collapsed(run.pieces), kind, level, element, run.owner.figure)]
    drafts = []
    for pieces in _split(run.pieces):
        if text_of(pieces).strip():
            span = Span(pieces[0].raw_start, pieces[-1].raw_end) if _contiguous(pieces) else None
            drafts.append(_draft(_collapsed(pieces), kind, level, span, run.owner.figure))
    return drafts


def _split(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The lines of preformatted text, each with its line break."""
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        if not piece.linear or "\n" not in piece.text:
            lines[-1].append(piece)
            continue
        at = 0
        for part in piece.text.splitlines(keepends=True):
            lines[-1].append(Piece(part, piece.raw_start + at, piece.raw_start + at + len(part)))
            at += len(part)
            if part.endswith("\n"):
                lines.append([])
    return [line for line in lines if line]


def _contiguous(pieces: Sequence[Piece]) -> bool:
    return all(one.raw_end == two.raw_start for one, two in pairwise(pieces))


def _draft(pieces: list[Piece], kind: Kind, level: int, element: Span | None, picture: int | None) -> _Draft:
    mended = repair(pieces)
    pieces = mended.pieces
    if kind in ("paragraph", "item"):
        text = text_of(pieces)
        caption = captioned(text)
        if is_shortcodes(text):
            kind = "embed"
        elif caption is not None:
            # The brackets stay with their picture, whatever becomes of the caption.
            pieces, kind, element = clipped(pieces, *caption), "caption", None
    return _Draft(pieces, kind, level, element, mended.repairs, picture)


def _collapsed(pieces: Sequence[Piece]) -> list[Piece]:
    """Runs of spaces and line breaks are one space in HTML. No-break spaces stay."""
    text = text_of(pieces)
    edits = [Edit(found.start(), found.end(), " ") for found in _SPACES.finditer(text) if found[0] != " "]
    return trimmed(edited(pieces, edits))


def _kind(owner: _Node) -> tuple[Kind, int]:
    if owner.embedded and owner.tag != "figcaption":
        return "embed", 0
    if owner.tag in _HEADINGS:
        return "heading", _HEADINGS[owner.tag]
    node: _Node | None = owner
    while node is not None:
        if node.tag == "figcaption":
            # What is written under a table belongs to it, as its <caption> does, and to no picture.
            return "paragraph" if node.parent is not None and node.parent.table else "caption", 0
        if node.tag in ("li", "dt", "dd"):
            return "item", 0
        if node.tag == "blockquote":
            return "quote", 0
        if node.tag in _CELLS:
            break
        node = node.parent
    return "paragraph", 0


def _element(tree: _Tree, run: _Run) -> Span | None:
    """What goes from the raw document with the whole run; None: only its characters, for no tag could go with them."""
    node = run.owner
    if node.drafts == 1 and not node.media and node is not tree.root and node.tag not in _TABLE:
        while (
            node.parent is not None
            and node.parent.tag in _CLIMBED
            and node.parent.drafts == 1
            and not node.parent.media
        ):
            node = node.parent
        inside = [token for token in tree.tokens[node.first : node.last] if token.name not in _BLOCKS]
        if _balanced(inside) and not _divides(tree, run, node):
            return _with_comments(tree, node)
        return None
    return _stretch(tree, run)


def _divides(tree: _Tree, run: _Run, node: _Node) -> bool:
    """``node`` stands between two bare texts: without its tags "…quay.<p>Share</p>Nobody…" would become one line.

    It is enough that the first of several such elements keeps its tags.
    """
    before = tree.runs[run.number - 1] if run.number else None
    return (
        before is not None
        and before.owner is node.parent
        and before.last == node.first
        and before.owner.runs[-1] is not before
    )


def _with_comments(tree: _Tree, node: _Node) -> Span:
    """The element; with the pair of Gutenberg comments that encloses exactly it."""
    before, after = _beside(tree, node.first, -1), _beside(tree, node.last - 1, 1)
    if before is not None and after is not None:
        opening, closing = _OPENING_COMMENT.match(before.name), _CLOSING_COMMENT.match(after.name)
        if opening is not None and closing is not None and opening[1] == closing[1]:
            return Span(before.start, after.end)
    return Span(node.start, node.end)


def _beside(tree: _Tree, at: int, step: int) -> Event | None:
    """The comment next to event ``at``, spaces apart."""
    at += step
    while 0 <= at < len(tree.tokens):
        token = tree.tokens[at]
        if token.kind == "comment":
            return token
        if token.kind not in ("text", "blank") or token.name.strip():
            return None
        at += step
    return None


def _stretch(tree: _Tree, run: _Run) -> Span | None:
    """The run's part of its element, with one line break beside it, if no tag in it reaches out of it."""
    first, last = run.first, run.last
    tokens = tree.tokens
    while first < last and _is_space(tokens[first]):
        first += 1
    while last > first and _is_space(tokens[last - 1]):
        last -= 1
    inside = tokens[first:last]
    if not _balanced(inside) or any(
        token.kind == "other" or (token.kind == "start" and token.name in _MEDIA) for token in inside
    ):
        return None
    start, end = tokens[first].start, tokens[last - 1].end
    if run.broken_before is not None and _joined(tree, run, run.broken_before):
        return Span(tokens[run.broken_before].start, end)
    if run.broken_after is not None:
        return Span(start, tokens[run.broken_after].end)
    return Span(start, end)


def _joined(tree: _Tree, run: _Run, at: int) -> bool:
    """Something of the same element stands before the line break ``at``."""
    return run.owner.runs[0].last <= at


def _is_space(token: Event) -> bool:
    return token.kind == "comment" or (token.kind in ("text", "blank") and not token.name.strip())


def _balanced(tokens: Sequence[Event]) -> bool:
    opened: list[str] = []
    for token in tokens:
        if token.kind == "start" and token.name not in _VOID:
            opened.append(token.name)
        elif token.kind == "end" and token.name not in _VOID and (not opened or opened.pop() != token.name):
            return False
    return not opened
