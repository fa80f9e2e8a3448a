"""Clean copy as files in a folder or object store: one file a format, and a card that says which edition they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flows.destinations.formats import FORMATS
from flows.destinations.names import file_stem, story_hash
from flows.destinations.publication import Publication, Receipt
from flows.destinations.stores import Store, open_store
from flows.settings import FolderDestination, Format

CARDS = ".cleancopy"
"""The folder of the cards, one a story: ledger, edition, the story's file name, its files. Kept when a story is withdrawn,
so that an older edition cannot bring it back."""


@contextmanager
def open_folder(destination: FolderDestination, data_dir: Path) -> Iterator[Any]:
    store = open_store(destination.path, data_dir)
    yield lambda publication: publish(store, destination.formats, publication)


def publish(store: Store, formats: Sequence[Format], publication: Publication) -> Receipt:
    """Write the edition's files, or remove them. The same act twice leaves the same files.

    A story keeps its file name when its headline changes: others may have linked it. Raises OSError.
    """
    card_name = f"{CARDS}/{story_hash(publication.story)}.json"
    with store.lock(f"{CARDS}/lock"):
        card = _read_card(store, card_name)
        if card.get("ledger") == publication.ledger and card.get("edition", 0) > publication.edition:
            return Receipt("newer", tuple(store.address(name) for name in card.get("files", ())))
        stem = card.get("stem") or file_stem(publication.story, publication.record.get("headline"))
        contents = _files(stem, formats, publication) if publication.act == "publish" else {}
        before = set(card.get("files", ()))
        known = {"story": publication.story, "ledger": publication.ledger, "edition": publication.edition}
        # The card goes first and names old and new files: after a crash the next try knows all that may lie about.
        _write_card(store, card_name, {**known, "stem": stem, "files": sorted(before | set(contents))})
        for name, content in contents.items():
            store.write(name, content)
        gone = sorted(before - set(contents))
        for name in gone:
            store.remove(name)
        if gone:
            _write_card(store, card_name, {**known, "stem": stem, "files": sorted(contents)})
        if publication.act == "unpublish":
            return Receipt("removed", tuple(store.address(name) for name in gone))
        return Receipt("wrote", tuple(store.address(name) for name in contents))


def _files(stem: str, formats: Sequence[Format], publication: Publication) -> dict[str, bytes]:
    return {f"{stem}{FORMATS[one].suffix}": FORMATS[one].write(publication) for one in formats}


def _read_card(store: Store, name: str) -> dict[str, Any]:
    content = store.read(name)
    if content is None:
        return {}
    try:
        card = json.loads(content)
    except ValueError:
        return {}
    return card if isinstance(card, dict) else {}


def _write_card(store: Store, name: str, card: dict[str, Any]) -> None:
    store.write(name, (json.dumps(card, ensure_ascii=True, indent=1) + "\n").encode())
