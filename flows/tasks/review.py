"""Review: the form in which a person decides about a held story, and what happens then. It runs with or without Prefect."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from cleaners.model import Cleaned
from cleaners.rules import ConfigError
from cleaners.write import BrokenRecord, before_after_markdown, cleaned_from
from cleaners.write.escapes import code, markdown_text
from flows.ledger import (
    Decided,
    Decision,
    Held,
    NotDecided,
    Reviewed,
    decide,
    held_stories,
    look_at_story,
    open_ledger,
)
from flows.ledger.decided import KEEPS, DecisionAct
from flows.ledger.opening import glancing
from flows.settings import Settings, load_destinations, load_settings, load_sources
from flows.tasks.forms import Form
from flows.tasks.publishing import Published, by_source, publish_due, utc_now
from flows.tasks.showing import Shown, story_key

THE_LIST = "the list of all held stories"
MOST_OFFERED = 200
MOST_LISTED = 500
_BYTES_OF_STORY = 90_000

Choice = Literal[
    "look only",
    "publish as cleaned",
    "publish with some removals put back",
    "publish raw, with everything put back",
    "drop, never publish",
    "hold, do not publish when the embargo is over",
]
_ACTS: dict[str, DecisionAct] = {
    "publish as cleaned": "publish",
    "publish with some removals put back": "restore",
    "publish raw, with everything put back": "raw",
    "drop, never publish": "drop",
    "hold, do not publish when the embargo is over": "hold",
}
_NAMED = re.compile(r"(?P<key>.+?)(?:, edition (?P<edition>\d+)(?:: .*)?)?", re.DOTALL)
_RANGE = re.compile(r"#?(\d+)\s*[-–]\s*#?(\d+)")


def offer_held(schema: dict[str, Any]) -> None:
    """The form's list of held stories, as they are when the form is made (for ``cleancopy up`` that is at its start)."""
    schema["enum"] = [THE_LIST, *(named(held) for held in _held_now())]


def named(story: Held) -> str:
    """A held story as the form has it: its key, the edition that is looked at, its headline."""
    headline = " ".join((story.headline or "").split())
    return f"{story.key}, edition {story.edition}" + (f": {headline[:60]}" if headline else "")


def _held_now() -> list[Held]:
    try:
        with glancing(load_settings().ledger_url) as engine:
            return held_stories(engine, limit=MOST_OFFERED) if engine is not None else []
    except (ValueError, ConfigError, SQLAlchemyError, ImportError, OSError):
        # A ledger that does not answer is told by the run; a form cannot tell it.
        return []


class Review(Form):
    """Which held story, and what is decided about it."""

    story: str = Field(
        default=THE_LIST,
        title="Story",
        description="The stories that were held when this form was made. “the list” shows all that are held now.",
        json_schema_extra=offer_held,
    )
    key: str = Field(
        default="",
        title="Or paste its key",
        description="For a story that is not in the list, also one that is published: SOURCE:ID, with the edition that you looked at: "
        "“cms:ferry-7, edition 2”. The list and “look only” show both.",
    )
    decision: Choice = Field(
        default="look only",
        title="Decision",
        description="“look only” shows the story before and after, and changes nothing.",
    )
    put_back: str = Field(
        default="",
        title="Removals to put back",
        description="For “publish with some removals put back”: their numbers (1, 3), or the name of a rule, a rule file or a "
        "cleaner (english/follow-us, captions).",
    )
    why: str = Field(
        default="",
        title="Why",
        description="Needed for every decision: a sentence that is kept with the story.",
    )
    who: str = Field(default="", title="Who decides", description="Needed for every decision: your name.")
    despite_embargo: bool = Field(
        default=False,
        title="Publish although the embargo is not over",
        description="A story under embargo is published before its time only with this switch on.",
    )


class Result(NamedTuple):
    """What a review came to. ``message`` is one line (of a decision that was refused: why); ``rows`` the list of held stories,
    where that was wanted."""

    message: str
    rows: tuple[dict[str, str | int], ...] = ()
    shown: tuple[Shown, ...] = ()
    refused: bool = False


class Done(NamedTuple):
    """A decision, and what the destinations did with it right away. What they did not is tried again by every later run."""

    decided: Decided
    published: Published
    record: dict[str, Any]


def review(settings: Settings, form: Review, clock: Callable[[], datetime] = utc_now) -> Result:
    """Do what a person chose in the form. Raises NotDecided in words for that person; nothing has changed then."""
    story = _chosen(form)
    act = _ACTS.get(form.decision)
    with _ledger(settings) as engine:
        if story is None:
            if act is not None:
                raise NotDecided("Choose the story that you decide about, or paste its key.")
            return _list(engine)
        key, edition = story
        source, external_id = split_key(key)
        if act is None:
            return _look(look_at_story(engine, source, external_id, clock()))
        if edition is None:
            raise NotDecided(
                f"Say which edition of {key} you looked at, such as “{key}, edition 1”. “look only” shows the newest."
            )
        numbers, rules = removals_named(form.put_back)
        wish = Decision(
            source, external_id, edition, act, form.who, form.why, numbers, rules, form.despite_embargo
        )
        return _show_done(decide_and_publish(engine, settings, wish, clock))


def decide_and_publish(
    engine: Engine, settings: Settings, wish: Decision, clock: Callable[[], datetime] = utc_now
) -> Done:
    """Make a decision, and publish what is owed. Raises NotDecided, and cleaners.rules.ConfigError; nothing has changed then.

    A destination that is down raises nothing: what it is owed is tried again.
    """
    destinations = load_destinations(settings.config_dir)
    decided = decide(engine, wish, by_source(destinations, load_sources(settings.config_dir)), clock())
    published = publish_due(engine, settings, destinations=destinations, clock=clock)
    ours = Published(
        tuple(one for one in published.made if one.story == decided.key),
        tuple(one for one in published.not_made if one.story == decided.key),
    )
    return Done(decided, ours, look_at_story(engine, wish.source, wish.external_id, clock()).record)


def told(done: Done) -> str:
    """A decision and its effect in one line."""
    decided, published = done.decided, done.published
    line = f"{decided.key}: {decided.told}"
    if decided.act in KEEPS:
        return line
    line = line.rstrip(".")
    if published.not_made:
        late = ", ".join(f"{one.destination} ({one.error})" for one in published.not_made)
        return f"{line}. Not there yet, will be tried again: {late}"
    if published.made:
        return f"{line}. At {', '.join(one.destination for one in published.made)} now"
    return (
        f"{line}. No destination needed it: each that the story goes to has this copy, or none is switched on"
    )


def cautions(decided: Decided) -> list[str]:
    """What a person should know about the decision that was made, in sentences."""
    said = []
    if decided.embargo:
        said.append(f"The embargo was not waited for: {decided.embargo}.")
    notes = [f"#{one['number']}" for one in decided.restored if one.get("field") == "ednote"]
    if notes:
        said.append(f"An instruction to editors stands in the published text: {', '.join(notes)}.")
    return said


def split_key(key: str) -> tuple[str, str]:
    """Source and id of ``SOURCE:ID``. Raises NotDecided."""
    source, colon, external_id = key.strip().partition(":")
    if not (source and colon and external_id):
        raise NotDecided(
            f"{key!r} names no story: write SOURCE:ID, as the list of held stories has it, e.g. cms:42"
        )
    return source, external_id


def removals_named(text: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Numbers and rules in what a person wrote: separated by commas, spaces or lines.

    >>> removals_named("#1, 3-5 rule:english/follow-us, captions")
    ((1, 3, 4, 5), ('english/follow-us', 'captions'))
    """
    numbers: list[int] = []
    rules: list[str] = []
    for word in re.split(r"[\s,;]+", text.strip()):
        if match := _RANGE.fullmatch(word):
            first, last = int(match[1]), int(match[2])
            if last - first > 10_000:
                raise NotDecided(f"{word}: no story has so many removals")
            numbers += range(first, last + 1)
        elif word.lstrip("#").isdecimal():
            numbers.append(int(word.lstrip("#")))
        elif name := word.removeprefix("rule:"):
            rules.append(name)
    return tuple(dict.fromkeys(numbers)), tuple(dict.fromkeys(rules))


def cleaned_of(key: str, record: dict[str, Any]) -> Cleaned:
    """The cleaned story of a record. Raises NotDecided where the record is too old to hold its source."""
    try:
        return cleaned_from(record)
    except BrokenRecord as error:
        raise NotDecided(f"{key}: {error}") from None


def _chosen(form: Review) -> tuple[str, int | None] | None:
    """The story's key and the edition that was looked at; None: none is chosen. What is pasted goes before the list."""
    pasted = " ".join(form.key.split())
    picked = form.story if form.story != THE_LIST else ""
    match = _NAMED.fullmatch(pasted or picked)
    if match is None:
        return None
    return match["key"], None if match["edition"] is None else int(match["edition"])


@contextmanager
def _ledger(settings: Settings) -> Iterator[Engine]:
    engine = open_ledger(settings.ledger_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _list(engine: Engine) -> Result:
    stories = held_stories(engine, limit=MOST_LISTED)
    rows = tuple(
        {
            "Held since": f"{story.since.astimezone(UTC):%Y-%m-%d %H:%M}",
            "Story": _cut(story.headline or story.external_id, 48),
            "Paste this": f"{story.key}, edition {story.edition}",
            "Why": _cut("; ".join(story.reasons), 300),
            "Would go": sum(count for _, count in story.removals),
            "Publisher": story.publisher or "",
            "Newer waits": "yes" if story.newer_waits else "",
        }
        for story in stories
    )
    count = len(rows) if len(rows) < MOST_LISTED else f"{MOST_LISTED} or more"
    return Result(
        f"{count} held {'story' if count == 1 else 'stories'}" if rows else "No story is held", rows
    )


def _look(story: Reviewed) -> Result:
    cleaned = cleaned_of(story.key, story.record)
    page = before_after_markdown(cleaned, _BYTES_OF_STORY)
    if story.problem:
        next_step = f"Nothing to decide: {_plain(story.problem)}"
    else:
        lead = (
            "It is published. What was taken out can be put back, and nothing else be decided.\n\n"
            if story.is_published
            else ""
        )
        next_step = lead + (
            "To decide, run review-story again (“Copy to new run” keeps this story), paste "
            f"{code(f'{story.key}, edition {story.edition}')} as its key, and choose. The numbers (#1, #2, …) are what “Removals to put "
            "back” takes."
        )
        if story.not_before is not None:
            next_step += f"\n\nIt is not held: it goes out by itself on {story.not_before:%Y-%m-%d %H:%M} UTC, unless you decide otherwise."
        if story.embargo:
            next_step += (
                f"\n\n**Under embargo**: {_plain(story.embargo)}. Publishing before needs the switch."
            )
    word = {
        "hold": "held",
        "drop": "dropped",
        "kill": "killed",
        "publish": "published",
        "embargo": "under embargo",
    }.get(story.verdict, story.verdict)
    return Result(
        f"{story.key}, edition {story.edition}: {word}. Nothing was changed",
        shown=(_page(story.key, cleaned, [next_step, *_history(story.decisions)], page),),
    )


def _show_done(done: Done) -> Result:
    message = told(done)
    cleaned = cleaned_of(done.decided.key, done.record)
    page = before_after_markdown(cleaned, _BYTES_OF_STORY)
    above = [_plain(message), *(f"**{_plain(said)}**" for said in cautions(done.decided))]
    return Result(message, shown=(_page(done.decided.key, cleaned, above, page),))


def _page(key: str, cleaned: Cleaned, above: Collection[str], page: str) -> Shown:
    title = cleaned.copy.fields.headline or cleaned.source.id
    return Shown(story_key(key), _plain(_cut(title, 120)), "\n\n".join([*above, "---", page]))


def _history(decisions: Collection[Decided]) -> list[str]:
    lines = [
        f"- {one.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, edition {one.seen_edition}: {_plain(_cut(one.told, 300))}"
        for one in list(decisions)[:10]
    ]
    return ["Decided before:\n\n" + "\n".join(lines)] if lines else []


def _plain(text: str) -> str:
    return markdown_text(" ".join(text.split()), "code", at_start=False)


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
