"""Where the credit at the end of a caption begins, and whether a line's end tells that it is a caption.

Certain is a credit with a word for it ("Photo: Jon Blythe") or with names and a house in one ("Jon Blythe/Reuters"). A house alone
("(AFP)", "Supplied") may sign a paragraph as well, so it counts only above the story's last paragraph, behind a sentence's end.
"""

from __future__ import annotations

import re

from cleaners.kinds.facts import Facts
from cleaners.kinds.registry import Context
from cleaners.kinds.shapes import begins_again, ends_sentence, is_quotation, reach
from cleaners.model import Block, Story

# "(AFP)", "[Photo: Jon Blythe/Reuters]", "（撮影）" at the end of a line
_BRACKET = re.compile(r"\s*[(\[（［](?P<credit>[^()\[\]（）［］]{2,90})[)\]）］][.。]?$")
_CLOSES = frozenset(")]）］")
_HANDLE = re.compile(r"^@\w[\w.]{1,30}(?:/\w{1,20})?$")
# Where a credit may begin: after a full stop, two spaces, a stroke, a comma, or before a label ("Photo: "). A page's
# text often lacks the space behind the full stop: "at the quay.Jon Blythe / Reuters".
_SEAM = re.compile(
    r"(?<=[.。!?…])\s+|\s{2,}|\s+(?=@\w)|\s[|–—-]\s|,\s|\s/\s|\s(?=[^\s:]+(?: [^\s:]+)?:\s)|(?<=[^\W\d_A-Z][.!?])(?=[A-Z])|(?<=\d[.!?])(?=[A-Z])"
)
_BEHIND_SENTENCE = re.compile(r"[.!?。][\"”’]?\s*(?P<tail>[^.!?。\s][^.!?。]{1,30})$")
# "Pilots count the crates on the quay. By HARBOUR POLICE OF KESTEN"
_BY_CAPITALS = re.compile(r"(?<=[.!?”\"])\s+(?P<credit>(?:Photos? )?[Bb]y [A-Z][A-Z .,&'’/-]{4,60})$")
_STOPS = frozenset(".!?。")
"""A line that ends in one of them has nothing behind its last sentence."""
_JOINT = re.compile(r"/|\s\|\s| via ")
_PARTS = re.compile(r"\s*(?:/|\||,|;)\s*| via | for ")
# "Kesten | 12 | 14", and with tabs
_ROW = re.compile(r"[|\t] ?[\d.,]+ ?%?(?:$| ?[|\t])")
# What stands small inside a name: "Jon de la Vega", "Courtesy of the Harbour Office"
_SMALL = re.compile(
    r"a|al|and|at|by|courtesy|da|das|del?|der|di|dos?|du|el|et|file|for|from|in|la|le|of|on|the|und|van|via|von|y"
)
# "on Feb. 29, 2024." and "am 3. März 2024."; not "born on March 3, 1926."
_DATED = re.compile(r"\b\d{1,2}[.,]?\s+(?:(?:de\s+)?[^\W\d_]{3,12}\.?,?\s+(?:de\s+)?)?20\d\d\.[\"”’]?\s*$")
_LONGEST_TAIL = 80
_LONGEST_SIGNED = 300
"""Longer lines that end in a house's bare name are paragraphs with their source."""

_PLAIN = "captions/plain"


def note_plain(context: Context, longest: int) -> None:
    """Note the lines whose text does not speak for a caption: it does not say its beginning twice, and no credit is at its end."""
    credit = context.ruleset.of_kind("credit")
    new = [line for line in context.lines if len(line.text) <= longest and _PLAIN not in line.noted]
    # Hardly a story has such an end: one search for all of them, and one for each where there is one.
    some = bool(new) and credit.may_hit_ends([line.text[-_LONGEST_TAIL - 20 :] for line in new])
    for line in new:
        text = line.text
        line.noted[_PLAIN] = (
            not begins_again(text)
            and not _bracket(text)
            and not (text[-1:].isupper() and _BY_CAPITALS.search(text))
            and not (text[-1] not in _STOPS and _BEHIND_SENTENCE.search(text[-40:]))
            and not (some and credit.may_hit_end(text[-_LONGEST_TAIL - 20 :]))
        )


def is_plain(facts: Facts) -> bool:
    return bool(facts.noted[_PLAIN])


def credit_start(block: Block, context: Context) -> int | None:
    """Where the credit at the end of a caption begins, if there is one. The line after the cut is asked again, the text is the same."""
    figure = block.kind == "caption"
    noted = context.facts(block).noted
    name = "credit-in-figure" if figure else "credit-start"
    if name not in noted:
        noted[name] = _find_credit(block.text, context, figure)
    return noted[name]  # type: ignore[no-any-return]


def _find_credit(text: str, context: Context, figure: bool) -> int | None:
    bracket = _bracket(text)
    if bracket and (_names_source(bracket["credit"], context) or _behind_sentence(bracket, context)):
        return bracket.start()
    capitals = _BY_CAPITALS.search(text)
    if capitals:
        return capitals.start("credit")
    signed = _BEHIND_SENTENCE.search(text)
    if signed and _bare_house(signed["tail"], context):
        return signed.start("tail")
    if not figure and not context.ruleset.of_kind("credit").may_hit_end(text):
        return None
    for piece in _SEAM.finditer(text, max(0, len(text) - _LONGEST_TAIL)):
        tail = text[piece.end() :]
        if len(tail) <= _LONGEST_TAIL and (credit_line(tail, context) or (figure and _HANDLE.match(tail))):
            return piece.start()
    return 0 if credit_line(text, context) else None


def credit_at_end(block: Block, context: Context, last: bool) -> bool:
    """A line that ends in a credit is a caption; a wire's sign-off "(ANI)" under the last paragraph is not."""
    noted = context.facts(block).noted
    name = ("credit-at-end", last, block.kind)
    if name not in noted:
        noted[name] = _ends_in_credit(block, context, last)
    return bool(noted[name])


def _ends_in_credit(block: Block, context: Context, last: bool) -> bool:
    text = block.text
    if is_quotation(text) or reach(text) < 15:
        return False
    # "… the Environmental Protection Agency (EPA)." is a sentence; a caption's agency stands behind the full stop.
    signed = not last and len(text) <= _LONGEST_SIGNED and text[-1] not in ".。"
    bracket = _bracket(text)
    if bracket and _names_source(bracket["credit"], context):
        explicit = not _bare_house(bracket["credit"], context) and (
            credit_line(bracket["credit"], context) or _joined_houses(bracket["credit"], context)
        )
        return explicit or (signed and len(text) <= 260)
    if bracket and signed and _behind_sentence(bracket, context):
        return True
    if _BY_CAPITALS.search(text):
        return True
    tail = _BEHIND_SENTENCE.search(text)
    if tail and signed and _bare_house(tail["tail"], context):
        return True
    # Where the credit would begin is asked only of a line whose end may be one.
    if not context.ruleset.of_kind("credit").may_hit_end(text[-_LONGEST_TAIL - 20 :]):
        return False
    start = credit_start(block, context)
    return start is not None and start > 0 and not _bare_house(text[start:].strip(" .|–—-/,"), context)


def _bracket(text: str) -> re.Match[str] | None:
    return None if _CLOSES.isdisjoint(text[-3:]) else _BRACKET.search(text)


def _behind_sentence(bracket: re.Match[str], context: Context) -> bool:
    """Names in a bracket behind a sentence that is over: joined by strokes, or after the day of the picture."""
    before = bracket.string[: bracket.start()]
    return (
        ends_sentence(before)
        and _like_names(bracket["credit"])
        and bool(_JOINT.search(bracket["credit"]) or _DATED.search(before))
    )


def _names_source(text: str, context: Context) -> bool:
    return (
        bool(_HANDLE.match(text.strip()))
        or credit_line(text, context)
        or _bare_house(text, context)
        or _joined_houses(text, context)
    )


def _joined_houses(text: str, context: Context) -> bool:
    """Names joined by strokes or "via", an agency among them: "Marta Oyelaran/Quay-Lens, Inc via Getty Images"."""
    return (
        bool(_JOINT.search(text))
        and _like_names(text)
        and any(_bare_house(part, context) for part in _PARTS.split(text))
    )


def _like_names(text: str) -> bool:
    """Every part begins like a name, and has no more words than one."""
    parts = [part.split() for part in _PARTS.split(text.strip(" .")) if part]
    return all(
        len(words) <= 6
        and not words[0][:1].islower()
        and all(not word[:1].islower() or _SMALL.fullmatch(word) for word in words)
        for words in parts
        if words
    ) and any(words and words[0][:1].isalpha() for words in parts)


def credit_line(text: str, context: Context) -> bool:
    return bool(context.ruleset.of_kind("credit").hits(text.strip(" .")))


def _bare_house(text: str, context: Context) -> bool:
    return bool(context.ruleset.of_kind("agency-name").hits(text.strip(" .")))


def under_figures(story: Story, position: int, context: Context) -> bool:
    """The line names a source and stands under a table: "Quelle: Hafenamt Kesten" is no picture's, whoever that is."""
    above = story.blocks[position - 1] if position else None
    if above is None or not (above.kind == "row" or _ROW.search(above.text)):
        return False
    label = story.blocks[position].text.partition(":")[0].strip().casefold()
    return any(word.casefold() == label for word in context.ruleset.words.get("source", ()))
