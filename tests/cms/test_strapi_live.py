"""A real Strapi 5: what is published there is clean there a moment later, and nothing that an editor does is lost."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from strapi_server import Strapi, strapi_server

from cleaners.undo import undo
from cleaners.write import cleaned_from, record
from flows.destinations import Publication, PublishError, Receipt, cms_strapi, open_destination
from flows.destinations.client import Unanswered
from flows.ledger import newest_record, open_ledger
from flows.ledger.tables import INBOX, PUBLICATIONS, STORIES
from flows.settings import CmsDestination, Settings, load_destinations, load_settings
from flows.tasks.cleaning import WarmPool
from flows.tasks.jobs import clean_waiting, look_at
from flows.tasks.summary import RunSummary
from flows.webhook import create_app
from tests.webhook.receiving import running

pytestmark = pytest.mark.timeout(1800)

CONFIG = Path(__file__).parents[2] / "config"
HOOK_SECRET = "the-token-that-strapi-sends-to-us"

LINES = (
    '<p>The last ferry of the season left the northern quay shortly after six, with a <a href="/piano" rel="x">piano</a> aboard.</p>',
    '<blockquote class="twitter-tweet" data-id="1"><p lang="en">A piano on the ferry!</p>&mdash; A passenger</blockquote>'
    '<script async src="https://platform.twitter.com/widgets.js"></script>',
    "<p>Its captain, who has made the crossing for thirty years, said that she had never carried one before.</p>",
    "<ul><li>Eleven passengers</li><li>One piano</li></ul>",
)
CLEAN = "\n".join(LINES)
JUNK = "<p>Published: undefined</p>"
RAW = JUNK + CLEAN

SOURCES = """
sources:
  strapi:
    kind: webhook
    adapter: strapi
    secret_env: TEST_STRAPI_HOOK
    models: [article]
    map: {headline: title}
    missed: {url: "%(url)s", collection: articles, secret_env: TEST_STRAPI_TOKEN, private_addresses: yes}
  dispatches:
    kind: webhook
    adapter: strapi
    secret_env: TEST_STRAPI_HOOK
    models: [dispatch]
    destinations: [dispatches]
  notes:
    kind: webhook
    adapter: strapi
    secret_env: TEST_STRAPI_HOOK
    models: [note]
    destinations: [notes]
"""
DESTINATIONS = """
destinations:
  articles:
    kind: cms
    api: strapi
    url: "%(url)s"
    collection: articles
    secret_env: TEST_STRAPI_TOKEN
    in_place: [strapi]
    fields: {caption: caption, credit: credit, byline: byline, key: key}
    default: yes
  dispatches: {kind: cms, api: strapi, url: "%(url)s", collection: dispatches, secret_env: TEST_STRAPI_TOKEN, in_place: [dispatches]}
  notes: {kind: cms, api: strapi, url: "%(url)s", collection: notes, secret_env: TEST_STRAPI_TOKEN, in_place: [notes]}
  folder: {kind: folder, path: published, formats: [json], default: yes}
"""


@dataclass
class Newsroom:
    """Strapi, the receiver of its events, and a drain that is run by hand."""

    strapi: Strapi
    settings: Settings
    pool: WarmPool
    receiver: str = ""
    own: int = 0
    runs: list[RunSummary] = field(default_factory=list)

    def drain(self, later: float = 0.0) -> RunSummary:
        """Clean and publish what waits; with ``later`` as if so many seconds had gone by."""
        clock = {"clock": lambda: datetime.now(UTC) + timedelta(seconds=later)} if later else {}
        summary = clean_waiting(self.settings, pool=self.pool, **clock)
        self.own += summary.own
        self.runs.append(summary)
        return summary

    def post(self, event: str, model: str, entry: Any) -> None:
        """An event, sent by hand."""
        body = {"event": event, "createdAt": datetime.now(UTC).isoformat(), "model": model, "entry": entry}
        headers = {"Authorization": f"Bearer {HOOK_SECRET}", "X-Strapi-Event": event}
        answer = httpx.post(f"{self.receiver}/webhooks/strapi", json=body, headers=headers)
        assert answer.status_code == 202, answer.text

    def settle(self, quiet: float = 1.0) -> None:
        """Go on until no event has come for a while."""
        last, since = -1, time.monotonic()
        while time.monotonic() - since < quiet:
            self.drain()
            now = self.rows()
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.05)

    def rows(self, source: str | None = None) -> int:
        engine = open_ledger(self.settings.ledger_url)
        query = select(func.count()).select_from(INBOX)
        try:
            with engine.connect() as connection:
                return connection.execute(
                    query.where(INBOX.c.source == source) if source else query
                ).scalar_one()
        finally:
            engine.dispose()

    def verdict(self, story: str) -> str | None:
        engine = open_ledger(self.settings.ledger_url)
        try:
            with engine.connect() as connection:
                return connection.execute(
                    select(STORIES.c.verdict).where(STORIES.c.external_id == story)
                ).scalar()
        finally:
            engine.dispose()

    def record(self, story: str, source: str = "strapi") -> dict[str, Any]:
        engine = open_ledger(self.settings.ledger_url)
        try:
            found = newest_record(engine, source, story)
            assert found is not None
            return found
        finally:
            engine.dispose()

    def receipt(self, story: str) -> dict[str, Any]:
        """The newest receipt of what was done with the story in Strapi."""
        engine = open_ledger(self.settings.ledger_url)
        query = (
            select(PUBLICATIONS.c.receipt)
            .join(STORIES, STORIES.c.id == PUBLICATIONS.c.story_id)
            .where(STORIES.c.external_id == story, PUBLICATIONS.c.destination == "articles")
            .where(PUBLICATIONS.c.receipt.is_not(None))
            .order_by(PUBLICATIONS.c.id.desc())
        )
        try:
            with engine.connect() as connection:
                found = connection.execute(query).scalars().first()
                return dict(found or {})
        finally:
            engine.dispose()

    def asked(self, method: str, path: str) -> int:
        """How often Strapi was asked so, by its own log."""
        said = self.strapi.log.read_text("utf-8", "replace")
        return len(re.findall(rf"\b{method} {re.escape(path)}\b", said))

    def writes(self, id: str, collection: str = "articles") -> int:
        return self.asked("PUT", f"/api/{collection}/{id}")

    def destination(self, name: str = "articles") -> CmsDestination:
        found = load_destinations(self.settings.config_dir)[name]
        assert isinstance(found, CmsDestination)
        return found

    def act(self, publication: Publication, name: str = "articles") -> Receipt:
        """One act at a destination, without ledger. Raises what it answers."""
        with open_destination(self.destination(name), self.settings.data_dir) as publisher:
            (answer,) = publisher([publication])
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(scope="module")
def strapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strapi]:
    with strapi_server(tmp_path_factory.mktemp("cms")) as one:
        one.act("locale", code="de", name="German (de)")
        yield one


@pytest.fixture(scope="module")
def newsroom(strapi: Strapi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    folder = tmp_path_factory.mktemp("newsroom")
    config = folder / "config"
    config.mkdir()
    for name in ("pipeline.yaml", "rules", "publishers"):
        (config / name).symlink_to(CONFIG / name)
    (config / "sources.yaml").write_text(SOURCES % {"url": strapi.url})
    (config / "destinations.yaml").write_text(DESTINATIONS % {"url": strapi.url})
    settings = load_settings(config, {"CLEANCOPY_DATA": str(folder / "data")})
    environ = {"TEST_STRAPI_HOOK": HOOK_SECRET}
    with pytest.MonkeyPatch.context() as patch, WarmPool(config, 1, 60) as pool:
        patch.setenv("TEST_STRAPI_TOKEN", strapi.token)
        with running(create_app(settings, environ=environ), settings) as port:
            for source in ("strapi", "dispatches", "notes"):
                strapi.webhook(f"http://127.0.0.1:{port}/webhooks/{source}", HOOK_SECRET)
            yield Newsroom(strapi, settings, pool, f"http://127.0.0.1:{port}")


def test_what_is_published_is_clean_after_one_write_and_nothing_else_changes(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    author = strapi.publish("author", {"name": "Ana Duarte"})
    data = {"title": "A piano crosses", "body": RAW, "strapline": "Sea & music", "author": author}
    id = strapi.publish("article", data)
    before = strapi.shown("articles", id, populate="*")
    newsroom.own = 0
    newsroom.settle()
    after = strapi.shown("articles", id, populate="*")
    assert after["body"] == CLEAN
    assert strapi.shown("articles", id, "draft")["body"] == CLEAN
    moving = {"id", "updatedAt", "publishedAt", "body"}
    assert {key: value for key, value in after.items() if key not in moving} == {
        key: value for key, value in before.items() if key not in moving
    }
    # Our own write has fired entry.update and entry.publish, and there it ended.
    assert newsroom.writes(id) == 1
    assert newsroom.own == 1
    assert newsroom.receipt(id)["kept"]["version"] == after["updatedAt"]


def test_an_update_is_cleaned_too(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    id = strapi.publish("article", {"title": "Ferry", "body": RAW})
    newsroom.settle()
    more = "<p>The ferry will sail again in April, when the ice on the northern quay has gone.</p>"
    strapi.edit("article", id, {"body": JUNK + CLEAN + more})
    newsroom.settle()
    assert strapi.shown("articles", id)["body"] == CLEAN + more
    assert newsroom.writes(id) == 2


def test_the_raw_text_saved_again_is_cleaned_again(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    id = strapi.publish("article", {"title": "Ferry", "body": RAW})
    newsroom.settle()
    strapi.edit("article", id, {"body": RAW})
    newsroom.settle()
    assert strapi.shown("articles", id)["body"] == CLEAN


def test_lifted_caption_and_credit_go_into_fields_that_are_empty(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    figure = "<p>Picture caption: The northern quay at dawn</p><p>Photo: Ilse Brandvik</p>"
    id = strapi.publish("article", {"title": "Ferry", "body": figure + CLEAN})
    full = strapi.publish(
        "article", {"title": "Ferry", "body": figure + CLEAN, "credit": "The harbour's archive"}
    )
    newsroom.settle()
    shown, other = strapi.shown("articles", id), strapi.shown("articles", full)
    lifted = {one["field"] for one in newsroom.record(id)["removed"] if one["action"] == "lift"}
    assert lifted == {"caption", "credit"}, newsroom.record(id)["removed"]
    assert shown["body"] == other["body"] == CLEAN
    assert (shown["caption"], shown["credit"]) == ("The northern quay at dawn", "Photo: Ilse Brandvik")
    assert (other["caption"], other["credit"]) == ("The northern quay at dawn", "The harbour's archive")


def test_a_draft_with_unpublished_changes_is_never_published_by_us(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    id = strapi.publish("article", {"title": "Ferry", "body": RAW})
    strapi.document("article", "update", documentId=id, data={"title": "Not for readers yet"})
    newsroom.settle()
    assert newsroom.writes(id) == 0
    assert strapi.shown("articles", id)["title"] == "Ferry"
    assert strapi.shown("articles", id, "draft")["title"] == "Not for readers yet"
    assert newsroom.receipt(id) == {}
    problems = [one.error for run in newsroom.runs for one in run.published.not_made if id in one.story]
    assert "has changes that nobody has published yet" in problems[0]
    # The editor takes the changes back: the next try cleans.
    strapi.document("article", "discardDraft", documentId=id)
    newsroom.settle()
    newsroom.drain(later=3600)
    assert strapi.shown("articles", id)["body"] == CLEAN


def test_an_unpublished_draft_is_published_by_its_editor_and_then_cleaned(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    id = strapi.publish("article", {"title": "Ferry", "body": RAW})
    strapi.document("article", "update", documentId=id, data={"title": "A new title"})
    newsroom.settle()
    strapi.document("article", "publish", documentId=id)
    newsroom.settle()
    shown = strapi.shown("articles", id)
    assert (shown["title"], shown["body"]) == ("A new title", CLEAN)


def test_a_draft_that_was_never_published_is_nothing_to_us(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    before = newsroom.rows()
    id = str(strapi.document("article", "create", data={"title": "Ferry", "body": RAW})["documentId"])
    strapi.document("article", "update", documentId=id, data={"body": RAW + "<p>More.</p>"})
    strapi.publish("author", {"name": "Ilse Brandvik"})
    newsroom.settle()
    strapi.document("article", "delete", documentId=id)
    newsroom.settle()
    assert newsroom.rows() == before
    assert newsroom.writes(id) == 0


def test_unpublishing_there_takes_the_copy_down_elsewhere(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    id = strapi.publish("article", {"title": "Ferry", "body": RAW})
    newsroom.settle()
    folder = newsroom.settings.data_dir / "published"
    (file,) = (one for one in folder.glob("*.json") if id in one.read_text())
    strapi.document("article", "unpublish", documentId=id)
    newsroom.settle()
    assert newsroom.verdict(id) == "kill"
    assert not file.exists()
    assert strapi.shown("articles", id) is None
    assert strapi.shown("articles", id, "draft")["body"] == CLEAN
    assert newsroom.writes(id) == 1
    # Published anew it is a story again.
    strapi.edit("article", id, {"body": RAW})
    newsroom.settle()
    newsroom.drain(later=3600)
    assert newsroom.verdict(id) in ("publish", "hold")


def test_deleting_there_takes_the_copy_down_elsewhere(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    id = strapi.publish("article", {"title": "Ferry", "body": RAW})
    newsroom.settle()
    strapi.document("article", "delete", documentId=id)
    newsroom.settle()
    assert newsroom.verdict(id) == "kill"
    assert not [
        one for one in (newsroom.settings.data_dir / "published").glob("*.json") if id in one.read_text()
    ]


def test_a_kill_takes_the_entry_down_and_leaves_its_draft(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    id = strapi.publish("article", {"title": "Ferry", "body": RAW})
    newsroom.settle()
    killed = "<p>KILL KILL KILL</p>" + RAW
    strapi.edit("article", id, {"body": killed})
    newsroom.settle()
    assert newsroom.verdict(id) == "kill"
    assert strapi.shown("articles", id) is None
    assert strapi.shown("articles", id, "draft")["body"] == killed


def test_a_language_is_a_story_of_its_own(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    id = strapi.publish("dispatch", {"title": "Ferry", "body": RAW}, locale="en")
    clean = "".join(
        f"<p>{line}</p>"
        for line in (
            "Die letzte Fähre der Saison verließ den Nordkai kurz nach sechs, mit elf Fahrgästen und einem Klavier.",
            "Ihre Kapitänin macht die Überfahrt seit dreißig Jahren und sagte, ein Klavier habe sie noch nie befördert.",
            "Im April soll die Fähre wieder fahren, sobald das Eis vor dem Nordkai geschmolzen ist.",
        )
    )
    german = JUNK + clean
    strapi.edit("dispatch", id, {"title": "Fähre", "body": german}, locale="de")
    newsroom.settle()
    assert strapi.shown("dispatches", id, locale="en")["body"] == CLEAN
    found = newsroom.record(f"{id}@de", "dispatches")
    assert (found["language"], found["verdict"]) == ("de", "publish")
    # The standfirst, too, which other destinations have beside the copy: the CMS has it in its body.
    assert strapi.shown("dispatches", id, locale="de")["body"] == clean
    # Taking one down leaves the other.
    strapi.edit("dispatch", id, {"body": "<p>KILL KILL KILL</p>" + german}, locale="de")
    newsroom.settle()
    assert strapi.shown("dispatches", id, locale="de") is None
    assert strapi.shown("dispatches", id, locale="en")["body"] == CLEAN


def test_a_content_type_without_drafts(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    id = str(strapi.document("note", "create", data={"title": "Ferry", "body": RAW})["documentId"])
    newsroom.settle()
    assert strapi.shown("notes", id)["body"] == CLEAN
    strapi.document(
        "note",
        "update",
        documentId=id,
        data={"body": RAW + "\n<p>And a line more than there was before.</p>"},
    )
    newsroom.settle()
    assert strapi.shown("notes", id)["body"].startswith(CLEAN)
    assert newsroom.writes(id, "notes") == 2
    strapi.document("note", "update", documentId=id, data={"body": "<p>KILL KILL KILL</p>" + RAW})
    newsroom.settle()
    assert strapi.shown("notes", id) is None


def test_what_no_event_brought_is_found_by_asking(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    look_at(newsroom.settings, "strapi")
    newsroom.settle()
    # As when the receiver was down: of this entry no event comes.
    strapi.act("silence", on=True)
    id = strapi.publish("article", {"title": "Missed", "body": RAW})
    time.sleep(1)
    strapi.act("silence", on=False)
    newsroom.settle()
    assert strapi.shown("articles", id)["body"] == RAW
    intake = look_at(newsroom.settings, "strapi")
    assert intake.problems == ()
    newsroom.settle()
    assert strapi.shown("articles", id)["body"] == CLEAN
    assert newsroom.writes(id) == 1
    # Our own write is found by asking, too, and is nothing new.
    look_at(newsroom.settings, "strapi")
    newsroom.settle()
    assert newsroom.writes(id) == 1


def test_an_unpublish_that_no_event_told_is_found_by_asking(newsroom: Newsroom) -> None:
    """Strapi sends each event once."""
    strapi = newsroom.strapi
    down, gone, stays = (strapi.publish("article", {"title": name, "body": CLEAN}) for name in "abc")
    newsroom.settle()
    look_at(newsroom.settings, "strapi")
    newsroom.settle()
    strapi.act("silence", on=True)
    strapi.document("article", "unpublish", documentId=down)
    strapi.document("article", "delete", documentId=gone)
    time.sleep(1)
    strapi.act("silence", on=False)
    told: list[str] = []
    # Each look asks for the next 25 stories that are known.
    for _ in range(8):
        told += look_at(newsroom.settings, "strapi").gone
    assert [one for one in told if f"{down}: its CMS says" in one]
    assert [one for one in told if f"{gone}: readers can no longer see it" in one]
    newsroom.settle()
    verdicts = [newsroom.verdict(f"{id}{locale}") for id in (down, gone, stays) for locale in ("", "@en")]
    assert [one for one in verdicts if one] == ["kill", "publish", "publish"]


def test_an_event_that_was_overtaken_does_not_bring_the_older_text_back(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    strapi.act("silence", on=True)
    id = strapi.publish("article", {"title": "Ferry", "body": RAW})
    older = strapi.shown("articles", id)
    newer = (
        JUNK + CLEAN + "<p>A line more, which the editor wrote a moment after the first version was out.</p>"
    )
    strapi.edit("article", id, {"body": newer})
    for entry in (strapi.shown("articles", id), older):
        newsroom.post("entry.publish", "article", entry)
        newsroom.drain()
        assert strapi.shown("articles", id)["body"] == newer.removeprefix(JUNK)
    time.sleep(1)
    strapi.act("silence", on=False)
    assert newsroom.writes(id) == 1


def test_undo_gives_the_entry_back_as_it_came(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    id = strapi.publish("article", {"title": "Ferry", "body": RAW})
    newsroom.settle()
    cleaned = cleaned_from(newsroom.record(id))
    assert strapi.shown("articles", id)["body"] == CLEAN
    whole = record(undo(cleaned, everything=True))
    rendered = {"html": whole["html"], "markdown": "", "text": whole["text"]}
    publication = Publication(
        f"strapi:{id}", "publish", 2, 2, "ledger", f"{id}-undo", whole, rendered, last=newsroom.receipt(id)
    )
    assert newsroom.act(publication).did == "wrote"
    assert strapi.shown("articles", id)["body"] == RAW
    again = replace(publication, idempotency_key="again")
    assert newsroom.act(again).did == "wrote"
    assert newsroom.writes(id) == 2


def other(
    edition: int, act: Any = "publish", last: Any = None, story: str = "wire:ferry", **record: Any
) -> Publication:
    """A story from elsewhere."""
    html = record.pop("html", "<p>The ferry is back.</p>")
    whole = {"headline": "The ferry is back", "byline": "Ana Duarte", "pictures": [], **record}
    return Publication(
        story,
        act,
        edition,
        edition,
        "0f8c3a52-7d0f-4c61-b0a4-6a0c4dd2a6a1",
        f"{edition:060x}{act[:4]}",
        whole,
        {"html": html, "markdown": "", "text": ""},
        last=last or {},
    )


def test_a_story_from_elsewhere_is_one_entry_in_all_its_editions(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    one = other(1, pictures=[{"url": None, "caption": "The quay", "credit": "Ilse Brandvik"}])
    first = newsroom.act(one)
    assert first.did == "wrote"
    assert newsroom.act(one) == first, "known again where its answer was lost"
    id = first.kept["id"]
    shown = strapi.shown("articles", id)
    assert (shown["title"], shown["body"], shown["byline"], shown["caption"]) == (
        "The ferry is back",
        "<p>The ferry is back.</p>",
        "Ana Duarte",
        "The quay",
    )
    # An editor adds what we do not write: that is theirs, and stays.
    strapi.edit("article", id, {"strapline": "By an editor"})
    second = newsroom.act(other(2, last=first.as_json(), html="<p>The ferry is back, late.</p>"))
    assert (second.did, second.kept["id"]) == ("wrote", id)
    shown = strapi.shown("articles", id)
    assert (shown["body"], shown["strapline"], shown["caption"]) == (
        "<p>The ferry is back, late.</p>",
        "By an editor",
        None,
    )
    assert newsroom.act(other(2, last=first.as_json(), html="<p>The ferry is back, late.</p>")).did == "wrote"
    # An older edition that comes late.
    assert newsroom.act(other(1)).did == "newer"
    assert strapi.shown("articles", id)["body"] == "<p>The ferry is back, late.</p>"
    # What an editor has changed is not written over.
    strapi.edit("article", id, {"body": "<p>Put right by an editor.</p>"})
    with pytest.raises(PublishError, match="somebody else"):
        newsroom.act(other(3, last=second.as_json(), html="<p>A third one.</p>"))
    # Nor where the answer to the second edition was lost: it is there, under their words.
    lost = newsroom.act(other(2, html="<p>The ferry is back, late.</p>"))
    with pytest.raises(PublishError, match="somebody else"):
        newsroom.act(other(3, last=lost.as_json(), html="<p>A third one.</p>"))
    assert strapi.shown("articles", id)["body"] == "<p>Put right by an editor.</p>"
    assert newsroom.act(other(4, "unpublish", last=second.as_json())).did == "removed"
    assert strapi.shown("articles", id) is None
    assert strapi.shown("articles", id, "draft") is None
    assert newsroom.act(other(4, "unpublish", last=second.as_json())).did == "removed"


def test_a_create_whose_answer_was_lost_leaves_one_entry(newsroom: Newsroom) -> None:
    strapi = newsroom.strapi
    publication = other(1, story="wire:lost")
    with pytest.MonkeyPatch.context() as patch:
        create = cms_strapi.Entries.create

        def lost(self: Any, data: Any) -> Any:
            create(self, data)
            raise Unanswered("the answer was lost")

        patch.setattr(cms_strapi.Entries, "create", lost)
        for _ in range(2):
            with pytest.raises(PublishError, match="lost"):
                newsroom.act(publication)
            patch.setattr(cms_strapi.Entries, "search", lambda *_: [])
    receipt = newsroom.act(publication)
    assert receipt.did == "wrote"
    found = strapi.ask(
        "GET", "articles", params={"status": "draft", "filters[title][$eq]": "The ferry is back"}
    )
    keys = [
        one["key"]
        for one in found.json()["data"]
        if (one["key"] or "").split(" ")[0] in receipt_key(newsroom, receipt)
    ]
    assert len(keys) == 1
    newsroom.act(other(2, "unpublish", story="wire:lost", last=receipt.as_json()))


def receipt_key(newsroom: Newsroom, receipt: Receipt) -> str:
    return str(newsroom.strapi.shown("articles", receipt.kept["id"])["key"])


def test_without_a_key_field_a_story_from_elsewhere_is_an_error_in_words(newsroom: Newsroom) -> None:
    with pytest.raises(PublishError, match="at key"):
        newsroom.act(other(1), "dispatches")


def test_a_wrong_token_is_an_error_that_does_not_show_it(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_STRAPI_TOKEN", "0123456789" * 5)
    with pytest.raises(PublishError, match="401") as caught:
        newsroom.act(other(1))
    assert "0123456789" not in str(caught.value)


LATE_LINE = "<p>A late line, by an editor who did it in the milliseconds between our look and our write.</p>"


def met_in_the_gap(newsroom: Newsroom, patch: pytest.MonkeyPatch, do: Callable[[str], None]) -> str:
    """A new entry, to which something happens in the very gap that Strapi's interface leaves between our look and our write; its id."""
    id = newsroom.strapi.publish("article", {"title": "Ferry", "body": RAW})
    put, done = cms_strapi.Entries.put, list[str]()

    def late(self: Any, written: str, data: Any, *more: Any) -> Any:
        if written == id and not done:
            done.append(id)
            do(id)
        return put(self, written, data, *more)

    patch.setattr(cms_strapi.Entries, "put", late)
    newsroom.settle()
    if not done:
        pytest.fail("the gap was not met")
    return id


def test_what_an_editor_publishes_between_our_look_and_our_write_comes_back(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    strapi = newsroom.strapi
    theirs = {"body": RAW + LATE_LINE, "title": "Late"}
    id = met_in_the_gap(newsroom, monkeypatch, lambda id: strapi.edit("article", id, theirs))
    shown = strapi.shown("articles", id)
    assert (shown["title"], shown["body"]) == ("Late", CLEAN + LATE_LINE)
    # Once over their version, which is the gap, and once with it.
    assert newsroom.writes(id) == 2


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="Strapi has no write that depends on a version, and drafts are not taken in",
)
def test_what_an_editor_only_saves_between_our_look_and_our_write_is_kept(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    strapi = newsroom.strapi
    theirs = {"body": RAW + LATE_LINE}
    id = met_in_the_gap(
        newsroom,
        monkeypatch,
        lambda id: strapi.document("article", "update", documentId=id, data=theirs),
    )
    assert LATE_LINE in strapi.shown("articles", id, "draft")["body"]


DOCUMENTS, EDITS = 10, 24


def test_nothing_that_an_editor_publishes_while_we_clean_is_lost(newsroom: Newsroom) -> None:
    """Editors publish at random moments while the drain cleans and writes back: in the end each entry is the editor's last text, clean."""
    strapi = newsroom.strapi
    rng = random.Random(7)
    ids = [strapi.publish("article", {"title": f"Ferry {n}", "body": RAW}) for n in range(DOCUMENTS)]
    last: dict[str, str] = {}
    problems: list[BaseException] = []

    def edit(some: list[str], seed: int) -> None:
        mine = random.Random(seed)
        try:
            for number in range(EDITS):
                id = mine.choice(some)
                text = f"{CLEAN}\n<p>Line {number} by editor {seed}, who saw the ferry come in across the bay.</p>"
                strapi.edit("article", id, {"body": JUNK + text})
                last[id] = text
                time.sleep(mine.uniform(0, 0.4))
        except BaseException as error:
            problems.append(error)

    # Each entry has one editor: of two who save at the same moment Strapi itself keeps the last.
    editors = [
        threading.Thread(target=edit, args=(ids[n::DOCUMENTS], rng.randrange(10**6)))
        for n in range(DOCUMENTS)
    ]
    for one in editors:
        one.start()
    while any(one.is_alive() for one in editors):
        newsroom.drain()
    newsroom.settle(2.0)
    newsroom.drain(later=7200)
    newsroom.settle(2.0)
    assert problems == []
    edits = DOCUMENTS * EDITS
    lost = [id for id in ids if strapi.shown("articles", id)["body"] != last[id]]
    left = sum(one.did == "left" for run in newsroom.runs for one in run.published.made)
    print(
        f"\n{edits} edits of {DOCUMENTS} entries: {len(lost)} lost, {left} times an editor's version was found and left"
    )
    assert edits >= 200
    assert lost == []
