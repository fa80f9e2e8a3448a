"""The destinations that are published to, and what their readers saw: what is public, and all that ever was, in order.

The table tells its history by a trigger of the database. The folder's is told by the processes that rename files into it:
inside the folder's lock, so the order is that of the renames.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from flows.destinations.names import story_hash
from flows.destinations.sql_table import table_named
from flows.settings.databases import make_engine, with_driver
from tests.chaos.points import FOLDER, is_copy, replace_function

WITNESS = ".txt"
"""One format stands for all while they are written; at the end all are looked at."""


@dataclass
class Seen:
    """Of one destination, for each story (``ferry-7``): the documents that are public, and the versions that ever were."""

    public: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    history: dict[str, list[str | None]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class Documents:
    """A table that takes whatever it is given, for publishers that are built wrong: any number of documents a story."""

    root: Path

    def make(self) -> None:
        # A destination that is owed to, as any; nobody opens it.
        _configure(self.root, "  documents: {kind: folder, path: nowhere, default: yes}\n")
        engine = documents_engine(self.root / "data")
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE documents (id INTEGER PRIMARY KEY AUTOINCREMENT, story TEXT, text TEXT, withdrawn BOOLEAN)"
            )
        watch_table(engine, "documents")
        engine.dispose()

    def seen(self, stories: list[str]) -> dict[str, Seen]:
        engine = documents_engine(self.root / "data")
        seen = _seen_in_table(engine, "documents")
        engine.dispose()
        return {"documents": seen}


def documents_engine(data_dir: Path) -> Engine:
    return make_engine(make_url(f"sqlite:///{data_dir / 'documents.sqlite'}"), connect_args={"timeout": 30})


@dataclass(frozen=True, slots=True)
class Places:
    """Where the product publishes. ``root`` is the scenario's folder; ``table`` the address of the copy table's database."""

    root: Path
    table: str

    def make(self) -> None:
        """The configuration, and the table with its trigger."""
        _configure(
            self.root,
            f"  folder: {{kind: folder, path: {FOLDER}, default: yes}}\n"
            f"  table: {{kind: table, url: '{self.table}', default: yes}}\n",
        )
        engine = self._engine()
        table_named("clean_copy").create(engine)
        watch_table(engine, "clean_copy")
        engine.dispose()

    def _engine(self) -> Engine:
        url = make_url(with_driver(self.table))
        if url.get_backend_name() == "sqlite":
            url = url.set(database=str(self.root / "data" / str(url.database)))
        return make_engine(url)

    def seen(self, stories: list[str]) -> dict[str, Seen]:
        engine = self._engine()
        table = _seen_in_table(engine, "clean_copy")
        engine.dispose()
        return {"folder": self._seen_in_folder(stories), "table": table}

    def _seen_in_folder(self, stories: list[str]) -> Seen:
        seen = Seen()
        by_hash = {story_hash(f"desk:{story}"): story for story in stories}
        documents: dict[str, dict[str, str]] = defaultdict(dict)
        for path in sorted((self.root / "data" / FOLDER).glob("*.*")):
            if path.is_file() and is_copy(path):
                documents[path.stem][path.suffix] = _words(path)
        for stem, files in documents.items():
            # A document whose formats are of two editions is none of them.
            whole = len(files) == 4 and len(set(files.values())) == 1
            words = files[WITNESS] if whole else f"torn: {files}"
            seen.public[by_hash[stem.rpartition("-")[2]]].append(words)
        for line in lines(self.root / "journal"):
            seen.history[by_hash[Path(line["file"]).stem.rpartition("-")[2]]].append(line["text"])
        return seen


def _configure(root: Path, destinations: str) -> None:
    config = root / "config"
    config.mkdir(parents=True)
    (config / "sources.yaml").write_text("sources: {}\n")
    (config / "destinations.yaml").write_text(f"destinations:\n{destinations}")
    (root / "data").mkdir()


def watch_table(engine: Engine, table: str) -> None:
    """Let the database itself write down each version that its readers see, in the order of the commits.

    A story's row is locked while its trigger runs, so for one story the numbers are in that order on PostgreSQL, too.
    """
    now = "NEW.story, CASE WHEN NEW.withdrawn THEN NULL ELSE NEW.text END"
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql(
                "CREATE TABLE history (n INTEGER PRIMARY KEY AUTOINCREMENT, story TEXT, text TEXT)"
            )
            for change in ("INSERT", "UPDATE"):
                connection.exec_driver_sql(
                    f"CREATE TRIGGER saw_{change} AFTER {change} ON {table} BEGIN"
                    f" INSERT INTO history (story, text) SELECT {now}; END"
                )
        else:
            connection.exec_driver_sql(
                "CREATE TABLE history (n BIGSERIAL PRIMARY KEY, story TEXT, text TEXT)"
            )
            connection.exec_driver_sql(
                "CREATE FUNCTION saw() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN INSERT INTO history (story, text) SELECT {now}; RETURN NULL; END $$"
            )
            connection.exec_driver_sql(
                f"CREATE TRIGGER saw AFTER INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION saw()"
            )


def _seen_in_table(engine: Engine, table: str) -> Seen:
    seen = Seen()
    with engine.connect() as connection:
        for story, words in connection.execute(text("SELECT story, text FROM history ORDER BY n")):
            seen.history[_name(story)].append(words)
        for story, words in connection.execute(text(f"SELECT story, text FROM {table} WHERE NOT withdrawn")):
            seen.public[_name(story)].append(words)
    return seen


def _name(story: str) -> str:
    return story.removeprefix("desk:")


def _words(path: Path) -> str:
    content = path.read_text()
    if path.suffix == ".json":
        return str(json.loads(content)["text"])
    return content.removeprefix("<p>").removesuffix("</p>")


def journal(root: Path) -> None:
    """From here on this process tells each version that it puts into the folder, or takes away."""

    def replace(real: Any) -> Any:
        def function(part: Any, path: Any, **more: Any) -> None:
            tells = Path(path).suffix == WITNESS and is_copy(Path(path))
            words = Path(part).read_text() if tells else None
            real(part, path, **more)
            if tells:
                journalled(root / "journal", {"file": Path(path).name, "text": words})

        return function

    def unlink(real: Any) -> Any:
        def function(self: Path, missing_ok: bool = False) -> None:
            there = self.suffix == WITNESS and is_copy(self) and self.exists()
            real(self, missing_ok)
            if there:
                journalled(root / "journal", {"file": self.name, "text": None})

        return function

    replace_function("os.replace", replace)
    replace_function("pathlib.Path.unlink", unlink)


def journalled(path: Path, line: dict[str, Any]) -> None:
    """Append a line in one write: it is there whole, also if this process ends at once."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, json.dumps(line).encode() + b"\n")
    finally:
        os.close(handle)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
