"""Text repair: what broke on the way from the newsroom is mended while reading, and recorded.

One function per fault, each a list of edits on the block's pieces, so that offsets into the raw document stay true.
Ideas from ftfy (one pure function per fault; act only where the text is suspicious).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from html import unescape
from html.entities import html5
from typing import Any, NamedTuple
from unicodedata import is_normalized, normalize

import ftfy
import re2
from ftfy.badness import BADNESS_RE, is_bad

from cleaners.model import Repair
from cleaners.read.pieces import Edit, Piece, edited, text_of, trimmed

# Nothing below can apply to a line without one of these characters.
_SUSPICIOUS = re.compile(
    "[&\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]"
)
_ENTITY = re.compile(r"&(#[0-9]{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z]{2,31}[0-9]{0,2});")
# "&lt;b&gt;" in running text is an article about HTML, and unescaping it would make markup.
_KEPT_ENTITIES = {
    "lt",
    "gt",
    "LT",
    "GT",
    "nvlt",
    "nvgt",
    "#60",
    "#62",
    "#x3c",
    "#x3e",
    "#x3C",
    "#x3E",
    "#060",
    "#062",
}
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_WORD = re.compile(r"\S+")
# Normalised, the old form of a letter in a name would become the new one.
_OLD_FORM = re.compile("[\uf900-\ufaff\U0002f800-\U0002fa1f]")
_LINE_BREAKS = re.compile("[\n\r\u2028\u2029]+[ \t]*")
_RUNS = re.compile("([\x00-\x7f]*)([^\x00-\x7f]* *)")
# Scripts in which ZWNJ and ZWJ change what is read: Arabic to Samaritan, Indic to Tibetan, Myanmar, Khmer, Mongolian.
_JOINING = re.compile(
    "[\u0600-\u08ff\u0900-\u0fff\u1000-\u109f\u1780-\u18af\ua840-\ua87f\ua8e0-\ua8ff\ufb50-\ufdff\ufe70-\ufefc\U00010d00-\U00011fff]"
)
# "👩‍🚒" is a woman, a joiner and a fire engine.
_PICTOGRAPH = re.compile("[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]")


class Repaired(NamedTuple):
    """The mended pieces and what was mended (``Repair.block`` is left at 0 for the reader to set)."""

    pieces: list[Piece]
    repairs: tuple[Repair, ...]


def repair(pieces: Sequence[Piece]) -> Repaired:
    """Mend a block's pieces and trim them."""
    text = text_of(pieces)
    if not may_need_repair(text):
        return Repaired(trimmed(pieces), ())
    mended = list(pieces)
    repairs: list[Repair] = []
    for what, find in _FAULTS:
        # "&amp;amp;quot;" needs three rounds; each round shortens the text.
        for _ in range(8):
            text = text_of(mended)
            edits = find(text)
            if not edits:
                break
            repairs += [Repair(0, what, text[edit.start : edit.end], edit.after) for edit in edits]
            mended = edited(mended, edits)
    return Repaired(trimmed(mended), tuple(repairs))


def may_need_repair(text: str) -> bool:
    """Whether ``repair`` would do more than trim: nearly every line needs nothing."""
    if text.isascii() and text.isprintable() and "&" not in text:
        return False
    if not is_normalized("NFC", text):
        return True
    if _narrowed().Match(text.encode(errors="replace")) is None:
        return False
    return _SUSPICIOUS.search(text) is not None or is_bad(text)


def lines_may_need_repair(document: str) -> bool:
    """Whether ``may_need_repair`` of any line of the document: one search for all of them, and nearly every story is done with it."""
    if not is_normalized("NFC", document):
        return True
    text = document.replace("\r\n", "\n") if "\r" in document else document
    return _narrowed_lines()(text.encode(errors="replace")) is not None


@cache
def _narrowed() -> Any:
    """What both of these find and little more, as a set of RE2: it takes a fiftieth of the time that ftfy's own pattern takes
    to find nothing. ``test_read_repair`` holds it to that."""
    narrowed = re2.Set.SearchSet()
    narrowed.Add(_SUSPICIOUS.pattern)
    narrowed.Add(_flat_badness())
    narrowed.Compile()
    return narrowed


@cache
def _narrowed_lines() -> Callable[[bytes], Any]:
    """The same for many lines at once, whose breaks are nothing suspicious; as one pattern, which is faster than a set on a long text."""
    suspicious = _SUSPICIOUS.pattern.replace("\x0a-\x1f", "\x0b-\x1f")
    return re2.compile(f"(?m){suspicious}|{_flat_badness()}").search  # type: ignore[no-any-return]


def _flat_badness() -> str:
    # Written over several lines with comments; and what is a space or a letter beyond ASCII, the two do not agree on.
    flat = re.sub(r"(\[[^\]]*\])|\s+|#.*", lambda part: part[1] or "", BADNESS_RE.pattern)
    return re.sub(r"\\[sw]", "(?s:.)", flat)


def repair_text(text: str) -> str:
    """``text`` mended, for a field that has no place in the raw document.

    >>> repair_text("AT&amp;T raises its o\\u00adffer ")
    'AT&T raises its offer'
    """
    return text_of(repair([Piece(text, 0, len(text))]).pieces)


def repair_field(name: str, text: str) -> str:
    """A field mended: on one line, but for a standfirst of several, which are no sentence ("It fell twice\\nNobody saw it").

    >>> repair_field("headline", "Ferry\\nsails"), repair_field("standfirst", "It fell twice\\n\\nNobody saw it")
    ('Ferry sails', 'It fell twice\\nNobody saw it')
    """
    if name != "standfirst":
        return repair_text(text)
    return "\n".join(line for one in text.split("\n") if (line := repair_text(one)))


def entities(text: str) -> list[Edit]:
    """Entities that were escaped once too often: "AT&amp;T", "don&#039;t".

    >>> entities("AT&amp;T")
    [Edit(start=2, end=7, after='&')]
    >>> entities("write &lt;b&gt; for bold; R&D; Q&A")
    []
    """
    edits = []
    for found in _ENTITY.finditer(text) if "&" in text else ():
        name = found[1]
        if name in _KEPT_ENTITIES or (name[0] != "#" and f"{name};" not in html5):
            continue
        after = unescape(found[0])
        # "&#60;" with zeros, and numbers that stand for nothing, are left as they are.
        if after and after != found[0] and after not in "<>\ufffd" and not 0xD800 <= ord(after[0]) <= 0xDFFF:
            edits.append(Edit(found.start(), found.end(), after))
    return edits


def mojibake(text: str) -> list[Edit]:
    """UTF-8 that was read as something else: "donâ€™t", "GrÃ¶ÃŸe". Only where ftfy's badness test finds any.

    >>> mojibake("Die GrÃ¶ÃŸe")
    [Edit(start=6, end=10, after='öß')]
    >>> mojibake("São Paulo, Ångström, naïve")
    []
    """
    if not is_bad(text):
        return []
    fixed = ftfy.fix_encoding(text)
    # "¬\x86" would become a lone no-break space: a repair never leaves less than there was to see.
    if fixed == text or not _INVISIBLE.sub("", fixed).strip():
        return []
    return _difference(text, fixed)


def line_breaks(text: str) -> list[Edit]:
    """A line break inside what is one line, e.g. U+2028 from a text frame, becomes a space."""
    edits: list[Edit] = []
    end = 0
    for found in _LINE_BREAKS.finditer(text):
        # Spaces before the break are looked for backwards: a pattern would try every run of spaces from each of its spaces.
        start = found.start()
        while start > end and text[start - 1] in " \t":
            start -= 1
        end = found.end()
        edits.append(Edit(start, end, " "))
    return edits


def invisible(text: str) -> list[Edit]:
    """Zero-width spaces, soft hyphens, direction marks and control characters go; Word's breaks within a paragraph become a space.

    ZWNJ and ZWJ stay beside letters of scripts that need them, and inside emoji.

    >>> invisible("key\\u200bboard")
    [Edit(start=3, end=4, after='')]
    >>> invisible("می\\u200cخواهم")
    []
    """
    return [
        Edit(found.start(), found.end(), " " if found[0] in "\x0b\x0c" else "")
        for found in _INVISIBLE.finditer(text)
        if found[0] not in "\u200c\u200d" or not _joiner_needed(text, found.start())
    ]


def uncomposed(text: str) -> list[Edit]:
    """Letters and their marks apart, as a Mac's file names and some CMSs have them, are written as one; no rule would know the word.

    Of Hindi and Bengali it is the other way: "पढ़ें" with its dot as a letter of its own is how all others write it (Unicode's NFC).

    >>> uncomposed("Cafe\u0301 Orla")
    [Edit(start=3, end=5, after='é')]
    >>> uncomposed("Café Orla")
    []
    """
    if is_normalized("NFC", text):
        return []
    return [
        _one_edit(word[0], after, word.start())
        for word in _WORD.finditer(text)
        if (after := normalize("NFC", word[0])) != word[0] and not _OLD_FORM.search(word[0])
    ]


def _joiner_needed(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if _JOINING.match(before) is not None:
        return True
    return text[at] == "\u200d" and (
        (_PICTOGRAPH.match(before) is not None or "\U0001f3fb" <= before <= "\U0001f3ff")
        and _PICTOGRAPH.match(after) is not None
    )


def _difference(before: str, after: str) -> list[Edit]:
    """What differs, run by run; where the runs do not answer each other, one edit from the first difference to the last.

    Mojibake is a run of characters beyond ASCII, and becomes one; the words between stay. "voilÃ\xa0 le" takes a space along.
    """
    old, new = _RUNS.findall(before), _RUNS.findall(after)
    if len(old) != len(new) or any(one[0] != two[0] for one, two in zip(old, new, strict=True)):
        return [_one_edit(before, after, 0)]
    edits: list[Edit] = []
    at = 0
    for (plain, high), (_, mended) in zip(old, new, strict=True):
        at += len(plain)
        if high != mended:
            edits.append(_one_edit(high, mended, at))
        at += len(high)
    return edits


def _one_edit(before: str, after: str, at: int) -> Edit:
    """``before``, which begins at ``at``, becomes ``after``: one edit of what is not common to both, never empty."""
    shorter = min(len(before) - 1, len(after))
    start = 0
    while start < shorter and before[start] == after[start]:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return Edit(at + start, at + len(before) - end, after[start : len(after) - end])


_FAULTS: tuple[tuple[str, Callable[[str], list[Edit]]], ...] = (
    ("entity", entities),
    ("mojibake", mojibake),
    ("line-break", line_breaks),
    ("invisible", invisible),
    ("uncomposed", uncomposed),
)
