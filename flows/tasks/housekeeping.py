"""What gathers and is worth nothing any more: old reports, temporary files of processes that are gone, runs that never ended."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flows.ledger import end_dead_runs, open_ledger
from flows.settings import Settings
from flows.settings.housekeeping import load_keep
from flows.warm_pool import NOTES

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)
"""A run that has not ended after so long was killed: a backfill may well take days."""
LONGEST_LOG = 20_000_000
"""Bytes of a log above which it begins anew."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was tidied up; ``problems`` are sentences about what could not be."""

    reports: int = 0
    temporary: int = 0
    dead_runs: int = 0
    problems: tuple[str, ...] = ()


def keep_house(settings: Settings, now: datetime) -> Kept:
    """Tidy up what is ours on this machine and in the ledger. Raises cleaners.rules.ConfigError; what cannot be removed is told."""
    keep = load_keep(settings.config_dir)
    problems: list[str] = []
    reports = _removed(_old_reports(settings.reports_dir, now - timedelta(days=keep.reports)), problems)
    temporary = _removed(_left_behind(Path(tempfile.gettempdir()), now - A_DAY), problems)
    _begin_logs_anew(settings.data_dir / "logs", problems)
    engine = open_ledger(settings.ledger_url)
    try:
        dead = end_dead_runs(engine, now - A_WEEK, now)
    finally:
        engine.dispose()
    return Kept(reports, temporary, dead, tuple(problems))


def _begin_logs_anew(folder: Path, problems: list[str]) -> None:
    """The program that writes a log goes on in it (it only appends), so it is copied and emptied, and not moved."""
    for log in _entries(folder):
        try:
            if log.suffix == ".log" and log.stat().st_size > LONGEST_LOG:
                shutil.copyfile(log, log.with_name(f"{log.name}.1"))
                os.truncate(log, 0)
        except OSError as error:
            problems.append(f"{log}: cannot begin anew: {error.strerror or error}")


def _old_reports(folder: Path, before: datetime) -> Iterator[Path]:
    """The folders of runs whose report was written before then; whatever else lies there is somebody else's."""
    for run in _entries(folder):
        if run.is_dir() and not run.is_symlink() and (run / "stories").is_dir() and _older(run, before):
            yield run


def _left_behind(folder: Path, before: datetime) -> Iterator[Path]:
    """The notes of worker processes of which none is alive: their pool was killed before it could tidy up."""
    for notes in _entries(folder):
        if (
            notes.name.startswith(NOTES)
            and notes.is_dir()
            and not notes.is_symlink()
            and _older(notes, before)
            and not any(Path("/proc", one.name).exists() for one in _entries(notes))
        ):
            yield notes


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _older(path: Path, before: datetime) -> bool:
    try:
        return path.stat().st_mtime < before.timestamp()
    except OSError:
        return False


def _removed(folders: Iterator[Path], problems: list[str]) -> int:
    count = 0
    for folder in folders:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            problems.append(f"{folder}: cannot be removed: {error.strerror or error}")
        else:
            count += 1
    return count
