"""Archives of stories: which files they are, and their records from any place on."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import fsspec

from flows.sources.archive_record import Position, Record
from flows.sources.json_lines import read_lines
from flows.sources.warc import read_warc

WEB_ARCHIVES = (".warc", ".warc.gz")
JSON_LINES = tuple(ending + packing for ending in (".jsonl", ".ndjson") for packing in ("", ".gz", ".zst"))
ARCHIVES = (*WEB_ARCHIVES, *JSON_LINES)

BUCKETS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory")
"""What an address may begin with (``memory`` is of this process alone). fsspec would also ask any web server, past the checks that requests of ours go through."""

_MARK_BYTES = 65_536


class Mark(NamedTuple):
    """What an archive is known by: the hash of its first bytes, of so many. A file that has grown is still the same."""

    hash: str
    bytes: int


def archives_at(path: str, config_dir: Path) -> list[str]:
    """The archives that a path means, in the order of their names: a file, those in a folder, or those that match ``*``.

    Relative paths lie in ``config_dir``. Raises FileNotFoundError and ValueError in words.
    """
    if _is_remote(path):
        if path.partition("://")[0].lower() not in BUCKETS or "::" in path:
            raise ValueError(
                f"{path}: an archive lies in a folder or in a bucket (s3://…, gs://…, az://…). Fetch it first, and give its path"
            )
        store, place = fsspec.core.url_to_fs(path)
        store.invalidate_cache()
        if any(sign in place for sign in "*?["):
            found = store.glob(place)
        elif store.isdir(place):
            found = store.ls(place, detail=False)
        else:
            found = [place] if store.exists(place) else []
        found = [store.unstrip_protocol(one) for one in found]
    else:
        local = config_dir / Path(path).expanduser()
        if local.is_dir():
            found = [str(one) for one in local.iterdir() if one.is_file()]
        else:
            found = [str(local)] if local.exists() else glob.glob(str(local))
    if not found:
        raise FileNotFoundError(f"{path}: there is no such file or folder. Mend the path")
    archives = sorted(one for one in found if one.lower().endswith(ARCHIVES))
    if not archives:
        raise ValueError(f"{path}: no archive is there. Archives end in {', '.join(ARCHIVES)}")
    return archives


def read_archive(address: str, start: Position, story_bytes: int) -> Iterator[Record]:
    """The records of one archive from ``start`` on, with flat memory. Raises OSError and ValueError where it does not open."""
    name = name_of(address)
    with closing(_open(address)) as file:
        read = read_warc if name.lower().endswith(WEB_ARCHIVES) else read_lines
        yield from read(file, name, start, story_bytes)


def mark_of(address: str, known: Mark | None = None) -> Mark:
    """The archive's mark; where it is ``known``, of as many bytes as that, to be compared with it. Raises OSError."""
    with closing(_open(address)) as file:
        head = file.read(_MARK_BYTES if known is None else known.bytes)
    return Mark(sha256(head).hexdigest(), len(head))


def size_of(address: str) -> int:
    """The archive's bytes as it lies there. Raises OSError."""
    store, place = _store(address)
    return int(store.size(place))


def bytes_at(address: str, position: Position) -> int | None:
    """How many of the archive's bytes lie before a position. None: it is told in bytes of what is packed in it."""
    packed_lines = address.lower().endswith((".gz", ".zst")) and not address.lower().endswith(WEB_ARCHIVES)
    return None if packed_lines else position.at


def name_of(address: str) -> str:
    """The archive's own name, for a person."""
    return address.replace("\\", "/").rpartition("/")[2]


def _open(address: str) -> BinaryIO:
    store, place = _store(address)
    return cast(BinaryIO, store.open(place, "rb"))


def _store(address: str) -> tuple[Any, str]:
    if not _is_remote(address):
        return fsspec.filesystem("file"), address
    store, place = fsspec.core.url_to_fs(address)
    return store, place


def _is_remote(path: str) -> bool:
    return "://" in path or "::" in path
