"""From a destination's configuration to the function that publishes there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.destinations.folder import open_folder
from flows.destinations.publication import Publisher
from flows.destinations.sql_table import open_table
from flows.settings import Destination, FolderDestination


@contextmanager
def open_destination(destination: Destination, data_dir: Path) -> Iterator[Publisher]:
    """The destination's publisher, for as long as it is needed. Relative paths lie in ``data_dir``."""
    opened = (
        open_folder(destination, data_dir)
        if isinstance(destination, FolderDestination)
        else open_table(destination, data_dir)
    )
    with opened as publisher:
        yield publisher
