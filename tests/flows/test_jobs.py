"""The jobs without Prefect: sources are looked at, stories chosen, cleaned, published once."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.ledger import (
    Did,
    StoryFilter,
    end_dead_runs,
    last_runs,
    note_run,
    open_ledger,
    queue_counts,
    select_raws,
)
from flows.settings import Settings
from flows.sources.http import Fetched, FetchError
from flows.tasks.forms import Refused
from flows.tasks.intake import Intake, SourceDown, find_source, poll
from flows.tasks.jobs import Job, clean_selected, clean_waiting, look_at, pollable
from flows.tasks.selection import Selection
from flows.tasks.showing import headline_of, stories_shown, story_key, table_rows, table_text

RULES = """
rules:
  published-undefined:
    why: The CMS prints the label even when a story has no date.
    line: "Published: undefined"
    matches: ["Published: undefined"]
    spares: ["Published: a memoir"]
"""
THANKS = """
  thanks:
    why: The ferry company's newsletter ends so.
    line: "Thank you for sailing with us."
    matches: ["Thank you for sailing with us."]
    spares: ["Thank you for sailing."]
"""
SOURCES = """
sources:
  desk: {kind: folder, path: desk, publisher: Harbour Post}
  kept: {kind: folder, path: kept, keep: yes}
  wire: {kind: feed, url: "https://wire.example/feed", form: body, robots: ignore}
  pages: {kind: feed, url: "https://wire.example/feed", robots: ignore, limits: {pause: 0}}
  cms: {kind: webhook, secret_env: SOME_SECRET}
  off: {kind: folder, path: off, enabled: no}
"""
DESTINATIONS = """
destinations:
  shelf: {kind: folder, path: shelf, formats: [text], default: yes}
  other: {kind: folder, path: other, formats: [text]}
  closed: {kind: folder, path: closed, enabled: no}
"""
FEED = b"""<rss version="2.0"><channel><title>W</title>
<item><guid>w1</guid><link>https://wire.example/1</link><description>&lt;p&gt;One story about the quay.&lt;/p&gt;</description></item>
<item><guid>w2</guid><link>https://wire.example/2</link><description>&lt;p&gt;Two stories about it.&lt;/p&gt;</description></item>
</channel></rss>"""
TEXT = "The ferry left the quay at noon, said the harbour master, and it will be back by nightfall.\nPublished: undefined\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = tmp_path / "config"
    for folder in ("rules", "publishers", "desk", "kept"):
        (config / folder).mkdir(parents=True)
    (config / "pipeline.yaml").write_text("budget: {share: 0.9}\ncleaners:\n  written_rules:\n")
    (config / "rules" / "house.yaml").write_text(RULES)
    (config / "sources.yaml").write_text(SOURCES)
    (config / "destinations.yaml").write_text(DESTINATIONS)
    data = tmp_path / "data"
    data.mkdir()
    return Settings(config_dir=config, data_dir=data, ledger_url=f"sqlite:///{data}/ledger.sqlite", workers=1)


def drop(settings: Settings, where: str, content: str = TEXT) -> Path:
    """A file that was put down a while ago."""
    path = settings.config_dir / where
    path.write_text(content)
    os.utime(path, (time.time() - 60, time.time() - 60))
    return path


def published(settings: Settings, folder: str = "shelf") -> list[str]:
    return sorted(path.read_text().strip() for path in (settings.data_dir / folder).glob("*.txt"))


def test_a_dropped_file_is_taken_once_and_moved(settings: Settings) -> None:
    path = drop(settings, "desk/ferry.txt")
    drop(settings, "desk/broken.json", "{")
    intake = look_at(settings, "desk")
    assert len(intake.ids) == 1
    assert [problem.split(":")[:2] for problem in intake.problems] == [["desk", " broken.json"]]
    assert not path.exists()
    assert (settings.config_dir / "desk" / "done" / "ferry.txt").exists()
    assert (settings.config_dir / "desk" / "failed" / "broken.json.error.txt").exists()
    summary = clean_waiting(settings, intake.ids)
    assert summary.outcomes == {"publish": 1}
    assert published(settings) == [TEXT.splitlines()[0]]
    assert select_raws(open_ledger(settings.ledger_url), StoryFilter())[0].raw.publisher == "Harbour Post"


def test_a_kept_folder_is_left_as_it_is_and_taken_once(settings: Settings) -> None:
    path = drop(settings, "kept/ferry.txt")
    first, second = look_at(settings, "kept"), look_at(settings, "kept")
    assert (len(first.ids), second.ids, second.known) == (1, (), first.ids)
    assert path.exists()


def test_a_folder_that_is_gone_is_a_source_that_is_down(settings: Settings) -> None:
    with pytest.raises(SourceDown, match="Create it"):
        look_at(settings, "off")
    assert pollable(settings) == ("desk", "kept", "wire", "pages")


def test_a_feed_gives_its_entries_and_its_pages(settings: Settings) -> None:
    asked: list[str] = []

    def fetch(url: str, **_: object) -> Fetched:
        asked.append(url)
        if url.endswith("/2"):
            raise FetchError(url, "answered 404 Not Found")
        return Fetched(url, FEED if url.endswith("feed") else b"<p>A page.</p>", "text/html")

    engine = open_ledger(settings.ledger_url)
    bodies = poll(engine, settings, find_source(settings, "wire"), fetch=fetch)
    assert (len(bodies.ids), bodies.problems, asked) == (2, (), ["https://wire.example/feed"])
    pages = poll(engine, settings, find_source(settings, "pages"), fetch=fetch)
    assert len(pages.ids) == 1
    assert pages.problems == ("pages: https://wire.example/2: answered 404 Not Found",)
    again = poll(engine, settings, find_source(settings, "wire"), fetch=fetch)
    # The same feed says nothing new: nothing of it is taken in, not even as known.
    assert again == Intake()


@pytest.mark.parametrize("passing", [True, False])
def test_a_feed_that_does_not_answer_is_down_or_wrong(settings: Settings, passing: bool) -> None:
    def fetch(url: str, **_: object) -> Fetched:
        raise FetchError(url, "no", passing=passing)

    engine = open_ledger(settings.ledger_url)
    source = find_source(settings, "wire")
    if passing:
        with pytest.raises(SourceDown):
            poll(engine, settings, source, fetch=fetch)
    else:
        assert poll(engine, settings, source, fetch=fetch).problems == (
            "wire: https://wire.example/feed: no",
        )
    # It has failed: it is not asked again at once, and the run is no green one.
    with pytest.raises(SourceDown, match=r"wire: not asked before .* UTC, because it failed once: .*no"):
        poll(engine, settings, source, fetch=fetch)


def test_a_dry_run_shows_and_leaves_nothing_behind(settings: Settings) -> None:
    path = drop(settings, "ferry.txt")
    job = clean_selected(settings, Selection(addresses=str(path)), run="one")
    assert headline_of(job) == "Dry run. 1 story: 1 would be published"
    assert published(settings) == []
    assert queue_counts(open_ledger(settings.ledger_url))["done"] == 0
    (shown,) = stories_shown(job.summary)
    assert shown.key.startswith("story-by-hand-ferry-txt-")
    assert "~~Published: undefined~~" in shown.text
    assert "house/published-undefined" in shown.text
    assert table_rows(job.summary)[0]["Cuts"] == 1


def test_a_held_story_says_how_it_is_decided(settings: Settings) -> None:
    drop(settings, "desk/crane.txt", "HOLD HOLD HOLD\nThe crane fell into the basin, and nobody was hurt.\n")
    wish = Selection(addresses=str(settings.config_dir / "desk"), source="desk")
    (looked_at,) = stories_shown(clean_selected(settings, wish, run="one").summary)
    assert "Decide" not in looked_at.text, "a dry run keeps nothing that could be decided"
    job = clean_selected(settings, wish.model_copy(update={"dry_run": False}), run="two")
    (row,) = table_rows(job.summary)
    assert list(row)[:3] == ["Verdict", "Story", "Why"], (
        "what stands further right is seen only by those who look for it"
    )
    assert (row["Verdict"], row["Key"]) == ("hold", f"by-hand:{settings.config_dir / 'desk' / 'crane.txt'}")
    assert "HOLD HOLD HOLD" in str(row["Why"])
    (held,) = stories_shown(job.summary)
    key = job.summary.stories[0].key
    assert (
        f"**Decide:** Deployments → review-story → Run, with `{key}, edition 1` pasted as its key"
        in held.text
    )


def test_a_dry_run_of_the_inbox_claims_nothing(settings: Settings) -> None:
    drop(settings, "desk/ferry.txt")
    look_at(settings, "desk")
    assert headline_of(clean_selected(settings, Selection(), run="one")).endswith("1 would be published")
    assert queue_counts(open_ledger(settings.ledger_url))["waiting"] == 1
    assert clean_selected(settings, Selection(dry_run=False), run="two").summary.outcomes == {"publish": 1}


def test_files_and_folders_are_published_where_the_form_says(settings: Settings) -> None:
    drop(settings, "desk/ferry.txt")
    drop(settings, "desk/roof.txt", TEXT.replace("ferry", "roof"))
    wanted = Selection(
        addresses=f"{settings.config_dir / 'desk'}\n\n/no/such/file.txt", dry_run=False, destination="other"
    )
    job = clean_selected(settings, wanted, run="one")
    assert (len(published(settings)), len(published(settings, "other"))) == (0, 2)
    assert job.problems[0].startswith("/no/such/file.txt: No such file")
    assert headline_of(job) == "2 stories: 2 published; 1 could not be taken in"
    assert "/no/such/file.txt" in table_text(job)
    assert len(list((settings.config_dir / "desk").glob("*.txt"))) == 2


def test_looking_first_cleans_each_story_once(settings: Settings) -> None:
    drop(settings, "kept/ferry.txt")
    wanted = Selection(source="kept", look_first=True, dry_run=False)
    first = clean_selected(settings, wanted, run="one").summary
    drop(settings, "kept/roof.txt", TEXT.replace("ferry", "roof"))
    second = clean_selected(settings, wanted, run="two").summary
    assert [line.row.id for line in first.stories] == ["ferry.txt"]
    assert sorted(line.row.id for line in second.stories) == ["ferry.txt", "roof.txt"]
    # What is known and the same is cleaned again and published no second time.
    assert [made.story for made in second.published.made] == ["kept:roof.txt"]


def test_the_same_run_tried_again_cleans_nothing_twice(settings: Settings) -> None:
    path = drop(settings, "ferry.txt")
    wanted = Selection(addresses=str(path), dry_run=False)
    assert len(clean_selected(settings, wanted, run="one").summary.stories) == 1
    assert len(clean_selected(settings, wanted, run="one").summary.stories) == 0
    assert len(clean_selected(settings, wanted, run="two").summary.stories) == 1


def test_two_files_of_one_name_are_two_stories(settings: Settings) -> None:
    paths = [
        drop(settings, "desk/ferry.txt"),
        drop(settings, "kept/ferry.txt", TEXT.replace("ferry", "roof")),
    ]
    wanted = Selection(addresses="\n".join(map(str, paths)), dry_run=False)
    job = clean_selected(settings, wanted, run="one")
    assert headline_of(job) == "2 stories: 2 published"
    assert [line.row.id for line in job.summary.stories] == [str(path) for path in paths]
    assert len(published(settings)) == 2
    names = [path.name.rpartition("-")[0] for path in (settings.data_dir / "shelf").glob("*.txt")]
    assert all("/" not in name and name for name in names)


def test_a_file_that_is_named_twice_is_cleaned_once_without_a_word(settings: Settings) -> None:
    path = drop(settings, "desk/ferry.txt")
    wanted = Selection(addresses=f"{path}\n{path.parent}\n{path.parent}/../desk/ferry.txt", dry_run=False)
    job = clean_selected(settings, wanted, run="one")
    assert (len(job.summary.stories), job.problems) == (1, ())


@pytest.mark.parametrize("dry_run", [True, False])
def test_stories_of_one_run_that_share_an_id_are_told(settings: Settings, dry_run: bool) -> None:
    records = [{"id": "ferry", "text": TEXT}, {"id": "ferry", "text": TEXT.replace("ferry", "roof")}]
    path = drop(settings, "wire.jsonl", "\n".join(map(json.dumps, records)))
    job = clean_selected(settings, Selection(addresses=str(path), dry_run=dry_run), run="one")
    assert len(job.summary.stories) == 1
    (problem,) = job.problems
    assert problem.startswith("by-hand: ferry: another story of this run has the same id")


def test_good_lines_of_a_broken_file_are_taken_and_the_file_is_set_aside(settings: Settings) -> None:
    path = drop(settings, "desk/wire.jsonl", "")
    path.write_bytes(
        b'{"id": "a", "text": "One."}\n{"id": "b", "text": "caf\xe9"}\n{"id": "c", "text": "Two."}\n'
    )
    os.utime(path, (time.time() - 60, time.time() - 60))
    intake = look_at(settings, "desk")
    assert len(intake.ids) == 2
    said = settings.config_dir / "desk" / "failed" / "wire.jsonl.error.txt"
    assert said.read_text().startswith("wire.jsonl, line 2: is not UTF-8")
    assert not path.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"source": "desc"}, "there is no source 'desc'"),
        ({"destination": "shelv"}, "there is no destination 'shelv'"),
        ({"destination": "closed"}, "switched off"),
    ],
)
def test_a_name_that_is_not_configured_is_refused_in_words(
    settings: Settings, given: dict[str, str], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        clean_selected(settings, Selection.model_validate(given), run="one")


@pytest.mark.parametrize(
    "given", [{"look_first": True, "dry_run": False}, {"look_first": True, "source": "desk"}]
)
def test_contradictions_are_refused(settings: Settings, given: dict[str, object]) -> None:
    with pytest.raises(Refused, match="Look for new stories first"):
        clean_selected(settings, Selection.model_validate(given), run="one")


def test_a_story_that_is_pasted_where_addresses_go_is_told_shortly(settings: Settings) -> None:
    job = clean_selected(settings, Selection(addresses="The ferry left the quay at noon. " * 20), run="one")
    (told,) = job.problems
    assert told.startswith("The ferry left the quay")
    assert len(told) < 200
    assert "there is no story of this id" in told


def test_the_form_reads_what_was_pasted() -> None:
    wanted = Selection(
        addresses=" https://a.example/1 \r\n\n/data/b.txt\nhttps://a.example/1\nHTTP://b.example"
    )
    assert wanted.urls == ("https://a.example/1", "HTTP://b.example")
    assert wanted.others == ("/data/b.txt",)
    assert Selection.model_validate({"since": ""}).since is None
    assert Selection.model_validate(Selection().model_dump()) == Selection()


def test_artifact_keys_are_what_prefect_allows_and_differ() -> None:
    names = [
        "cms:A b",
        "cms:a-b",
        "wire:https://post.example/1?x=ü",
        "wire:" + "x" * 300,
        "wire:" + "x" * 301,
    ]
    keys = [story_key(name) for name in names]
    assert len(set(keys)) == len(keys)
    assert all(set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and len(key) < 80 for key in keys)


def choose_and_clean(settings: Settings, name: str, /, **chosen: object) -> Job:
    return clean_selected(settings, Selection.model_validate({"dry_run": False, **chosen}), run=name)


def ids(job: Job) -> list[str]:
    return sorted(line.row.id for line in job.summary.stories)


def two_known_stories(settings: Settings) -> None:
    drop(settings, "desk/ferry.txt")
    drop(settings, "kept/roof.txt", TEXT.replace("ferry", "roof"))
    for source in ("desk", "kept"):
        look_at(settings, source)
    clean_waiting(settings, run="morning-otter-1a2b3c4d", flow="drain-inbox")


def test_known_stories_are_named_by_their_ids(settings: Settings) -> None:
    two_known_stories(settings)
    job = choose_and_clean(settings, "two", addresses="desk:ferry.txt\nroof.txt\ncms:42")
    assert ids(job) == ["ferry.txt", "roof.txt"]
    assert job.problems == (
        "cms:42: there is no story of this id. Copy it from a table or a report, as source:id",
    )
    assert job.summary.published.made == ()  # the same rules: nothing new


def test_the_address_of_a_story_that_a_source_brought_means_that_story(settings: Settings) -> None:
    drop(settings, "desk/a.json", json.dumps({"id": "a", "url": "https://post.example/a", "text": TEXT}))
    look_at(settings, "desk")
    clean_waiting(settings)
    job = choose_and_clean(settings, "two", addresses="https://post.example/a")
    assert (job.problems, [line.key for line in job.summary.stories]) == ((), ["desk:a"])


def test_a_file_that_was_named_before_is_read_anew(settings: Settings) -> None:
    path = drop(settings, "ferry.txt")
    assert choose_and_clean(settings, "one", addresses=str(path)).summary.stories[0].edition == 1
    drop(settings, "ferry.txt", TEXT.replace("noon", "one"))
    again = choose_and_clean(settings, "two", addresses=str(path)).summary
    assert (again.stories[0].edition, len(again.published.made)) == (2, 1)


def test_days_choose_by_arrival(settings: Settings) -> None:
    two_known_stories(settings)
    today, tomorrow = (datetime.now(UTC).date() + timedelta(days=days) for days in (0, 1))
    assert ids(choose_and_clean(settings, "two", since=today, until=today)) == ["ferry.txt", "roof.txt"]
    assert ids(choose_and_clean(settings, "three", since=tomorrow)) == []
    assert ids(choose_and_clean(settings, "four", until=today - timedelta(days=1))) == []


def test_only_what_failed_in_a_run_is_done_again(settings: Settings) -> None:
    drop(settings, "desk/a.json", json.dumps({"id": "a", "html": "<p></p>"}))
    drop(settings, "desk/ferry.txt")
    look_at(settings, "desk")
    first = clean_waiting(settings, run="morning-otter-1a2b3c4d", flow="drain-inbox")
    assert first.outcomes == {"failed": 1, "publish": 1}
    for name in ("morning-otter", "morning-otter-1a2b3c4d", "1a2b3c4d-7e0c-4f5e-9a53-0d1a6f3c2b11"):
        assert ids(choose_and_clean(settings, f"again-{len(name)}", run=name, only="failed")) == ["a"]
    assert ids(choose_and_clean(settings, "two", run="morning-otter")) == ["a", "ferry.txt"]
    with pytest.raises(Refused, match="there is no run 'evening-otter' that cleaned stories"):
        choose_and_clean(settings, "three", run="evening-otter")
    runs = last_runs(open_ledger(settings.ledger_url))
    assert (runs[-1].flow, runs[-1].outcomes, runs[-1].changed) == (
        "drain-inbox",
        {"failed": 1, "publish": 1},
        1,
    )
    assert all(run.finished_at is not None and run.error is None for run in runs)


def test_held_stories_are_done_again(settings: Settings) -> None:
    two_known_stories(settings)
    drop(settings, "desk/gone.txt", "HOLD HOLD HOLD\n" + TEXT)
    look_at(settings, "desk")
    assert clean_waiting(settings).outcomes == {"hold": 1}
    assert ids(choose_and_clean(settings, "two", only="held")) == ["gone.txt"]


def test_new_rules_show_what_they_change_before_they_publish_it(settings: Settings) -> None:
    drop(settings, "desk/ferry.txt", TEXT + "Thank you for sailing with us.\n")
    drop(settings, "desk/roof.txt", TEXT.replace("ferry", "roof"))
    look_at(settings, "desk")
    clean_waiting(settings)
    older = {"only": "cleaned with older rules"}
    assert ids(choose_and_clean(settings, "one", **older)) == []
    rules = settings.config_dir / "rules" / "house.yaml"
    rules.write_text(rules.read_text() + THANKS)
    preview = clean_selected(settings, Selection.model_validate(older), run="two")
    assert [row["Copy"] for row in table_rows(preview.summary)] == ["1 line less", "as published"]
    assert "- ~~Thank you for sailing with us.~~" in stories_shown(preview.summary)[0].text
    assert "No difference" in stories_shown(preview.summary)[1].text
    assert len(published(settings)) == 2
    assert any("Thank you" in one for one in published(settings))  # looking has published nothing
    done = choose_and_clean(settings, "three", **older).summary
    assert [made.story for made in done.published.made] == ["desk:ferry.txt"]
    assert not any("Thank you" in one for one in published(settings))
    assert ids(choose_and_clean(settings, "four", **older)) == []


def test_a_run_that_was_killed_is_ended_later(settings: Settings) -> None:
    two_known_stories(settings)
    engine = open_ledger(settings.ledger_url)
    began = datetime.now(UTC) - timedelta(days=2)
    note_run(engine, "killed", "drain-inbox", began, [Did(1, "publish", "", True)], "v")
    assert last_runs(engine)[-1].finished_at is None
    now = datetime.now(UTC)
    assert end_dead_runs(engine, now - timedelta(days=1), now) == 1
    assert "ended from outside" in str(last_runs(engine)[-1].error)


def test_a_run_that_breaks_off_says_why(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    two_known_stories(settings)
    drop(settings, "desk/harbour.txt", TEXT.replace("ferry", "crane"))
    look_at(settings, "desk")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("flows.tasks.drain.publish_owed", broken)
    with pytest.raises(RuntimeError):
        clean_waiting(settings, run="broken", flow="drain-inbox")
    assert last_runs(open_ledger(settings.ledger_url))[0].error == "RuntimeError: the disk is full"


def test_days_in_the_wrong_order_are_refused(settings: Settings) -> None:
    wish = Selection.model_validate({"since": "2026-03-02", "until": "2026-03-01"})
    with pytest.raises(Refused, match="lies before"):
        clean_selected(settings, wish, run="one")
