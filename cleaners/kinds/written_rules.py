"""The rules that newsroom people wrote in YAML: each line that one hits, where its conditions hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.model import Block, Mark, Span, Story
from cleaners.read.signals import desk_span
from cleaners.rules import Hit, Rule

_NAMED_AS_SOURCE = ("agency-footer", "byline", "credit")


@cleaner()
def written_rules(story: Story, context: Context, settings: Settings) -> Iterable[Mark]:
    """Mark what the ruleset's own rules ask for; cues are left to the structural cleaners."""
    for position, facts in enumerate(context.lines):
        if not facts.hits and not facts.signs:
            continue
        block, hits = story.blocks[position], facts.hits
        if facts.signs:
            yield whole(
                block, "protect", "written_rules/signature", "The line signs a letter or a statement."
            )
        if "data-source" in facts.kinds:
            # "Fonte: Istat" has the shape of an agency's footer, and is none: no such rule ever asked for it.
            hits = tuple(hit for hit in hits if hit.rule.kind not in _NAMED_AS_SOURCE)
        note = desk_span(block.text, story.signals) if hits and story.signals else None
        for hit in hits:
            if hit.rule.action != "cue" and holds(hit.rule, position, context):
                for mark in _marks(block, hit):
                    yield from (mark,) if note is None else _beside(mark, note)


def _beside(mark: Mark, note: Span) -> Iterator[Mark]:
    """What a rule protects is the story's: not the desk's note before it, "(Corrects name in para 3.) KESTEN (AP) - … he said."."""
    if mark.action != "protect":
        yield mark
        return
    for start, end in ((mark.start, min(mark.end, note.start)), (max(mark.start, note.end), mark.end)):
        if start < end:
            yield mark._replace(start=start, end=end)


def holds(rule: Rule, position: int, context: Context) -> bool:
    """Whether the rule's conditions of place, neighbours, run, form and date hold for the block at ``position``."""
    story = context.story
    block = story.blocks[position]
    if rule.zone and context.zones[block.number] not in rule.zone:
        return False
    if rule.forms and story.form not in rule.forms:
        return False
    if not _in_force(rule, story.fields.published):
        return False
    before = context.kinds_at(position - 1)
    after = context.kinds_at(position + 1)
    if rule.after and before.isdisjoint(rule.after):
        return False
    if rule.before and after.isdisjoint(rule.before):
        return False
    if rule.beside and before.isdisjoint(rule.beside) and after.isdisjoint(rule.beside):
        return False
    return rule.run is None or _run(rule.kind, position, context) >= rule.run


def _in_force(rule: Rule, published: str | None) -> bool:
    """Dates of validity are compared with the story's own date, never with a clock; an undated story is always in."""
    if published is None or (rule.since is None and rule.until is None):
        return True
    try:
        day = date.fromisoformat(published[:10])
    except ValueError:
        return True
    return (rule.since is None or rule.since <= day) and (rule.until is None or day <= rule.until)


def _run(kind: str, position: int, context: Context) -> int:
    """How many blocks in a row, this one among them, are hit by rules of ``kind``."""
    first = last = position
    while kind in context.kinds_at(first - 1):
        first -= 1
    while kind in context.kinds_at(last + 1):
        last += 1
    return last - first + 1


def _marks(block: Block, hit: Hit) -> Iterator[Mark]:
    rule = hit.rule

    def mark(start: int, end: int, action: str, field: str | None = None) -> Mark:
        return Mark(block.number, start, end, action, rule.name, rule.why, field, rule.may_exceed)  # type: ignore[arg-type]

    if rule.action == "lift" and hit.value is not None:
        # "Published: 3 March 2026": the date becomes the field, the label goes.
        yield mark(hit.value.start, hit.value.end, "lift", rule.field)
        if hit.start < hit.value.start:
            yield mark(hit.start, hit.value.start, "remove")
        if hit.value.end < hit.end:
            yield mark(hit.value.end, hit.end, "remove")
    elif hit.start < hit.end:
        yield mark(hit.start, hit.end, rule.action, rule.field)
