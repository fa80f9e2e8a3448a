"""A kill reaches the places where a destination published before: its cards lost, its path, address or table another one now."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from newsroom import arrival, later, outcome_of, small_settings
from postgres_server import Postgres
from publications import answers, dids, publication, publish
from sqlalchemy import Engine, create_engine, text

from flows.destinations import Answer, PublishError, Receipt, folder
from flows.destinations.stores import LocalStore
from flows.ledger import claim, receive, record_outcomes
from flows.settings import Destination, FeedDestination, FolderDestination, Settings, TableDestination
from flows.settings.databases import with_driver
from flows.tasks.publishing import Published, publish_owed

STORY, OTHER = "desk:ferry", "desk:quay"


def a_folder(path: str = "published", formats: Any = ("json", "text")) -> FolderDestination:
    return FolderDestination(kind="folder", name="place", path=path, formats=formats)


def a_table(url: str = "sqlite:///copy.sqlite", table: str = "clean_copy") -> TableDestination:
    return TableDestination(kind="table", name="place", url=url, table=table)


def a_feed(path: str = "feed") -> FeedDestination:
    return FeedDestination(
        kind="feed", name="place", path=path, url="https://p.example", home="https://p.example", title="Post"
    )


def files(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.is_file())


def both(place: Destination, where: Path, edition: int = 1, **more: Any) -> Receipt:
    """Two stories; the receipt of the one that will be killed."""
    acts = [publication(edition, story=story, headline=f"Of {story}", **more) for story in (OTHER, STORY)]
    return publish(place, where, *acts)[-1]


def kill(place: Destination, where: Path, *before: Receipt, edition: int = 9) -> Answer:
    """The answer to a kill for which the ledger remembers these receipts."""
    last = {"places": [one for receipt in before for one in receipt.where]}
    [answer] = answers(place, where, [replace(publication(edition, "unpublish"), last=last)])
    return answer


def test_a_kill_takes_down_files_whose_card_is_lost(tmp_path: Path) -> None:
    out = both(a_folder(), tmp_path)
    place = tmp_path / "published"
    (place / "of-no-story-0123456789ab.txt").write_text("A file of somebody else.")
    shutil.rmtree(place / ".cleancopy")
    [down] = publish(a_folder(), tmp_path, publication(2, "unpublish"))
    assert (down.did, set(down.where)) == ("removed", set(out.where))
    left = files(place)
    assert len(left) == 3
    assert not any(folder.story_hash(STORY) in name for name in left)
    # Noted again: an older edition does not come back.
    assert dids(publish(a_folder(), tmp_path, publication(1))) == ["newer"]


def test_an_update_whose_card_is_lost_keeps_the_story_s_names(tmp_path: Path) -> None:
    both(a_folder(formats=("json", "text", "html")), tmp_path)
    shutil.rmtree(tmp_path / "published" / ".cleancopy")
    update = replace(publication(2, headline="Another headline", text="New."), previous=1)
    [receipt] = publish(a_folder(), tmp_path, update)
    assert [name for name in files(tmp_path / "published") if folder.story_hash(STORY) in name] == sorted(
        Path(one).name for one in receipt.where
    )
    assert all(Path(one).name.startswith("of-desk-ferry-") for one in receipt.where)


def test_nothing_is_looked_for_where_a_story_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place may hold a hundred thousand files."""
    monkeypatch.setattr(
        folder.open_store(".", tmp_path).__class__, "names", lambda _: pytest.fail("looked for")
    )
    first = both(a_folder(), tmp_path)
    both(a_folder(), tmp_path, 2)
    assert dids([kill(a_folder(), tmp_path, first)]) == ["removed"]


def test_the_card_of_a_bucket_may_be_lost_too(tmp_path: Path) -> None:
    place = a_folder("memory://lost-card/copy")
    out = both(place, tmp_path)
    store = folder.open_store(place.path, tmp_path)
    store.remove([f"{folder.CARDS}/{folder.story_hash(STORY)}.json"])
    [down] = publish(place, tmp_path, publication(2, "unpublish"))
    assert (down.did, set(down.where)) == ("removed", set(out.where))
    assert not any(folder.story_hash(STORY) in name for name in store.names())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (a_folder("old"), a_folder("new")),
        (a_folder("memory://old-place/copy"), a_folder("new")),
        (a_folder("old"), a_folder("memory://new-place/copy")),
        (a_table("sqlite:///old.sqlite"), a_table("sqlite:///new.sqlite")),
        (a_table(table="old"), a_table(table="new")),
        (a_feed("old"), a_feed("new")),
    ],
)
def test_a_kill_reaches_the_place_that_a_destination_had_before(tmp_path: Path, old: Any, new: Any) -> None:
    before = both(old, tmp_path)
    after = both(new, tmp_path, 2)
    down = kill(new, tmp_path, before, after)
    assert isinstance(down, Receipt)
    assert (down.did, set(down.where)) == ("removed", {*before.where, *after.where})
    for place in (old, new):
        assert dids(publish(place, tmp_path, publication(3))) == ["newer"], "it is noted there"
        assert dids(publish(place, tmp_path, publication(3, story=OTHER))) == ["wrote"]
    assert kill(new, tmp_path, before, after) is not None


def test_what_is_in_no_feed_and_no_table_any_more_is_down(tmp_path: Path) -> None:
    pairs: list[tuple[Any, Any, list[str]]] = [
        (a_folder("old"), a_folder("new"), ["old"]),
        (a_table("sqlite:///old.sqlite"), a_table("sqlite:///new.sqlite"), ["old.sqlite"]),
        (a_feed("old"), a_feed("new"), ["old"]),
    ]
    for old, new, gone in pairs:
        before = both(old, tmp_path)
        for name in gone:
            path = tmp_path / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        assert dids([kill(new, tmp_path, before)]) == ["removed"]
        assert not any((tmp_path / name).exists() for name in gone)


@pytest.mark.parametrize("new", [a_folder("new"), a_table("sqlite:///new.sqlite"), a_feed("new")])
def test_a_place_that_cannot_be_reached_keeps_the_kill_open(tmp_path: Path, new: Any) -> None:
    before = {
        "folder": both(a_folder("a-folder"), tmp_path),
        "feed": both(a_feed("a-feed"), tmp_path),
        "table": both(a_table("sqlite:///a-table.sqlite"), tmp_path),
    }
    elsewhere = [receipt for kind, receipt in before.items() if kind != new.kind]
    elsewhere += [
        Receipt("wrote", (address,))
        for address in (
            "postgresql+psycopg://desk:***@db.example/copy#clean_copy/desk:ferry",
            "https://cms.example/1",
        )
    ]
    for receipt in elsewhere:
        answer = kill(new, tmp_path, receipt)
        assert isinstance(answer, PublishError), receipt
        assert f"it was published at {receipt.where[0]} before this destination was changed" in str(answer)
        assert "The kill stays open until it can" in str(answer)


def test_a_file_that_may_not_be_removed_keeps_the_kill_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = both(a_folder("old"), tmp_path)
    real = LocalStore.remove

    def remove(self: Any, names: Any) -> None:
        if self.root.name == "old":
            raise PermissionError(13, "Permission denied")
        real(self, names)

    monkeypatch.setattr(LocalStore, "remove", remove)
    answer = kill(a_folder("new"), tmp_path, before)
    assert isinstance(answer, PublishError)
    assert "Permission denied" in str(answer)


def test_another_database_of_the_same_server_is_reached_with_the_same_login(
    postgres: Postgres, tmp_path: Path
) -> None:
    old, new = postgres.database(), postgres.database()
    before = both(a_table(old), tmp_path)
    assert dids([kill(a_table(new), tmp_path, before)]) == ["removed"]
    engine = create_engine(with_driver(old))
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT story, withdrawn, text FROM clean_copy ORDER BY story")).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [(STORY, True, None), (OTHER, False, "The ferry is back.")]


# With the ledger, which remembers.


@pytest.fixture
def settings(tmp_path: Path, ledger_url: str) -> Settings:
    return small_settings(tmp_path, ledger_url=ledger_url)


def clean(ledger: Engine, words: str, seconds: float, verdict: str = "publish") -> None:
    receive(ledger, [arrival("ferry", words)], later(seconds))
    rows = claim(ledger, "cleaner", now=later(seconds))
    outcomes = [outcome_of(row, verdict=verdict) for row in rows]
    record_outcomes(ledger, "cleaner", outcomes, lambda source, wish: ("place",), later(seconds))


def pass_over(ledger: Engine, settings: Settings, seconds: float, place: Destination) -> Published:
    return publish_owed(
        ledger,
        settings,
        "me",
        destinations={"place": place},
        clock=lambda: later(seconds),
        jitter=lambda: 0.5,
    )


@pytest.mark.parametrize("kind", ["folder", "table", "feed"])
def test_the_ledger_remembers_every_place_until_the_story_is_down(
    ledger: Engine, settings: Settings, kind: str
) -> None:
    make: Any = {"folder": a_folder, "table": lambda name: a_table(f"sqlite:///{name}"), "feed": a_feed}[kind]
    for number, name in enumerate(("one", "two", "three")):
        clean(ledger, f"Words {number}.", number)
        [done] = pass_over(ledger, settings, number, make(name)).made
        assert done.did == "wrote"
    clean(ledger, "KILL", 10, "kill")
    [down] = pass_over(ledger, settings, 10, make("three")).made
    assert (down.act, down.did) == ("unpublish", "removed")
    assert {
        Path(one.partition("#")[0]).name if kind == "table" else Path(one).parent.name for one in down.where
    } == {
        "one",
        "two",
        "three",
    }
    for name in ("one", "two", "three"):
        assert public(settings.data_dir / name) == []
    # What was taken down is not looked for again.
    shutil.rmtree(settings.data_dir / "one") if kind != "table" else (settings.data_dir / "one").unlink()
    clean(ledger, "Back.", 20)
    pass_over(ledger, settings, 20, make("three"))
    clean(ledger, "KILL again", 30, "kill")
    [again] = pass_over(ledger, settings, 30, make("three")).made
    assert "one" not in str(again.where)


def public(place: Path) -> list[str]:
    """What lies of stories in a folder, a table or a feed: names or keys."""
    if place.is_file():
        with sqlite3.connect(place) as connection:
            rows = connection.execute(
                "SELECT story FROM clean_copy WHERE NOT withdrawn OR text IS NOT NULL"
            ).fetchall()
        connection.close()
        return [story for (story,) in rows]
    feed = place / "feed.json"
    return [one["id"] for one in json.loads(feed.read_text())["items"]] if feed.exists() else files(place)
