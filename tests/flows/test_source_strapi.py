"""Strapi asked for what its events did not bring: by the time of publication, in every language, oldest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from newsroom import NOON
from sqlalchemy import Engine, select

from flows.ledger import receive
from flows.ledger.tables import INBOX
from flows.settings import CmsSource, WebhookSource
from flows.sources.api import Question
from flows.sources.cms_strapi import post_in
from flows.tasks.poll_cms import poll_cms
from flows.tasks.taking import SourceDown


def entry(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": 100 + number,
        "documentId": f"doc{number}",
        "title": f"Ferry {number}",
        "body": f"<p>It sailed at {number}.</p>",
        # Saved in the morning, published one after the other at noon.
        "updatedAt": "2026-03-03T06:00:00.000Z",
        "publishedAt": f"2026-03-03T12:{number:02}:00.000Z",
        **more,
    }


class Strapi:
    """Answers questions as Strapi does: 5.54 knows ``publicationFilter``, and an ``old`` one passes it by. ``drafts`` are entries that
    were saved and not published; each published entry has a draft of its own."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.entries, self.asked = list(entries), list[Question]()
        self.drafts: list[dict[str, Any]] = []
        self.old = False

    def unpublish(self, number: int) -> None:
        self.drafts.append(self.entries.pop(number) | {"publishedAt": None})

    def __call__(self, question: Question, **_: Any) -> Any:
        self.asked.append(question)
        params = question.params
        assert params["locale"] == "*"
        if params["status"] == "draft":
            assert params["publicationFilter"] == "never-published"
            own = [one | {"publishedAt": None} for one in self.entries] if self.old else []
            ids = {value for key, value in params.items() if "$in" in key}
            return {"data": [one for one in [*own, *self.drafts] if one["documentId"] in ids]}
        assert params["status"] == "published"
        found = sorted(self.entries, key=lambda one: one["publishedAt"])
        after = params.get("filters[publishedAt][$gt]", "")
        ids = {value for key, value in params.items() if "$in" in key}
        found = [one for one in found if one["publishedAt"] > after and (not ids or one["documentId"] in ids)]
        size, page = int(params["pagination[pageSize]"]), int(params.get("pagination[page]", 1))
        return {"data": found[(page - 1) * size : page * size], "meta": {"pagination": {"total": len(found)}}}


SOURCE = CmsSource(
    kind="cms",
    name="cms",
    api="strapi",
    url="https://cms.example/",
    collection="articles",
    publisher="harbour-post",
)  # type: ignore[arg-type]


def test_all_that_was_published_is_taken_in_page_by_page_and_once(ledger: Engine) -> None:
    strapi = Strapi(*(entry(number) for number in range(60)))
    first = poll_cms(ledger, SOURCE, ask=strapi, now=NOON)
    assert (len(first.ids), first.problems) == (60, ())
    again = poll_cms(ledger, SOURCE, ask=strapi, now=NOON)
    assert (again.ids, again.problems, again.gone) == ((), (), ())
    assert strapi.asked[0].url == "https://cms.example/api/articles"
    strapi.entries.append(entry(0, locale="de", documentId="doc3", publishedAt="2026-03-03T13:00:00.000Z"))
    assert len(poll_cms(ledger, SOURCE, ask=strapi, now=NOON).ids) == 1


def test_the_credentials_go_along_and_are_not_shown(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_STRAPI_TOKEN", "an-api-token")
    strapi = Strapi(entry(1))
    poll_cms(ledger, SOURCE.model_copy(update={"secret_env": "TEST_STRAPI_TOKEN"}), ask=strapi, now=NOON)
    assert strapi.asked[0].headers == {"Authorization": "Bearer an-api-token"}


def test_what_an_event_brought_is_the_same_story_when_it_is_asked_for(ledger: Engine) -> None:
    from flows.ledger import Arrival
    from flows.webhook.from_strapi import story

    source = WebhookSource(
        kind="webhook", name="cms", adapter="strapi", secret_env="X_Y", publisher="harbour-post"
    )
    told = entry(1, author={"documentId": "a", "name": "Ana"}, locale=None)
    raw = story({"event": "entry.publish", "model": "article", "entry": told}, source)
    assert raw is not None
    receive(ledger, [Arrival(raw, "cms", event_id="e1")], NOON)
    assert poll_cms(ledger, SOURCE, ask=Strapi(entry(1)), now=NOON).ids == ()
    with ledger.connect() as connection:
        assert len(connection.execute(select(INBOX.c.id)).all()) == 1


def test_what_readers_can_no_longer_see_is_told(ledger: Engine) -> None:
    strapi = Strapi(entry(1), entry(2, locale="en"), entry(3, documentId="doc2", locale="de"))
    poll_cms(ledger, SOURCE, ask=strapi, now=NOON)
    del strapi.entries[2]
    intake = poll_cms(ledger, SOURCE, ask=strapi, now=NOON)
    assert len(intake.gone) == 1
    assert "doc2@de" in intake.gone[0]


def test_what_was_unpublished_is_taken_down_where_its_event_was_missed(ledger: Engine) -> None:
    """Strapi sends each event once."""
    strapi = Strapi(entry(1), entry(2, locale="en"), entry(3, documentId="doc2", locale="de"))
    poll_cms(ledger, SOURCE, ask=strapi, now=NOON, for_events=True)
    strapi.unpublish(2)
    look = poll_cms(ledger, SOURCE, ask=strapi, now=NOON, for_events=True)
    assert (len(look.ids), len(look.gone)) == (1, 1)
    assert "doc2@de: its CMS says" in look.gone[0]
    # What was deleted is only not found.
    del strapi.entries[0]
    look = poll_cms(ledger, SOURCE, ask=strapi, now=NOON, for_events=True)
    assert look.ids == ()
    assert "doc1: readers can no longer see it" in look.gone[0]


def test_a_strapi_that_cannot_say_what_was_unpublished_is_not_believed(ledger: Engine) -> None:
    strapi = Strapi(entry(1), entry(2))
    poll_cms(ledger, SOURCE, ask=strapi, now=NOON, for_events=True)
    strapi.old = True
    strapi.unpublish(1)
    look = poll_cms(ledger, SOURCE, ask=strapi, now=NOON, for_events=True)
    assert look.ids == ()
    assert "doc2: readers can no longer see it" in look.gone[0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"data": {}}, 'no list "data"'),
        ([], 'no list "data"'),
    ],
)
def test_a_broken_answer_is_told(ledger: Engine, answer: Any, words: str) -> None:
    with pytest.raises(SourceDown, match=words):
        poll_cms(ledger, SOURCE, ask=lambda *_, **__: answer, now=NOON)


def test_an_entry_that_has_no_id_is_told(ledger: Engine) -> None:
    answer = {"data": [{"title": "x"}]}
    intake = poll_cms(ledger, SOURCE, ask=lambda *_, **__: answer, now=NOON)
    assert "without a documentId" in intake.problems[0]


def test_modified_is_when_it_was_published_and_the_version_when_it_was_saved() -> None:
    post = post_in(entry(7), {})
    assert post.modified == datetime(2026, 3, 3, 12, 7, tzinfo=UTC)
    assert post.raw is not None
    assert post.raw.given is not None
    assert post.raw.given.updated == "2026-03-03T06:00:00.000Z"
    assert post.public
    assert not post_in(entry(7, publishedAt=None), {}).public
