"""Clean copy as files in a folder or object store: one file a format, and a card that says which edition they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.destinations.batches import in_batches
from flows.destinations.elsewhere import down_elsewhere
from flows.destinations.formats import FORMATS
from flows.destinations.names import file_stem, story_hash
from flows.destinations.publication import (
    Answer,
    Publication,
    Publisher,
    PublishError,
    Receipt,
    refuse_holds,
)
from flows.destinations.stores import Store, open_store
from flows.settings import FolderDestination, Format

CARDS = ".cleancopy"
"""The folder of the cards, one a story: ledger, edition, the story's file name, its files. Kept when a story is withdrawn,
so that an older edition cannot bring it back."""


@contextmanager
def open_folder(destination: FolderDestination, data_dir: Path) -> Iterator[Publisher]:
    store = open_store(destination.path, data_dir)

    def together(some: Sequence[Publication]) -> list[Answer]:
        done = publish(store, destination.formats, some)
        return list(down_elsewhere(some, done, lambda one, where: _take_down_at(store, one, where)))

    yield lambda publications: in_batches(together, publications)


def _take_down_at(store: Store, publication: Publication, where: str) -> Sequence[str]:
    """Take a story down in the folder that an address of its files is in, if that is another one; what has gone."""
    folder, name = _parted(where)
    if (folder, name) == _parted(store.address(name)):
        return ()
    if where.startswith(("http://", "https://")):
        raise PublishError("it is no folder")
    other = open_store(folder, Path())
    # Where no files are any more there is nothing to lock, or to note.
    if not _cards(other, [publication])[_card_name(publication)].get("files"):
        gone: tuple[str, ...] = ()
    else:
        [answer] = publish(other, (), [publication])
        if isinstance(answer, Exception):
            raise answer
        gone = answer.where
    if other.read([name]):
        raise PublishError("a file lies there still, and is none of a folder's")
    return gone


def _parted(where: str) -> tuple[str, str]:
    """The folder and the name in an address as stores give them."""
    if "://" in where:
        folder, _, name = where.rpartition("/")
        return folder, name
    return str(Path(where).parent), Path(where).name


def publish(store: Store, formats: Sequence[Format], publications: Sequence[Publication]) -> list[Answer]:
    """Write the editions' files, or remove them; the stories are all different. The same acts again leave the same files.

    A story keeps its file name when its headline changes: others may have linked it. A story that cannot be written in
    one of the formats is answered with the error. Raises OSError for what befalls the place.
    """
    with store.lock(f"{CARDS}/lock"):
        cards = _cards(store, publications)
        planned = [_planned(store, formats, one, cards[_card_name(one)]) for one in publications]
        plans = [one for one in planned if isinstance(one, _Plan)]
        try:
            # The cards go first and name old and new files: after a crash the next try knows all that may lie about, and
            # a publisher that slept through its lease finds a newer edition here and leaves the files alone.
            store.write({plan.card: plan.written({*plan.before, *plan.contents}) for plan in plans})
        except OSError:
            # Example: "No space left on device". What is killed goes even where it cannot be noted.
            store.remove(
                name for plan in plans if plan.publication.act == "unpublish" for name in plan.before
            )
            raise
        store.write({name: content for plan in plans for name, content in plan.contents.items()})
        store.remove(name for plan in plans for name in plan.gone)
        store.write({plan.card: plan.written(plan.contents) for plan in plans if plan.gone})
    return [one.receipt(store) if isinstance(one, _Plan) else one for one in planned]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done for a story: ``before`` are the files that lie there, ``contents`` those that shall."""

    publication: Publication
    stem: str
    before: frozenset[str]
    contents: dict[str, bytes]

    @property
    def card(self) -> str:
        return _card_name(self.publication)

    @property
    def gone(self) -> list[str]:
        return sorted(self.before - set(self.contents))

    def written(self, files: Any) -> bytes:
        one = self.publication
        card = {"story": one.story, "ledger": one.ledger, "edition": one.edition, "stem": self.stem}
        return (json.dumps(card | {"files": sorted(files)}, ensure_ascii=True) + "\n").encode()

    def receipt(self, store: Store) -> Receipt:
        if self.publication.act == "unpublish":
            return Receipt("removed", tuple(store.address(name) for name in self.gone))
        return Receipt("wrote", tuple(store.address(name) for name in self.contents))


def _cards(store: Store, publications: Sequence[Publication]) -> dict[str, dict[str, Any]]:
    """The card of each story, by its name. Where one is lost (a ``rsync --delete``, a ``git clean``), the files tell what lay there: each
    has the story's hash in its name. Without having been there before a story has neither card nor files, and nothing is looked for."""
    read = store.read(_card_name(one) for one in publications)
    cards = {_card_name(one): _read_card(read.get(_card_name(one))) for one in publications}
    lost = [
        one
        for one in publications
        if not cards[_card_name(one)] and (one.act == "unpublish" or one.previous is not None)
    ]
    names = sorted(store.names()) if lost else []
    stems = {name: name.partition(".")[0] for name in names}
    for one in lost:
        files = [name for name, stem in stems.items() if stem.endswith(f"-{story_hash(one.story)}")]
        if files:
            cards[_card_name(one)] = {"stem": stems[files[0]], "files": files}
    return cards


def _planned(
    store: Store, formats: Sequence[Format], publication: Publication, card: dict[str, Any]
) -> _Plan | Answer:
    if card.get("ledger") == publication.ledger and card.get("edition", 0) > publication.edition:
        return Receipt("newer", tuple(store.address(name) for name in card.get("files", ())))
    stem = card.get("stem") or file_stem(publication.story, publication.record.get("headline"))
    try:
        refuse_holds(publication)
        contents = _files(stem, formats, publication) if publication.act == "publish" else {}
    except Exception as error:
        return error
    return _Plan(publication, stem, frozenset(card.get("files", ())), contents)


def _files(stem: str, formats: Sequence[Format], publication: Publication) -> dict[str, bytes]:
    return {f"{stem}{FORMATS[one].suffix}": FORMATS[one].write(publication) for one in formats}


def _card_name(publication: Publication) -> str:
    return f"{CARDS}/{story_hash(publication.story)}.json"


def _read_card(content: bytes | None) -> dict[str, Any]:
    if content is None:
        return {}
    try:
        card = json.loads(content)
    except ValueError:
        return {}
    return card if isinstance(card, dict) else {}
