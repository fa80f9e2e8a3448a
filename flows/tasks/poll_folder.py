"""A look into a drop folder or a bucket: what lies there is taken in, then set aside."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine

from flows.ledger import Arrival, read_cursor, write_cursor
from flows.settings import FolderSource, Settings
from flows.sources.drop import DropFile, DropPlace, StillWritten, open_drop
from flows.sources.files import FileOfStories, shown_name, stories_in, too_large
from flows.sources.records import filled
from flows.tasks.taking import Intake, SourceDown, take


def poll_folder(engine: Engine, settings: Settings, source: FolderSource, owner: str | None = None) -> Intake:
    """Take in what lies in the folder, at most ``limits.stories`` new stories and the rest of the last one's file.

    Raises SourceDown where the folder cannot be looked into; what is wrong with single files is told.
    """
    try:
        place = open_drop(source.path, settings.config_dir)
        files = place.files()
    except (ImportError, ValueError) as error:
        raise SourceDown(f"{source.name}: {source.path}: {error}", passing=False) from None
    except Exception as error:  # each store has exceptions of its own
        raise SourceDown(f"{source.name}: {_words(error)}") from None
    new: list[int] = []
    duplicates: list[int] = []
    problems: list[str] = []
    gone = _gone(engine, source, files) if source.keep else []
    for file in files:
        if len(new) >= source.limits.stories:
            break
        if not file.whole:
            continue
        taken = _take_file(engine, source, place, file, owner)
        new += taken.ids
        duplicates += taken.known
        problems += taken.problems
    return Intake(tuple(new), tuple(duplicates), tuple(problems), gone=tuple(gone))


def _take_file(
    engine: Engine, source: FolderSource, place: DropPlace, file: DropFile, owner: str | None
) -> Intake:
    """One file, one transaction; the file is moved when its stories are on disk, never before."""
    content: bytes | None = None
    problem = too_large(file.name, file.size, source.limits.story_bytes)
    if problem is None:
        try:
            content = place.read(file)
        except StillWritten:
            return Intake()
        except FileNotFoundError:
            return _problem(source, file, "somebody took it away before it could be read")
        except Exception as error:
            return _problem(source, file, _words(error))
        found = stories_in(file.name, content, source.limits.story_bytes)
    else:
        found = FileOfStories((), (problem,))
    intake = take(
        engine,
        [Arrival(filled(raw, source.publisher, source.language), source.name) for raw in found.raws],
        owner,
    )
    intake += Intake(problems=tuple(f"{source.name}: {problem}" for problem in found.problems))
    if not source.keep:
        try:
            place.set_aside(file, content, found.problems)
        except Exception as error:
            said = f"its stories are taken in, but it cannot be set aside: {_words(error)}"
            intake += _problem(source, file, said)
    return intake


def _gone(engine: Engine, source: FolderSource, files: list[DropFile]) -> list[str]:
    """What lay in a kept folder the last time and does not any more: told once, and nothing is taken down."""
    cursor = f"folder:{source.name}"
    before = set(read_cursor(engine, cursor).get("files", ()))
    here = {shown_name(file.name) for file in files}
    if before != here:
        write_cursor(engine, cursor, {"files": sorted(here)}, datetime.now(UTC))
    return [
        f"{source.name}: {name} is gone from the folder; what was published of it stays"
        for name in sorted(before - here)
    ]


def _problem(source: FolderSource, file: DropFile, said: str) -> Intake:
    return Intake(problems=(f"{source.name}: {shown_name(file.name)}: {said}",))


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
