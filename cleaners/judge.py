"""The verdict: publish, hold for a person, or kill. Never publish quietly what lost too much (law 7).

Doubt is measured on the words between the first and the last prose block, without a footer of a few sentences, so that a
short story is not held for its footer. A long paragraph or a quotation that goes holds there, too: footers are rarely either.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict, Field

from cleaners.model import Mark, Removal, Signal, Story, Verdict
from cleaners.read.moment import doubt_of, has_zone
from cleaners.read.zones import is_prose

_WORD = re.compile(r"\w+")
# Scripts without spaces between words: count a word for every two characters, about their usual length.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_QUOTE_OPENS = "\"“„«「『‘'"
_KILLS = ("kill", "withdrawn")
_PROSE_KINDS = ("paragraph", "item", "quote")
_SPACES_BETWEEN = 3
"""Of a block that goes in several pieces the spaces between them need no removal of their own."""
_HOLDS = ("embargo", "hold", "advisory")


class Budget(BaseModel):
    """How much may go before a person must look. Shares are of words; lengths in words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(
        default=0.25, ge=0, le=1, description="Largest share of the body's words that may be removed."
    )
    paragraph: int = Field(
        default=60, ge=1, description="A removed body paragraph of so many words holds the story."
    )
    prose: float = Field(
        default=0.34,
        ge=0,
        le=1,
        description="Largest share of the words in sentence-like lines, anywhere, that may leave the copy, lifts included.",
    )
    footer: int = Field(
        default=80,
        ge=0,
        description="Words in sentences below the story that may go as its footer; more counts as the story's.",
    )
    quotation: int = Field(
        default=8, ge=1, description="A removed body line that opens with a quotation of so many words holds."
    )


def words(text: str) -> int:
    """How many words ``text`` has.

    >>> words("The harbour, again.")
    3
    """
    unspaced = 0 if text.isascii() else len(_UNSPACED.findall(text))
    return len(_WORD.findall(_UNSPACED.sub(" ", text) if unspaced else text)) + (unspaced + 1) // 2


def judge(
    story: Story,
    copy: Story,
    removals: Sequence[Removal],
    overruled: Sequence[Mark],
    budget: Budget,
    settled: bool = True,
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict on a cleaned story and the reasons for it; no reasons: publish."""
    kills = [said(signal) for signal in story.signals if signal.kind in _KILLS]
    if kills:
        return "kill", tuple(kills)
    reasons = [*story.problems]
    for signal in story.signals:
        if signal.kind in _HOLDS:
            # An embargo that ends by itself needs nobody.
            decides = "" if signal.kind == "embargo" and has_zone(signal.until) else "; a person decides"
            reasons.append(f"{said(signal)}{_time(signal, story)}{decides}")
    if not copy.blocks:
        reasons.append("nothing is left to publish" if story.blocks else "the story has no text")
    elif _has_prose(story) and not _has_prose(copy):
        reasons.append("no sentence is left to publish")
    if not settled:
        reasons.append(
            "cleaning did not settle in five rounds; look for two rules that feed each other ("
            + ", ".join(sorted({rule for removal in removals if removal.round > 4 for rule in removal.rules}))
            + ")"
        )
    reasons += _losses(story, removals, budget)
    for rule, count in sorted(Counter(mark.rule for mark in overruled).items()):
        reasons.append(f"{rule} would have removed a protected passage ({count} ×); it was kept")
    return ("hold" if reasons else "publish"), tuple(reasons)


def said(signal: Signal) -> str:
    """How the reason that a signal gives begins. Who reads a verdict's reasons knows by it which of them are a signal's.

    >>> said(Signal("kill", "KILL KILL KILL"))
    'kill: the raw copy says “KILL KILL KILL”'
    """
    return f"{signal.kind}: the raw copy says “{signal.text}”"


def _time(signal: Signal, story: Story) -> str:
    if signal.until is not None:
        return f" (until {signal.until})"
    if signal.kind != "embargo":
        return ""
    doubt = doubt_of(signal.text, story.fields.published, story.language)
    return f" (no time that can be read without doubt: {doubt})" if doubt else ""


def _losses(story: Story, removals: Sequence[Removal], budget: Budget) -> list[str]:
    zones = {block.number: block.zone for block in story.blocks}
    counted = [
        removal for removal in removals if zones.get(removal.block) == "body" and not removal.may_exceed
    ]
    body = _body(story, removals, budget)
    lost = sum(
        words(removal.text) for removal in counted if removal.action == "remove" and removal.block in body
    )
    reasons = []
    total = _total((block.text for block in story.blocks if block.number in body), lost, budget.share)
    if total and lost / total > budget.share:
        reasons.append(
            f"{lost} of {total} body words would go ({lost / total:.0%}; the budget is {budget.share:.0%})"
            + _mostly(removal for removal in counted if removal.action == "remove" and removal.block in body)
        )
    reasons += _prose_lost(story, removals, budget, body)
    for removal in counted:
        if removal.action == "lift" and removal.field != "caption":
            continue
        quoted = removal.action == "remove" and removal.text[0] in _QUOTE_OPENS
        if len(removal.text) < budget.paragraph and not quoted:
            continue  # there are no more words than characters
        length = words(removal.text)
        if length >= budget.paragraph:
            reasons.append(
                f"a paragraph of {length} words would go by {removal.rules[0]} (block {removal.block})"
            )
        elif quoted and length >= budget.quotation:
            reasons.append(f"a quotation would go by {removal.rules[0]} (block {removal.block})")
    return reasons


def _mostly(removals: Iterable[Removal]) -> str:
    """The rule that took most of it: the one to look at."""
    taken: Counter[str] = Counter()
    for removal in removals:
        taken[removal.rules[0]] += words(removal.text)
    rule, _ = min(taken.items(), key=lambda pair: (-pair[1], pair[0]))
    return f", most of them by {rule}"


def _total(texts: Iterable[str], lost: int, share: float) -> int:
    """The words of the texts, where so many are lost; counted no further than to where they are within the share."""
    total = 0
    for text in texts if lost else ():
        total += words(text)
        if total and lost / total <= share:
            break
    return total


def _has_prose(story: Story) -> bool:
    return any(block.kind in _PROSE_KINDS and is_prose(block.text) for block in story.blocks)


def _body(story: Story, removals: Sequence[Removal], budget: Budget) -> frozenset[int]:
    """The blocks between the first sentence-like one and the last, without a footer that rules take whole.

    A footer of two legal sentences looks like prose to the reader of the story; a rule knows it. What is longer than a
    footer may be counts as the story's.
    """
    body = [block for block in story.blocks if block.zone == "body"]
    gone: Counter[int] = Counter()
    for removal in removals:
        if removal.action == "remove":
            gone[removal.block] += len(removal.text.strip())
    left = list(body)
    while left and gone[left[-1].number] >= len(left[-1].text.strip()) - _SPACES_BETWEEN:
        left.pop()
    footer = sum(words(block.text) for block in body[len(left) :] if is_prose(block.text))
    return frozenset(block.number for block in (left if left and footer <= budget.footer else body))


def _prose_lost(story: Story, removals: Sequence[Removal], budget: Budget, body: frozenset[int]) -> list[str]:
    """Sentences that leave the copy as captions count too: eight paragraphs that end in "(AFP)" are no eight captions."""
    prose = {
        block.number: block.text for block in story.blocks if block.number in body and is_prose(block.text)
    }
    gone = sum(
        words(removal.text)
        for removal in removals
        if removal.block in prose and not removal.may_exceed and removal.field != "standfirst"
    )
    total = _total(prose.values(), gone, budget.prose)
    if total and gone / total > budget.prose:
        return [
            f"{gone} of {total} words in sentences would leave the copy ({gone / total:.0%}; the budget is {budget.prose:.0%})"
        ]
    return []
