"""The jobs of the three flows as plain functions: they run with or without Prefect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from flows.ledger import again, last_records, open_ledger
from flows.settings import Settings, asked, load_sources
from flows.tasks.drain import OnProgress, drain, preview
from flows.tasks.intake import Intake, find_source, poll, take
from flows.tasks.owners import at_work
from flows.tasks.selection import Selection, check, choose
from flows.tasks.summary import RunSummary
from flows.tasks.waiting import stories_of, waiting_arrivals


class Job(NamedTuple):
    """What a run did. ``problems`` are sentences about what could not be taken in at all; ``notes`` about what else a person should
    know: stories that have vanished at their source, or are there again. ``refused``: the wish itself cannot be followed."""

    summary: RunSummary
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str | None = None


def pollable(settings: Settings) -> tuple[str, ...]:
    """The enabled sources that can be looked at: all but webhooks, which send by themselves, unless they can be asked for what they missed."""
    sources = load_sources(settings.config_dir)
    return tuple(name for name, source in sources.items() if source.enabled and asked(source) is not None)


def look_at(settings: Settings, name: str, owner: str | None = None) -> Intake:
    """Look at one source, enabled or not, and take in what is new, for ``owner`` to clean. Raises SourceDown and Refused."""
    source = find_source(settings, name)
    engine = open_ledger(settings.ledger_url)
    try:
        return poll(engine, settings, source, owner=owner)
    finally:
        engine.dispose()


def clean_waiting(
    settings: Settings,
    ids: Sequence[int] | None = None,
    *,
    run: str | None = None,
    flow: str = "cleancopy",
    progress: OnProgress | None = None,
    **more: Any,
) -> RunSummary:
    """Clean and publish what waits in the inbox, or these rows of it. Takes and raises what ``drain`` does."""
    engine = open_ledger(settings.ledger_url)
    try:
        return drain(engine, settings, ids=ids, run=run, flow=flow, progress=progress, **more)
    finally:
        engine.dispose()


def clean_selected(
    settings: Settings,
    selection: Selection,
    *,
    run: str,
    flow: str = "clean-stories",
    progress: OnProgress | None = None,
) -> Job:
    """Do what a person chose. ``run`` names the run: the same run, tried again, takes nothing in twice.

    Raises Refused, SourceDown, and what ``drain`` raises.
    """
    check(selection, settings)
    with at_work(settings) as owner:
        return _clean_selected(settings, selection, owner, run, flow, progress)


def _clean_selected(
    settings: Settings, selection: Selection, owner: str, run: str, flow: str, progress: OnProgress | None
) -> Job:
    engine = open_ledger(settings.ledger_url)
    try:
        looked = Intake()
        if selection.look_first:
            looked = poll(engine, settings, find_source(settings, selection.source), owner=owner)
        chosen = choose(engine, settings, selection)
        problems, notes = looked.problems + chosen.problems, looked.gone + looked.back
        if selection.dry_run:
            stories = waiting_arrivals(engine) if selection.is_inbox else [*chosen.named, *chosen.known]
            before = partial(last_records, engine)
            return Job(preview(stories, settings, progress, run=run, last=before), problems, notes)
        if selection.is_inbox:
            return Job(drain(engine, settings, owner, run=run, flow=flow, progress=progress), problems, notes)
        # What was looked up just now waits already; it need not be cleaned twice.
        new = stories_of(engine, looked.ids)
        known = [arrival for arrival in chosen.known if (arrival.source, arrival.story_id) not in new]
        arrivals = [
            replace(arrival, destinations=selection.destinations)
            for arrival in again([*chosen.named, *known], run)
        ]
        # Known to the inbox: this run was tried before. What it left undone is claimed, and what is done is not.
        taken = take(engine, arrivals, owner)
        return Job(
            drain(
                engine,
                settings,
                owner,
                ids=looked.ids + taken.ids + taken.known,
                run=run,
                flow=flow,
                progress=progress,
            ),
            problems,
            notes,
        )
    finally:
        engine.dispose()
