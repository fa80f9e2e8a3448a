"""A look into archives: what comes after the last look is taken in, a part at a time."""

from __future__ import annotations

from sqlalchemy import Engine

from flows.settings import ArchiveSource, Settings
from flows.sources.archive import archives_at, name_of
from flows.tasks.archives import Wanted, chunks, finish_archive, place_in, take_chunk
from flows.tasks.taking import Intake, SourceDown

CHUNK = 100


def poll_archive(
    engine: Engine, settings: Settings, source: ArchiveSource, owner: str | None = None
) -> Intake:
    """Take in the next stories of the source's archives, about ``limits.stories``. Raises SourceDown where none is there."""
    try:
        addresses = archives_at(source.path, settings.config_dir)
    except (ValueError, ImportError) as error:
        raise SourceDown(f"{source.name}: {error}", passing=False) from None
    except Exception as error:  # each store has exceptions of its own
        raise SourceDown(f"{source.name}: {error}") from None
    wanted = wanted_of(source)
    new: list[int] = []
    duplicates: list[int] = []
    problems: list[str] = []
    for address in addresses:
        left = source.limits.stories - len(new) - len(duplicates)
        if left <= 0:
            break
        try:
            place = place_in(engine, address, wanted)
            if place.is_done:
                continue
            then = place.start
            for chunk in chunks(address, place.start, wanted, min(CHUNK, left)):
                ids, before = take_chunk(engine, place, chunk, wanted, owner)
                new += ids
                duplicates += before
                problems += (f"{source.name}: {problem}" for problem in chunk.problems)
                then = chunk.then
                if len(new) + len(duplicates) >= source.limits.stories:
                    break
            else:
                finish_archive(engine, place, then)
        except (OSError, ValueError, ImportError) as error:
            problems.append(f"{source.name}: {name_of(address)}: {error}")
    return Intake(tuple(new), tuple(duplicates), tuple(problems))


def wanted_of(source: ArchiveSource) -> Wanted:
    """All of the source's archives, as its own stories."""
    return Wanted(source.name, source.publisher, source.language, story_bytes=source.limits.story_bytes)
