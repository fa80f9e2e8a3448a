"""Picture captions and credits: lifted into the picture they belong to, never lost.

A caption gives itself away by what surrounds it: it comes twice (as alternative text and as caption), a credit is glued to it or
stands beside it, a viewer's label stands above it. A full sentence with none of these stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pydantic import Field

from cleaners.kinds.facts import NO_CLAIM
from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import ends_sentence, is_quotation, reach
from cleaners.model import Block, Mark, Story

_GLUE = re.compile(r"^[\s\-–—|/•·,;:(\[]*")
# "(AFP)", "[Photo: Jon Blythe/Reuters]", "（撮影）" at the end of a line
_BRACKET = re.compile(r"\s*[(\[（［](?P<credit>[^()\[\]（）［］]{2,70})[)\]）］][.。]?$")
_CLOSES = frozenset(")]）］")
_HANDLE = re.compile(r"^@\w[\w.]{1,30}(?:/\w{1,20})?$")
# Where a credit may begin: after a full stop, two spaces, a stroke, a comma, or before a label ("Photo: ").
_SEAM = re.compile(r"(?<=[.。!?…])\s+|\s{2,}|\s+(?=@\w)|\s[|–—-]\s|,\s|\s/\s|\s(?=[^\s:]+(?: [^\s:]+)?:\s)")
_LONGEST_TAIL = 80


class Captions(Settings):
    longest: int = Field(default=400, description="Longest caption, in characters.")
    longest_credit: int = Field(default=70, description="Longest credit, in characters.")


@cleaner(Captions)
def captions(story: Story, context: Context, settings: Captions) -> Iterable[Mark]:
    """Lift captions and credits."""
    last = max((at for at, stands in enumerate(context.prose) if stands), default=-1)
    credited = sum(
        "credit" in facts.kinds and context.zones[block.number] != "tail"
        for block, facts in zip(story.blocks, context.lines, strict=True)
    )
    longest = settings.longest + settings.longest_credit
    _note_plain(context, longest)
    labelled = "picture-label" in context.all_kinds
    for position, (block, facts) in enumerate(zip(story.blocks, context.lines, strict=True)):
        if block.kind == "embed" or len(facts.text) > longest or facts.protected:
            continue
        if _next_begins_alike(context, position):
            yield from _repeated(story, position, settings, context)
        elif not labelled and facts.noted[_PLAIN] and block.kind != "caption" and "credit" not in facts.kinds:
            continue
        if _begins_again(facts.text):
            yield from _twice_inside(block, settings, context)
        if block.kind == "caption":
            yield from _with_credit(block, context, "captions/figure", "The line is a picture's caption.")
        elif context.is_kind(block, "credit") and len(block.text) > settings.longest_credit:
            # "Image: The harbour master, left, with the captain of the dredger at the quay on Monday"
            yield whole(
                block, "lift", "captions/labelled", "The line is labelled as a picture's caption.", "caption"
            )
        elif context.is_kind(block, "credit"):
            yield whole(block, "lift", "captions/credit", "The line names who took the picture.", "credit")
            if credited >= 2:
                yield from _above_credit(story, position, context, last)
        elif facts.kinds.isdisjoint(("byline", "related", "copyright")):
            if _credit_at_end(block, context, last=position >= last):
                yield from _with_credit(
                    block, context, "captions/ends-in-credit", "The line ends in a picture credit."
                )
            elif (
                context.kinds_at(position - 1) & {"picture-label"}
                and not context.kinds_at(position - 2) & {"credit"}
                and _may_be_caption(block, context)
            ):
                yield from _with_credit(
                    block, context, "captions/under-label", "The line stands under a picture's label."
                )


_PLAIN = "captions/plain"


def _note_plain(context: Context, longest: int) -> None:
    """Note the lines whose text does not speak for a caption: it does not say its beginning twice, and no credit is at its end."""
    credit = context.ruleset.of_kind("credit")
    new = [line for line in context.lines if len(line.text) <= longest and _PLAIN not in line.noted]
    # Hardly a story has such an end: one search for all of them, and one for each where there is one.
    some = bool(new) and credit.may_hit_ends([line.text[-_LONGEST_TAIL - 20 :] for line in new])
    for line in new:
        text = line.text
        line.noted[_PLAIN] = (
            not _begins_again(text)
            and not _bracket(text)
            and not (some and credit.may_hit_end(text[-_LONGEST_TAIL - 20 :]))
        )


def _next_begins_alike(context: Context, position: int) -> bool:
    if position + 1 == len(context.lines):
        return False
    first, second = context.lines[position].text, context.lines[position + 1].text
    return first[:1] in (second[:1], ".") and second.startswith(first.rstrip("."))


def _begins_again(text: str) -> bool:
    """Whether all that stands before it comes once more at some place in the text."""
    opening = text[:20]
    at = text.find(opening, 20)
    while at > 0:
        if text.startswith(text[:at].rstrip(), at):
            return True
        at = text.find(opening, at + 1)
    return False


def _repeated(story: Story, position: int, settings: Captions, context: Context) -> Iterator[Mark]:
    """A caption that comes twice in a row, the second time perhaps with its credit glued on.

    Example: "The quay at dawn" and "The quay at dawn  @harbourlens/X". A line that merely comes twice may be a chant or a
    refrain: without a credit it counts above the story, or beside a credit or a picture's label; elsewhere it is a doubt.
    """
    first, second = story.blocks[position], story.blocks[position + 1]
    if (
        not 20 <= reach(first.text) <= settings.longest
        or len(second.text) > settings.longest + settings.longest_credit
        or is_quotation(first.text)
        or not {first.kind, second.kind} <= {"paragraph", "caption"}
        or _spoken_for(first, context)
        or _spoken_for(second, context)
    ):
        return
    why = "The caption comes twice in a row."
    rest = second.text[len(first.text.rstrip(".")) :].lstrip(".")
    glue = _GLUE.match(rest)
    credit = rest[glue.end() if glue else 0 :]
    if not credit.strip(" .)]"):
        near = context.kinds_at(position - 1) | context.kinds_at(position + 2)
        sure = (
            context.zones[first.number] == "head"
            or "caption" in (first.kind, second.kind)
            or bool(near & {"credit", "picture-label"})
        )
        action, field = ("lift", "caption") if sure else ("suspect", None)
        yield whole(first, action, "captions/repeated", why, field)
        yield whole(second, action, "captions/repeated", why, field)
    elif len(credit) <= settings.longest_credit and not ends_sentence(credit):
        at = len(second.text) - len(credit)
        yield whole(first, "lift", "captions/repeated", why, "caption")
        yield Mark(second.number, 0, at, "lift", "captions/repeated", why, "caption")
        yield Mark(
            second.number,
            at,
            len(second.text),
            "lift",
            "captions/glued-credit",
            "What the second caption adds is its credit.",
            "credit",
        )


# "The quay at dawn The quay at dawn @harbourlens/X": both of a picture's lines in one paragraph
_TWICE = re.compile(r"(?P<one>.{20,200}?)(?P<seam>\s+)(?P=one)(?P<rest>.*)", re.DOTALL)


def _twice_inside(block: Block, settings: Captions, context: Context) -> Iterator[Mark]:
    if _spoken_for(block, context) or is_quotation(block.text):
        return
    found = _TWICE.fullmatch(block.text)
    if not found or ends_sentence(found["rest"]) or len(found["rest"]) > settings.longest_credit:
        return
    why = "The caption comes twice in one paragraph."
    half, second = found.end("one"), found.start("rest")
    yield Mark(block.number, 0, half, "lift", "captions/repeated", why, "caption")
    yield Mark(block.number, half, second, "lift", "captions/repeated", why, "caption")
    if found["rest"].strip():
        why = "What the second caption adds is its credit."
        yield Mark(block.number, second, len(block.text), "lift", "captions/glued-credit", why, "credit")


def _spoken_for(block: Block, context: Context) -> bool:
    """Another rule knows the line: "Published: undefined" twice is no caption."""
    return bool(context.facts(block).kinds - NO_CLAIM - {"credit"})


def _with_credit(block: Block, context: Context, rule: str, why: str) -> Iterator[Mark]:
    """The block is a caption; a credit at its end goes into its own field."""
    at = _credit_start(block, context)
    if at is None or at == 0:
        yield whole(block, "lift", rule, why, "credit" if at == 0 else "caption")
        return
    yield Mark(block.number, 0, at, "lift", rule, why, "caption")
    yield Mark(
        block.number,
        at,
        len(block.text),
        "lift",
        "captions/credit-at-end",
        "A caption's end names who took the picture.",
        "credit",
    )


def _credit_start(block: Block, context: Context) -> int | None:
    """Where the credit at the end of a caption begins, if there is one. The line after the cut is asked again, the text is the same."""
    figure = block.kind == "caption"
    noted = context.facts(block).noted
    name = "credit-in-figure" if figure else "credit-start"
    if name not in noted:
        noted[name] = _find_credit(block.text, context, figure)
    return noted[name]  # type: ignore[no-any-return]


def _find_credit(text: str, context: Context, figure: bool) -> int | None:
    bracket = _bracket(text)
    if bracket and _names_source(bracket["credit"], context):
        return bracket.start()
    if not figure and not context.ruleset.of_kind("credit").may_hit_end(text):
        return None
    for piece in _SEAM.finditer(text, max(0, len(text) - _LONGEST_TAIL)):
        tail = text[piece.end() :]
        if len(tail) <= _LONGEST_TAIL and (_credit_line(tail, context) or (figure and _HANDLE.match(tail))):
            return piece.start()
    return 0 if _credit_line(text, context) else None


def _credit_at_end(block: Block, context: Context, last: bool) -> bool:
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
    bracket = _bracket(text)
    if bracket and _names_source(bracket["credit"], context):
        explicit = _credit_line(bracket["credit"], context) and not _bare_agency(bracket["credit"], context)
        # "… the Environmental Protection Agency (EPA)." is a sentence; a caption's agency stands behind the full stop.
        return explicit or (not last and len(text) <= 260 and text[-1] not in ".。")
    # Where the credit would begin is asked only of a line whose end may be one.
    if not context.ruleset.of_kind("credit").may_hit_end(text[-_LONGEST_TAIL - 20 :]):
        return False
    start = _credit_start(block, context)
    return start is not None and start > 0 and not _bare_agency(text[start:].strip(" .|–—-/,"), context)


def _bracket(text: str) -> re.Match[str] | None:
    return _BRACKET.search(text) if _CLOSES & set(text[-3:]) else None


def _names_source(text: str, context: Context) -> bool:
    return bool(_HANDLE.match(text.strip())) or _credit_line(text, context) or _bare_agency(text, context)


def _credit_line(text: str, context: Context) -> bool:
    return bool(context.ruleset.of_kind("credit").hits(text.strip(" .")))


def _bare_agency(text: str, context: Context) -> bool:
    return bool(context.ruleset.of_kind("agency-name").hits(text.strip(" .")))


def _may_be_caption(block: Block, context: Context) -> bool:
    return (
        not context.claimed(block)
        and not is_quotation(block.text)
        and reach(block.text) >= 15
        and len(block.text) <= 300
        and (not ends_sentence(block.text) or _credit_start(block, context) is not None)
    )


def _above_credit(story: Story, position: int, context: Context, last: int) -> Iterator[Mark]:
    """In a story whose pictures carry credits on their own lines, the line above each may be its caption.

    It stays a doubt: a credit of the lead picture may follow any paragraph.
    """
    if position == 0:
        return
    above = story.blocks[position - 1]
    if (
        above.kind == "paragraph"
        and context.zones[above.number] != "tail"
        and not context.claimed(above)
        and not is_quotation(above.text)
        and len(above.text) <= 300
        and context.is_prose(above)
        and position - 1 != last
    ):
        yield whole(above, "suspect", "captions/above-credit", "The line stands above a picture credit.")
