"""Stories sent to a server by HTTP: a fake CMS that has bad days, and what it ends with."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_cms import FAULTS, NOTHING_WRONG, WRITES, FakeCms, Fault, Plan, fake_cms, judge
from jsonschema import Draft202012Validator
from loopback import answering, dripping
from publications import answers, dids, publication

from cleaners.model import Cleaned, Raw
from cleaners.read import read
from cleaners.write import record, record_schema
from flows.destinations import Answer, Publication, PublishError, Receipt
from flows.destinations.client import Refused, Unanswered
from flows.destinations.names import story_hash
from flows.destinations.remote import Conflict
from flows.settings import CmsDestination, HttpDestination

KEY = story_hash("desk:ferry")
HURRIED = 0.4
"""Seconds that the client waits where the CMS is late on purpose; elsewhere it waits for a machine that is busy."""


def at(url: str, **options: Any) -> HttpDestination:
    return HttpDestination(kind="http", name="cms", url=url, **({"seconds": 5.0} | options))


def by_etags(cms: FakeCms, **options: Any) -> HttpDestination:
    return at(cms.stories, **options)


def by_drafts(cms: FakeCms, **options: Any) -> HttpDestination:
    return at(cms.posts, draft="first", **options)


def one(destination: HttpDestination, act: Publication, last: Answer | None = None) -> Answer:
    """The answer to one act, for which the ledger remembers ``last``."""
    kept = last.as_json() if isinstance(last, Receipt) else {}
    [answer] = answers(destination, Path("/nowhere"), [replace(act, last=kept)])
    return answer


def wrote(answer: Answer) -> Receipt:
    assert isinstance(answer, Receipt), answer
    return answer


def test_a_story_is_created_then_replaced_and_taken_down() -> None:
    with fake_cms() as cms:
        first = wrote(one(by_etags(cms), publication(1, text="One.")))
        second = wrote(one(by_etags(cms), publication(2, text="Two."), first))
        assert [json.loads(it.body)["text"] for it in cms.public("desk:ferry")] == ["Two."]
        down = one(by_etags(cms), publication(3, "unpublish"), second)
    assert dids([first, second, down]) == ["wrote", "wrote", "removed"]
    assert first.where == (f"{cms.url}/stories/{KEY}",)
    assert [effect.did for effect in cms.effects] == ["created", "updated", "deleted"]
    assert judge(cms, {"desk:ferry": None}) == NOTHING_WRONG
    asked = [(it.method, it.headers.get("if-none-match"), it.headers.get("if-match")) for it in cms.asked]
    assert asked[:2] == [("PUT", "*", None), ("PUT", None, '"1"')]
    assert cms.asked[0].headers["idempotency-key"] == "desk:ferry-1-publish"
    assert cms.asked[0].headers["content-type"] == "application/json"


def test_what_is_sent_says_which_edition_it_is_and_is_the_record_else() -> None:
    with fake_cms() as cms:
        one(by_etags(cms), publication(4, headline="Ferry"))
    body = json.loads(cms.asked[0].body)
    assert body.pop("_cleancopy") == {
        "story": "desk:ferry",
        "edition": 4,
        "revision": 4,
        "ledger": "ledger-1",
        "idempotency_key": "desk:ferry-4-publish",
    }
    assert body == dict(publication(4, headline="Ferry").record)


@pytest.mark.parametrize("draft", [None, "first"])
def test_what_is_sent_is_a_record_by_the_published_schema(draft: Any) -> None:
    story = read(Raw(id="ferry", form="body", content="<p>The ferry is back.</p><script>x()</script>"))
    whole = json.loads(json.dumps(record(Cleaned(story, story, (), "publish", (), "rules-1", 1))))
    assert "<script>" in whole["html"], "the record as the ledger keeps it"
    with fake_cms(Plan(etags=draft is None)) as cms:
        act = replace(publication(), record=whole)
        wrote(one(by_drafts(cms) if draft else by_etags(cms), act))
    body = json.loads(next(it.body for it in cms.asked if it.method in ("PUT", "POST")))
    assert "_cleancopy" in body
    assert [error.message for error in Draft202012Validator(record_schema()).iter_errors(body)] == []
    assert body["html"] == "<p>The ferry is back.</p>"
    assert body["source"] == whole["source"]


@pytest.mark.parametrize("fault", ["drop after", "500 after", "late", "garbage"])
def test_a_create_whose_answer_is_lost_is_known_again(fault: Fault) -> None:
    with fake_cms(Plan(script=(fault,))) as cms:
        first = one(by_etags(cms, seconds=HURRIED), publication())
        second = one(by_etags(cms, seconds=HURRIED), publication())
        cms.settle()
        assert judge(cms, {"desk:ferry": 1}) == NOTHING_WRONG
    assert dids([first, second])[-1] == "wrote"
    assert [effect.did for effect in cms.effects] == ["created"]


@pytest.mark.parametrize("fault", ["drop after", "500 after", "late"])
def test_an_update_whose_answer_is_lost_is_known_again_by_the_next_edition(fault: Fault) -> None:
    """The ledger knows the first edition's ETag alone; what lies there is our own second."""
    with fake_cms(Plan(script=(None, fault))) as cms:
        first = one(by_etags(cms, seconds=HURRIED), publication(1))
        lost = one(by_etags(cms, seconds=HURRIED), publication(2), first)
        third = one(by_etags(cms, seconds=HURRIED), publication(3), first)
        cms.settle()
        assert judge(cms, {"desk:ferry": 3}) == NOTHING_WRONG
    assert dids([first, lost, third]) == ["wrote", dids([lost])[0], "wrote"]
    assert isinstance(lost, PublishError)


def test_an_older_edition_is_not_written_over_a_newer() -> None:
    with fake_cms() as cms:
        one(by_etags(cms), publication(2))
        assert (
            dids([one(by_etags(cms), publication(1)), one(by_etags(cms), publication(1, "unpublish"))])
            == ["newer"] * 2
        )
        assert judge(cms, {"desk:ferry": 2}) == NOTHING_WRONG


def test_what_an_editor_changed_is_told_and_not_written_over() -> None:
    with fake_cms() as cms:
        first = one(by_etags(cms), publication(1))
        cms.edit(KEY, text="The desk knows better.")
        conflict = one(by_etags(cms), publication(2), first)
        assert isinstance(conflict, Conflict)
        assert "changed by somebody else since edition 1" in str(conflict)
        assert json.loads(cms.documents[KEY].body)["text"] == "The desk knows better."
        assert dids([one(by_etags(cms, overwrite=True), publication(2), first)]) == ["wrote"]
        assert judge(cms, {"desk:ferry": 2}) == NOTHING_WRONG


@pytest.mark.parametrize("is_update", [False, True])
def test_what_an_editor_saved_over_an_edition_whose_answer_was_lost_is_not_written_over(
    is_update: bool,
) -> None:
    with fake_cms(Plan(methods=("PUT",))) as cms:
        last = wrote(one(by_etags(cms), publication(1))) if is_update else None
        cms.play("drop after")
        assert isinstance(one(by_etags(cms), publication(2), last), Unanswered)
        cms.edit(KEY, headline="Theirs")
        again = wrote(one(by_etags(cms), publication(2), last))  # it is there, under their words
        refused = one(by_etags(cms), publication(3), again)
        assert isinstance(refused, Conflict)
        assert "was changed by somebody else since edition 2 was published there" in str(refused)
        assert json.loads(cms.documents[KEY].body)["headline"] == "Theirs"
        # A person decides; a kill asks nobody.
        assert dids([one(by_etags(cms, overwrite=True), publication(3), again)]) == ["wrote"]
        cms.edit(KEY, headline="Theirs again")
        assert dids([one(by_etags(cms), publication(4, "unpublish"), again)]) == ["removed"]


def test_what_a_server_adds_to_a_story_is_no_editor_s_change() -> None:
    with fake_cms(Plan(script=("drop after",), methods=("PUT",))) as cms:
        assert isinstance(one(by_etags(cms), publication(1)), Unanswered)
        cms.edit(KEY, changed_at="2026-03-03T12:00:00Z")
        again = wrote(one(by_etags(cms), publication(1)))
        assert dids([one(by_etags(cms), publication(2), again)]) == ["wrote"]


def test_what_an_editor_deleted_is_told_and_not_brought_back() -> None:
    with fake_cms() as cms:
        first = one(by_etags(cms), publication(1))
        del cms.documents[KEY]
        gone = one(by_etags(cms), publication(2), first)
        assert isinstance(gone, Conflict)
        assert "somebody has deleted it" in str(gone)
        assert cms.public("desk:ferry") == []
        assert dids([one(by_etags(cms, overwrite=True), publication(2), first)]) == ["wrote"]


def test_what_lies_there_and_is_not_ours_is_told() -> None:
    with fake_cms() as cms:
        one(by_etags(cms), publication(1))
        cms.documents[KEY].body = b'{"title": "An old story of the CMS"}'
        cms.documents[KEY].version = 77
        answer = one(by_etags(cms), publication(1))
    assert isinstance(answer, Conflict)
    assert "exists, and not by us" in str(answer)


def test_a_kill_passes_over_what_an_editor_changed() -> None:
    with fake_cms() as cms:
        first = one(by_etags(cms), publication(1))
        cms.edit(KEY, text="The desk knows better.")
        assert dids([one(by_etags(cms), publication(2, "unpublish"), first)]) == ["removed"]
        assert judge(cms, {"desk:ferry": None}) == NOTHING_WRONG


def test_a_kill_by_update_holds_against_a_create_that_comes_late() -> None:
    """The create is carried out when its client has gone and the story is killed: with DELETE it is public until a second look, for
    which the ledger keeps the kill open (see test_kills_unconfirmed.py)."""
    for withdrawn, public in (("update", 0), ("delete", 1)):
        with fake_cms(Plan(script=("late",), late_seconds=1.2)) as cms:
            lost = one(by_etags(cms, seconds=HURRIED, withdrawn=withdrawn), publication(1))
            assert isinstance(lost, Unanswered)
            assert dids(
                [one(by_etags(cms, seconds=HURRIED, withdrawn=withdrawn), publication(2, "unpublish"))]
            ) == ["removed"]
            cms.settle()
            assert len(cms.public("desk:ferry")) == public


def test_after_a_kill_by_update_a_story_can_come_back() -> None:
    with fake_cms() as cms:
        where = by_etags(cms, withdrawn="update")
        first = one(where, publication(1))
        down = one(where, publication(2, "unpublish"), first)
        assert cms.public("desk:ferry") == []
        assert "text" not in json.loads(cms.documents[KEY].body)
        assert dids([one(where, publication(3), down)]) == ["wrote"]
        assert judge(cms, {"desk:ferry": 3}) == NOTHING_WRONG


def test_a_draft_is_published_in_a_second_request_and_the_old_one_goes() -> None:
    with fake_cms(Plan(etags=False)) as cms:
        for edition in (1, 2):
            assert dids([one(by_drafts(cms), publication(edition))]) == ["wrote"]
        assert [it.did for it in cms.effects] == ["draft", "published", "draft", "published", "deleted"]
        assert judge(cms, {"desk:ferry": 2}) == NOTHING_WRONG
        assert dids([one(by_drafts(cms), publication(1))]) == ["newer"]
        assert dids([one(by_drafts(cms), publication(2))]) == ["wrote"], "again, and nothing is done"
        assert len(cms.effects) == 5
        assert dids([one(by_drafts(cms), publication(3, "unpublish"))]) == ["removed"]
        assert cms.documents == {}


@pytest.mark.parametrize("fault", ["drop after", "500 after", "late", "garbage"])
@pytest.mark.parametrize("request_number", [1, 2, 3])
def test_a_late_or_lost_draft_stays_a_draft_at_worst(fault: Fault, request_number: int) -> None:
    script = (*[None] * request_number, fault)
    with fake_cms(Plan(etags=False, script=script)) as cms:
        for _ in range(2):
            last = one(by_drafts(cms, seconds=HURRIED), publication(1))
        cms.settle()
        assert dids([last]) == ["wrote"]
        assert judge(cms, {"desk:ferry": 1}) == NOTHING_WRONG
        assert dids([one(by_drafts(cms, seconds=HURRIED), publication(2))]) == ["wrote"]
        assert judge(cms, {"desk:ferry": 2}) == NOTHING_WRONG
        assert len(cms.documents) == 1, "what was left is cleared away with the next edition"


@pytest.mark.parametrize("blind", ["no such address", "drops what it does not know", "gives others' stories"])
def test_a_draft_that_is_not_found_is_not_made_public(blind: str) -> None:
    with fake_cms(Plan(etags=False)) as cms:
        given: dict[str, str] = {}
        if blind == "no such address":
            given = {"find_url": f"{cms.url}/no-such?key={{key}}"}
        elif blind == "gives others' stories":
            given = {"find_url": f"{cms.posts}?key={story_hash('desk:quay')}"}
        else:
            cms.plan = replace(cms.plan, forgets_marks=True)
        for edition in (1, 2):
            answer = one(by_drafts(cms, **given), publication(edition))
            assert isinstance(answer, PublishError)
            assert "find_url in destinations.yaml, where it stands, leads to the story's drafts" in str(
                answer
            )
        assert [effect.did for effect in cms.effects] == ["draft", "deleted"] * 2
        assert cms.documents == {}


def test_a_kill_takes_down_what_receipts_tell_of_though_it_is_not_found_any_more() -> None:
    """A CMS was changed, and drops the field by which its stories are known."""
    with fake_cms(Plan(etags=False)) as cms:
        before = wrote(one(by_drafts(cms, item_url=f"{cms.url}/stories/{{id}}"), publication(1)))
        # A destination whose address has been changed since does not see what it wrote at the old one.
        cms.plan = replace(cms.plan, forgets_marks=True)
        cms.documents["p50"] = replace(cms.documents["p1"], id="p50")
        cms.documents["p99"] = replace(cms.documents["p1"], id="p99")
        places = [*before.where, *(f"{cms.posts}/{id}" for id in ("p40", "p50", "p99"))]
        kill = replace(publication(2, "unpublish"), last={"places": places})
        cms.asked.clear()
        [down] = answers(by_drafts(cms), Path("/nowhere"), [kill])
        assert down == Receipt("removed", (*before.where, f"{cms.posts}/p99"))
        # Of the editions at today's address all but the last went when the next was made public: they are not asked for one by one.
        assert [asked.path for asked in cms.asked if asked.method == "DELETE"] == [
            "/stories/p1",
            "/posts/p99",
        ]


@pytest.mark.parametrize("withdrawn", ["delete", "update"])
def test_a_kill_reaches_the_address_that_a_destination_had_before(withdrawn: Any) -> None:
    with fake_cms() as cms:
        old = wrote(one(at(f"{cms.url}/stories/old-{{key}}", withdrawn=withdrawn), publication(1)))
        new = wrote(one(by_etags(cms, withdrawn=withdrawn), publication(2)))
        assert len(cms.public("desk:ferry")) == 2
        places = [*old.where, *new.where, f"{cms.url}/stories/never"]
        kill = replace(publication(3, "unpublish"), last={**new.as_json(), "places": places})
        [down] = answers(by_etags(cms, withdrawn=withdrawn), Path("/nowhere"), [kill])
        assert isinstance(down, Receipt)
        assert (down.did, set(down.where)) == ("removed", {*old.where, *new.where})
        assert cms.public("desk:ferry") == []
        assert "never" not in cms.documents


def test_a_kill_stays_open_where_the_story_lies_on_another_server_and_no_login_goes_there() -> None:
    with fake_cms() as before, fake_cms() as cms:
        old = wrote(one(by_etags(before), publication(1)))
        asked = len(before.asked)
        kill = replace(publication(2, "unpublish"), last={"places": list(old.where)})
        [answer] = answers(by_etags(cms), Path("/nowhere"), [kill])
        assert isinstance(answer, PublishError)
        assert f"it was published at {old.where[0]} before this destination was changed" in str(answer)
        assert "it is on another server than cms is now" in str(answer)
        assert len(before.asked) == asked
        # With the old address written back it is done.
        assert dids(answers(by_etags(before), Path("/nowhere"), [kill])) == ["removed"]
        assert before.documents == {}


def test_a_publish_that_comes_late_finds_its_draft_deleted() -> None:
    """Edition 1's publish is carried out after edition 2 is public."""
    with fake_cms(Plan(etags=False, script=(None, None, None, "late"), late_seconds=1.2)) as cms:
        assert isinstance(one(by_drafts(cms, seconds=HURRIED), publication(1)), Unanswered)
        assert dids([one(by_drafts(cms, seconds=HURRIED), publication(2))]) == ["wrote"]
        cms.settle()
        assert judge(cms, {"desk:ferry": 2}) == NOTHING_WRONG


def test_without_etags_or_drafts_old_comes_over_new() -> None:
    """The control: what a late request does to a server that is told neither. It is why ``draft: first`` is there."""
    with fake_cms(Plan(etags=False, script=(None, "late"), methods=("PUT",), late_seconds=1.2)) as cms:
        blind = by_etags(cms, seconds=HURRIED, etags=False)
        first = one(blind, publication(1))
        assert isinstance(one(blind, publication(2), first), Unanswered)
        assert dids([one(blind, publication(3), first)]) == ["wrote"]
        cms.settle()
        verdict = judge(cms, {"desk:ferry": 3})
    assert verdict.stale
    assert verdict.lost


def test_a_post_to_a_server_that_knows_keys_is_carried_out_once() -> None:
    for knows, copies in ((True, 1), (False, 2)):
        with fake_cms(Plan(knows_keys=knows, script=("drop after",))) as cms:
            where = at(cms.inbox, method="POST")
            found = [one(where, publication(1)), one(where, publication(1))]
            assert dids(found) == ["Unanswered", "wrote"]
            assert len(cms.public("desk:ferry")) == copies


@pytest.mark.parametrize("kind", [by_etags, by_drafts])
@pytest.mark.parametrize("seed", [1002, 1009, 1028, 1065])
def test_on_bad_days_nothing_is_lost_twice_or_stale(seed: int, kind: Any) -> None:
    """Each story's editions are tried until they are made, as the outbox does; some are given up and overtaken.

    With these seeds stories were lost or stale when a write could follow from a broken page in place of a story.
    """
    chance = random.Random(seed)
    plan = Plan(seed=seed, share=0.4, etags=kind is by_etags, late_seconds=0.35, retry_after=None)
    with fake_cms(plan) as cms:
        where = kind(cms, seconds=0.15, withdrawn="update" if kind is by_etags else "delete")
        expected: dict[str, int | None] = {}
        for number in range(6):
            story, last = f"desk:{seed}-{number}", None
            for edition in range(1, 5):
                act = "unpublish" if edition == 3 and chance.random() < 0.3 else "publish"
                for _ in range(2 if edition < 4 and chance.random() < 0.4 else 80):
                    answer = one(where, publication(edition, act, story=story), last)
                    if isinstance(answer, Receipt):
                        last = answer
                        expected[story] = edition if act == "publish" else None
                        break
            assert last is not None
        cms.settle()
        assert judge(cms, expected) == NOTHING_WRONG
        assert {asked.fault for asked in cms.asked} >= {"late", "garbage", "drop after", "500 after"}


@pytest.mark.parametrize(
    ("status", "headers", "retry_after"),
    [
        (429, {"Retry-After": "17"}, 17.0),
        (
            503,
            {"Retry-After": "Tue, 03 Mar 2026 12:00:30 GMT", "Date": "Tue, 03 Mar 2026 12:00:00 GMT"},
            30.0,
        ),
        (503, {"Retry-After": "Mon, 02 Mar 2026 12:00:30 GMT", "Date": "Tue, 03 Mar 2026 12:00:00 GMT"}, 0.0),
        (500, {}, 0.0),
        (425, {"Retry-After": "99999999999999"}, 86_400.0),
        (408, {"Retry-After": "soon"}, 0.0),
        (422, {"Retry-After": "17"}, 0.0),
    ],
)
def test_a_refusal_is_told_with_the_time_that_the_server_asks_for(
    status: int, headers: dict[str, str], retry_after: float
) -> None:
    with answering(status, headers, b"the field\n <b>headline</b> is missing") as url:
        answer = one(at(f"{url}/{{key}}"), publication())
    assert isinstance(answer, Refused)
    assert (answer.status, answer.retry_after, answer.final) == (status, retry_after, False)
    assert f"was answered {status}" in str(answer)
    assert "the field <b>headline</b> is missing" in str(answer)


def test_when_the_server_is_silent_the_rest_of_a_batch_is_not_tried() -> None:
    with fake_cms(Plan(script=("503",) * 9, retry_after=None)) as cms:
        found = answers(by_etags(cms), Path(), [publication(story=f"desk:{number}") for number in range(6)])
        assert len(cms.asked) == 3
    assert dids(found) == ["Refused"] * 3 + ["PublishError"] * 3
    assert [it.tried for it in found if isinstance(it, PublishError)] == [True] * 3 + [False] * 3


def test_when_the_server_asks_to_be_left_alone_it_is_asked_no_more() -> None:
    with fake_cms(Plan(script=(None, *("429",) * 9), retry_after="60")) as cms:
        found = answers(by_etags(cms), Path(), [publication(story=f"desk:{number}") for number in range(6)])
        assert len(cms.asked) == 2
    assert dids(found) == ["wrote", "Refused", *["PublishError"] * 4]
    assert [it.retry_after for it in found if isinstance(it, PublishError)] == [60.0] * 5


def test_one_long_silence_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.destinations.http.PATIENCE_SECONDS", 0.2)
    with fake_cms(Plan(script=(None, *("late",) * 9), late_seconds=0.6)) as cms:
        acts = [publication(story=f"desk:{number}") for number in range(6)]
        found = answers(at(cms.stories, seconds=HURRIED), Path(), acts)
        assert len(cms.asked) == 2
    assert dids(found) == ["wrote", "Unanswered", *["PublishError"] * 4]


def test_a_story_that_the_server_stumbles_over_fails_alone() -> None:
    with fake_cms(Plan(script=(None, "503", "503", None, "503", "503", None), retry_after=None)) as cms:
        found = answers(by_etags(cms), Path(), [publication(story=f"desk:{number}") for number in range(7)])
    assert dids(found) == ["wrote", "Refused", "Refused", "wrote", "Refused", "Refused", "wrote"]


def test_a_secret_goes_into_the_header_and_into_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMS_LOGIN", "desk:pa55word")
    monkeypatch.setenv("CMS_KEY", "k3y-k3y")
    options: dict[str, Any] = {"secret_env": "CMS_LOGIN", "headers_env": {"X-Api-Key": "CMS_KEY"}}
    asked: list[Mapping[str, str]] = []
    with answering(403, {}, b"not desk:pa55word, nor k3y-k3y", asked) as url:
        for login, header in (("bearer", "Bearer desk:pa55word"), ("basic", "Basic ZGVzazpwYTU1d29yZA==")):
            answer = one(at(f"{url}/{{key}}", login=login, **options), publication())
            assert asked[-1]["authorization"] == header
            assert asked[-1]["x-api-key"] == "k3y-k3y"
            assert "403" in str(answer)
            assert "pa55word" not in str(answer)
            assert "k3y" not in str(answer)


@pytest.mark.parametrize("before", [0, 195, 495, 1995])
@pytest.mark.parametrize("filled", ["x", " "])
def test_no_part_of_a_secret_is_left_where_an_answer_is_cut(
    before: int, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMS_LOGIN", "desk:pa55word")
    body = filled * before + "pa55word, and no other, is wrong." + "x" * 600
    with answering(403, {}, body.encode()) as url:
        answer = one(at(f"{url}/{{key}}", login="basic", secret_env="CMS_LOGIN", seconds=5), publication())
    said = str(answer).partition("403 Forbidden: ")[2]
    assert 30 < len(said) <= 500
    assert "pa" not in said


def test_a_reason_that_stands_late_in_an_answer_is_shown() -> None:
    with answering(400, {}, b"x" * 400 + b" the headline is too long") as url:
        answer = one(at(f"{url}/{{key}}", seconds=5), publication())
    assert str(answer).endswith(" the headline is too long")


@pytest.mark.parametrize(
    ("secret", "echoed", "shown"),
    [
        # README's own WordPress account: the name of it, and of us, is no secret.
        ("cleancopy:abcd efgh", "cleancopy: the version abcd efgh", "cleancopy: the version …"),
        ("cleancopy:abcd efgh", "not cleancopy:abcd efgh", "not …"),
        ("cleancopy:abcd efgh", "heard Basic Y2xlYW5jb3B5OmFiY2QgZWZnaA==", "heard Basic …"),
        ("desk:e", "There were letters, not desk:e", "There were letters, not …"),
    ],
)
def test_of_a_login_the_password_is_hidden_and_not_the_name(
    secret: str, echoed: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMS_LOGIN", secret)
    with answering(403, {}, echoed.encode()) as url:
        site = CmsDestination(kind="cms", name="site", api="wordpress", url=url, secret_env="CMS_LOGIN")
        [answer] = answers(site, Path("/nowhere"), [publication()])
    assert f"was answered 403 Forbidden: {shown}" in str(answer)
    assert echoed not in str(answer)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "set the environment variable CMS_LOGIN"),
        ("pa55\nword", "cannot carry"),
        ("pa55", "user:password"),
    ],
)
def test_a_secret_that_is_missing_or_unfit_is_told_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, value: str | None, said: str
) -> None:
    monkeypatch.delenv("CMS_LOGIN", raising=False)
    if value:
        monkeypatch.setenv("CMS_LOGIN", value)
    with pytest.raises(PublishError, match=said) as caught:
        one(at("https://cms.example/{key}", secret_env="CMS_LOGIN", login="basic"), publication())
    assert "pa55" not in str(caught.value)


def test_a_redirect_is_followed_on_the_same_host_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMS_TOKEN", "t0ken")
    elsewhere: list[Mapping[str, str]] = []
    with answering(200, {}, b"{}", elsewhere) as other, fake_cms() as cms:
        with answering(307, {"Location": f"{other}/in"}, b"") as url:
            answer = one(at(f"{url}/{{key}}", secret_env="CMS_TOKEN"), publication())
        assert isinstance(answer, Refused)
        assert "sent on to another host" in str(answer)
        assert elsewhere == [], "the secret has gone nowhere"
        with answering(308, {"Location": "/again"}, b"") as url:
            answer = one(at(f"{url}/{{key}}"), publication())
        assert "sent on again and again" in str(answer)
        assert cms.asked == []


def test_everything_together_ends_in_time() -> None:
    """The server sends a byte every 50 ms: each read is in time, and the answer never ends."""
    for drips in ("headers", "body"):
        with dripping(drips) as url:
            began = time.monotonic()
            answer = one(at(f"{url}/{{key}}", seconds=0.5), publication())
            assert isinstance(answer, Unanswered)
            assert "no answer within 0.5 seconds" in str(answer)
            assert time.monotonic() - began < 2


def test_an_answer_without_end_is_cut_off() -> None:
    with answering(200, {}, b"x" * 3_000_000) as url:
        answer = one(at(f"{url}/{{key}}", seconds=10), publication())
    assert isinstance(answer, Unanswered)
    assert "larger than" in str(answer)


def test_no_connection_is_told() -> None:
    with answering(200, {}, b"") as url:
        pass
    answer = one(at(f"{url}/{{key}}"), publication())
    assert isinstance(answer, Unanswered)
    assert "no connection" in str(answer)


def test_an_address_is_the_story_s_own_and_safe() -> None:
    with fake_cms() as cms:
        act = replace(publication(headline="It changes"), story="by-hand:/srv/a b/../ferry?x=1#y.txt")
        one(at(f"{cms.url}/stories/{{story}}"), act)
        one(at(f"{cms.url}/in/{{source}}/{{slug}}-{{key}}"), act)
    key = story_hash(act.story)
    assert cms.asked[0].path == "/stories/by-hand%3A%2Fsrv%2Fa%20b%2F..%2Fferry%3Fx%3D1%23y.txt"
    assert cms.asked[1].path == f"/in/by-hand/ferry-x-1-y-{key}"


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"1"'}])
def test_a_server_without_strong_etags_is_told_of(headers: dict[str, str]) -> None:
    """If-Match never holds for W/"…"."""
    with answering(200, headers, b"{}") as url:
        answer = one(at(f"{url}/{{key}}"), publication(1))
    assert isinstance(answer, Unanswered)
    assert "write draft: first or etags: no" in str(answer)


def test_with_etags_no_nothing_is_looked_up_and_no_condition_sent() -> None:
    with fake_cms(Plan(etags=False)) as cms:
        blind = by_etags(cms, etags=False)
        first = one(blind, publication(1))
        second = one(blind, publication(2), first)
        assert judge(cms, {"desk:ferry": 2}) == NOTHING_WRONG
        assert dids([first, second, one(blind, publication(3, "unpublish"), second)]) == [
            "wrote",
            "wrote",
            "removed",
        ]
    assert [asked.method for asked in cms.asked] == ["PUT", "PUT", "DELETE"]
    assert not any({"if-match", "if-none-match"} & set(asked.headers) for asked in cms.asked)


def test_a_broken_page_in_place_of_a_story_leads_to_no_write() -> None:
    """A kill that looks and sees nonsense waits: a write that depends on nothing could come late, over a newer edition."""
    with fake_cms(Plan(script=(None, "garbage"))) as cms:
        first = one(by_etags(cms), publication(1))
        assert dids([one(by_etags(cms), publication(2, "unpublish"), first)]) == ["Unanswered"]
        assert [effect.did for effect in cms.effects] == ["created"]
        assert dids([one(by_etags(cms), publication(2, "unpublish"), first)]) == ["removed"]


def test_a_server_hears_of_no_hold() -> None:
    with fake_cms() as cms:
        for where in (by_etags(cms), by_drafts(cms)):
            assert "does not hear of holds" in str(one(where, publication(1, "hold")))
        assert cms.asked == []


def test_the_fake_does_each_of_its_faults_and_the_same_ones_again() -> None:
    assert {*FAULTS} > {"late", "garbage", "429"}
    seen = []
    for _ in range(2):
        with fake_cms(Plan(seed=3, share=0.5, methods=WRITES, late_seconds=0.01, retry_after=None)) as cms:
            for number in range(60):
                one(by_etags(cms, seconds=HURRIED), publication(story=f"desk:{number}"))
            seen.append([it.fault for it in cms.asked])
    assert seen[0] == seen[1]
    assert {*seen[0]} >= {*FAULTS} - {"garbage"}


def test_the_judge_sees_what_is_lost_twice_stale_and_not_down() -> None:
    with fake_cms() as cms:
        for edition in (2, 1):
            for _ in range(2):
                one(at(cms.inbox, method="POST"), publication(edition))
        verdict = judge(cms, {"desk:ferry": 3, "desk:none": None})
        assert verdict.lost == ("desk:ferry: edition 3 is not public, but [2, 2, 1, 1]",)
        assert len(verdict.twice) == 3
        assert len(verdict.stale) == 2
        assert len(judge(cms, {"desk:ferry": None}).not_down) == 4
