"""The destinations that are published to, and what their readers saw: what is public, and all that ever was, in order.

A table tells its history by a trigger of the database. The folder's is told by the processes that rename files into it: inside
the folder's lock, so the order is that of the renames. A CMS tells its own (see cms_places.py).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from flows.destinations.names import story_hash
from flows.destinations.sql_table import table_named
from flows.settings.databases import make_engine, with_driver
from tests.chaos.journal import note, noted
from tests.chaos.points import FOLDER, is_copy, replace_function

WITNESS = ".txt"
"""One format stands for all while they are written; at the end all are looked at."""

MISSING = "(formats are missing)"


@dataclass
class Seen:
    """Of one destination, for each story (``ferry-7``): the documents that are public, and the versions that ever were (None: it
    was taken down). ``again``: sentences about acts that were done twice. ``left``: how many drafts nobody will publish. ``trace``: what else is known, for whoever looks for a fault."""

    public: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    history: dict[str, list[str | None]] = field(default_factory=lambda: defaultdict(list))
    again: list[str] = field(default_factory=list)
    left: int = 0
    trace: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class Place:
    """``configured``: its entry in destinations.yaml. ``seen``: asked at the end, with the names of all stories. ``faults``: what
    it did to its clients on purpose."""

    name: str
    configured: str
    seen: Callable[[Sequence[str]], Seen]
    faults: Callable[[], Counter[str]] = Counter


def configure(root: Path, places: Sequence[Place]) -> None:
    """A configuration in which every story goes to all of the places."""
    config = root / "config"
    config.mkdir()
    (config / "sources.yaml").write_text("sources: {}\n")
    lines = "".join(f"  {one.name}: {{{one.configured}, default: yes}}\n" for one in places)
    (config / "destinations.yaml").write_text(f"destinations:\n{lines}")


@contextmanager
def folder_place(root: Path) -> Iterator[Place]:
    yield Place("folder", f"kind: folder, path: {FOLDER}", lambda stories: _seen_in_folder(root, stories))


@contextmanager
def table_place(root: Path, address: str) -> Iterator[Place]:
    """``address`` as it is configured: a relative SQLite file lies in the data folder."""
    url = make_url(with_driver(address))
    if url.get_backend_name() == "sqlite":
        url = url.set(database=str(root / "data" / str(url.database)))
    engine = make_engine(url)
    table_named("clean_copy").create(engine)
    _watch(engine, "clean_copy")
    yield Place("table", f"kind: table, url: '{address}'", lambda _: _seen_in_table(engine, "clean_copy"))
    engine.dispose()


@contextmanager
def documents_place(root: Path) -> Iterator[Place]:
    """A table that takes whatever it is given, for publishers that are built wrong: any number of documents a story."""
    engine = documents_engine(root / "data")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE documents (id INTEGER PRIMARY KEY AUTOINCREMENT, story TEXT, text TEXT, withdrawn BOOLEAN)"
        )
    _watch(engine, "documents")
    # It is owed to as any destination; nobody opens it as a folder.
    yield Place("documents", "kind: folder, path: nowhere", lambda _: _seen_in_table(engine, "documents"))
    engine.dispose()


def documents_engine(data_dir: Path) -> Engine:
    return make_engine(make_url(f"sqlite:///{data_dir / 'documents.sqlite'}"), connect_args={"timeout": 30})


def _watch(engine: Engine, table: str) -> None:
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
            seen.history[name_of(story)].append(words)
        for story, words in connection.execute(text(f"SELECT story, text FROM {table} WHERE NOT withdrawn")):
            seen.public[name_of(story)].append(words)
    return seen


def name_of(key: str) -> str:
    """The story's name in the feed: of "desk:ferry-7" the part after the source."""
    return key.partition(":")[2]


def _seen_in_folder(root: Path, stories: Sequence[str]) -> Seen:
    seen = Seen()
    by_hash = {story_hash(f"desk:{story}"): story for story in stories}
    documents: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted((root / "data" / FOLDER).glob("*.*")):
        if path.is_file() and is_copy(path):
            documents[path.stem][path.suffix] = _words(path)
    for stem, files in documents.items():
        # A document whose formats are of several editions is as many documents.
        versions = sorted(set(files.values())) + ([MISSING] if len(files) < 4 else [])
        seen.public[by_hash[stem.rpartition("-")[2]]] += versions
    for line in noted(root / "journal"):
        seen.history[by_hash[Path(line["file"]).stem.rpartition("-")[2]]].append(line["text"])
    return seen


def _words(path: Path) -> str:
    content = path.read_text()
    if path.suffix == ".json":
        return str(json.loads(content)["text"])
    if path.suffix == ".html":
        body = content.partition('<div itemprop="articleBody">\n')[2].partition("\n</div>\n")[0]
        return body.removeprefix("<p>").removesuffix("</p>")
    return content.rpartition("---\n\n")[2]


def tell_of_the_folder(root: Path) -> None:
    """From here on this process notes each version that it puts into the folder, or takes away."""

    def replace(real: Any) -> Any:
        def function(part: Any, path: Any, **more: Any) -> None:
            tells = Path(path).suffix == WITNESS and is_copy(Path(path))
            words = Path(part).read_text() if tells else None
            real(part, path, **more)
            if tells:
                note(root / "journal", {"file": Path(path).name, "text": words})

        return function

    def unlink(real: Any) -> Any:
        def function(path: Any, **more: Any) -> None:
            tells = Path(path).suffix == WITNESS and is_copy(Path(path))
            real(path, **more)
            if tells:
                note(root / "journal", {"file": Path(path).name, "text": None})

        return function

    replace_function("os.replace", replace)
    replace_function("os.unlink", unlink)
