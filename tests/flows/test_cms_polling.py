"""CMS polling against small servers that answer as each CMS does: what changed is taken once, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cms_servers import ADMIN_KEY, BEGIN, CONTENT_KEY, LOGIN, Cms, serving
from sqlalchemy import Engine

from cleaners.model import Raw
from cleaners.rules import ConfigError
from flows.ledger import Arrival, StoryFilter, open_ledger, receive, select_raws
from flows.ledger.watching import source_states
from flows.settings import CmsSource, Settings, load_sources
from flows.sources.api import Question, ask
from flows.sources.cms import withdrawn
from flows.tasks.intake import poll
from flows.tasks.poll_cms import poll_cms
from flows.tasks.taking import Intake, SourceDown

SECRETS = {
    "wordpress": None,
    "wordpress-login": LOGIN,
    "ghost": CONTENT_KEY,
    "ghost-admin": ADMIN_KEY,
    "json": "t0ken",
}
LIST = {
    "items": "data.articles",
    "next": "links.next",
    "modified": "meta.at",
    "map": {"id": "doc.key", "body": "doc.html"},
}


@pytest.fixture
def cms() -> Iterator[Cms]:
    with serving(Cms()) as served:
        yield served


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    yield opened
    opened.dispose()


@pytest.fixture
def make(cms: Cms, monkeypatch: pytest.MonkeyPatch) -> Any:
    def source(kind: str, **more: Any) -> CmsSource:
        api = kind.partition("-")[0]
        given: dict[str, Any] = {
            "kind": "cms",
            "name": "cms",
            "api": api,
            "url": cms.url,
            "private_addresses": "yes",
        }
        if SECRETS[kind] is not None:
            monkeypatch.setenv("CMS_SECRET", str(SECRETS[kind]))
            given["secret_env"] = "CMS_SECRET"
        if api == "json":
            given |= LIST | {"url": f"{cms.url}/list"}
        return CmsSource.model_validate(given | more)

    return source


def settings_of(folder: Path) -> Settings:
    return Settings(
        config_dir=folder / "config", data_dir=folder / "data", ledger_url=f"sqlite:///{folder}/ledger.sqlite"
    )


def refusal(engine: Engine, source: CmsSource) -> str:
    """What a look that waiting does not mend says."""
    with pytest.raises(SourceDown) as caught:
        poll_cms(engine, source)
    assert not caught.value.passing
    return str(caught.value)


def known(engine: Engine) -> dict[str, Raw]:
    return {one.story_id: one.raw for one in select_raws(engine, StoryFilter())}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_cms_is_followed_through_new_changed_gone_and_back(
    kind: str, cms: Cms, make: Any, engine: Engine
) -> None:
    source = make(kind, publisher="Harbour Post", language="en")
    for number in range(1, 8):
        cms.write(number, minute=number)
    new = poll_cms(engine, source)
    assert (len(new.ids), new.problems) == (7, ())
    assert set(known(engine)) == {str(number) for number in range(1, 8)}
    assert {raw.publisher for raw in known(engine).values()} == {"Harbour Post"}

    assert poll_cms(engine, source).ids == ()

    cms.write(3, "<p>Corrected.</p>", minute=200)
    cms.write(8, minute=201)
    changed = poll_cms(engine, source)
    assert (len(changed.ids), changed.problems) == (2, ())
    assert "Corrected." in str(known(engine)["3"].content)

    away = cms.stories.pop("5")
    gone = poll_cms(engine, source)
    assert gone.ids == ()
    assert gone.gone == ("cms: 5: readers can no longer see it at the CMS; what was published of it stays",)
    assert (gone.problems, poll_cms(engine, source).gone) == ((), ())

    cms.stories["5"] = away
    back = poll_cms(engine, source)
    assert (back.ids, back.problems, back.back) == ((), (), ("cms: 5: readers can see it again",))
    assert poll_cms(engine, source).back == ()
    del cms.stories["5"]
    assert len(poll_cms(engine, source).gone) == 1
    assert len(known(engine)) == 8


def test_what_wordpress_knows_of_a_story(cms: Cms, make: Any, engine: Engine) -> None:
    cms.write(7, minute=10)
    poll_cms(engine, make("wordpress"))
    raw = known(engine)["7"]
    assert (raw.form, raw.url, raw.headline, raw.published) == (
        "body",
        "https://post.example/?p=7",
        "The ferry “7” & more",
        "2026-03-03T05:00:00Z",
    )
    assert raw.given is not None
    assert raw.given.updated == "2026-03-03T06:10:00Z"
    assert str(raw.content).startswith("<p>")
    cms.write(8, minute=20)
    poll_cms(engine, make("wordpress-login"))
    assert str(known(engine)["8"].content).startswith("<!-- wp:paragraph -->")
    assert known(engine)["8"].headline == "The ferry “8” & more"


def test_what_ghost_knows_of_a_story(cms: Cms, make: Any, engine: Engine) -> None:
    cms.write("6a5b", minute=10)
    poll_cms(engine, make("ghost"))
    raw = known(engine)["6a5b"]
    assert (raw.url, raw.headline, raw.published) == (
        "https://post.example/6a5b/",
        "The ferry 6a5b",
        "2026-03-03T05:00:00.000+00:00",
    )
    assert raw.given is not None
    assert (raw.given.byline, raw.given.section, raw.given.standfirst) == (
        "Ana Duarte, Ilse Brandvik",
        "Harbour",
        "The harbour has its ferry again.",
    )


@pytest.mark.parametrize("kind", ["wordpress-login", "ghost-admin"])
def test_drafts_are_not_taken_and_a_story_that_becomes_one_is_told(
    kind: str, cms: Cms, make: Any, engine: Engine
) -> None:
    cms.write(1, minute=1)
    cms.write(2, minute=2, status="draft")
    assert (len(poll_cms(engine, make(kind)).ids), set(known(engine))) == (1, {"1"})
    cms.write(1, minute=90, status="draft")
    gone = poll_cms(engine, make(kind))
    assert gone.ids == ()
    assert gone.gone == ("cms: 1: readers can no longer see it at the CMS; what was published of it stays",)
    cms.write(1, "<p>Published again, and changed.</p>", minute=180)
    assert len(poll_cms(engine, make(kind)).ids) == 1


@pytest.mark.parametrize(
    ("kind", "hidden"),
    [
        ("ghost-admin", {"status": "draft"}),
        ("ghost-admin", {"status": "scheduled"}),
        *(
            ("wordpress-login", {"status": status})
            for status in ("draft", "pending", "private", "future", "trash")
        ),
        ("wordpress-login", {"password": True}),
    ],
)
@pytest.mark.parametrize("long_ago", [False, True])
def test_a_look_for_missed_events_takes_down_what_the_cms_says_is_not_public(
    kind: str, hidden: dict[str, Any], long_ago: bool, cms: Cms, make: Any, engine: Engine
) -> None:
    cms.write(1, minute=1)
    cms.write(2, minute=500)
    source = make(kind, publisher="Harbour Post")
    poll_cms(engine, source, for_events=True)
    # Long ago: the last looks failed, so that what changed is not among the changes that are asked for.
    cms.write(1, minute=2 if long_ago else 600, **hidden)
    look = poll_cms(engine, source, for_events=True)
    assert (len(look.ids), look.problems) == (1, ())
    assert look.gone == (
        "cms: 1: its CMS says that readers can no longer see it, and no event did: it is taken down",
    )
    killed = known(engine)["1"]
    assert killed.given is not None
    assert killed.given.updated is not None
    # As the event says it (flows.webhook.cms_events.taken_down).
    assert killed == withdrawn("1", "Harbour Post", None, killed.given.updated)
    again = poll_cms(engine, source, for_events=True)
    assert (again.ids, again.gone, again.back) == ((), (), ())
    assert set(known(engine)) == {"1", "2"}


@pytest.mark.parametrize("kind", ["wordpress", "wordpress-login", "ghost", "ghost-admin"])
def test_what_is_only_not_found_is_told_and_stays(kind: str, cms: Cms, make: Any, engine: Engine) -> None:
    """A story that was deleted, a right that was taken away, a key that shows what readers see."""
    for number in (1, 2):
        cms.write(number, minute=number)
    poll_cms(engine, make(kind), for_events=True)
    if kind in ("wordpress", "ghost"):
        cms.write(1, minute=90, status="draft")
    else:
        del cms.stories["1"]
    look = poll_cms(engine, make(kind), for_events=True)
    assert look.ids == ()
    assert look.gone == ("cms: 1: readers can no longer see it at the CMS; what was published of it stays",)


@pytest.mark.parametrize("kind", ["wordpress-login", "ghost-admin"])
def test_an_event_that_comes_while_the_cms_is_asked_is_newer_than_its_answer(
    kind: str, cms: Cms, make: Any, engine: Engine
) -> None:
    cms.write(1, minute=1)
    poll_cms(engine, make(kind), for_events=True)
    raw = known(engine)["1"]
    cms.write(1, minute=90, status="draft")
    events = count()

    def ask_meanwhile(question: Question, **more: Any) -> Any:
        answer = ask(question, **more)
        receive(engine, [Arrival(raw, "cms", event_id=f"evt-{next(events)}")], datetime.now(UTC))
        return answer

    look = poll_cms(engine, make(kind), ask=ask_meanwhile, for_events=True)
    assert (look.ids, look.gone) == ((), ())
    # And when no event comes, the next look is believed.
    assert len(poll_cms(engine, make(kind), for_events=True).ids) == 1


@pytest.mark.parametrize("kind", ["wordpress", "ghost"])
def test_more_than_the_limit_is_gone_on_with_at_the_next_look(
    kind: str, cms: Cms, make: Any, engine: Engine
) -> None:
    for number in range(1, 24):
        cms.write(number, minute=number)
    source = make(kind, limits={"stories": 5})
    looks = [len(poll_cms(engine, source).ids) for _ in range(7)]
    assert sum(looks) == 23
    assert max(looks) <= 10
    assert looks[0] == 5
    assert set(known(engine)) == {str(number) for number in range(1, 24)}
    assert int(cms.asked[0].get("per_page", cms.asked[0].get("limit", 0))) == 5


@pytest.mark.parametrize("kind", ["wordpress", "ghost"])
def test_more_stories_of_one_second_than_the_limit_are_all_taken(
    kind: str, cms: Cms, make: Any, engine: Engine
) -> None:
    """A site that was moved to another server: every story was modified at once."""
    for number in range(1, 31):
        cms.write(number, minute=10)
    cms.write(31, minute=11)
    source = make(kind, limits={"stories": 4})
    for _ in range(4):
        poll_cms(engine, source)
    assert set(known(engine)) == {str(number) for number in range(1, 32)}


@pytest.mark.parametrize("kind", ["wordpress", "ghost"])
def test_a_story_that_is_changed_while_pages_are_read_costs_no_other_one(
    kind: str, cms: Cms, make: Any, engine: Engine
) -> None:
    for number in range(1, 13):
        cms.write(number, minute=number)

    def change() -> None:
        cms.after_answer = None
        cms.write(1, "<p>Changed meanwhile.</p>", minute=100)

    cms.after_answer = change
    source = make(kind, limits={"stories": 4})
    for _ in range(5):
        poll_cms(engine, source)
    assert set(known(engine)) == {str(number) for number in range(1, 13)}
    assert known(engine)["1"].content != known(engine)["2"].content
    assert "Changed meanwhile" in str(known(engine)["1"].content)


def test_the_hour_that_comes_twice_loses_no_story(cms: Cms, make: Any, engine: Engine) -> None:
    """Clocks in Berlin go back on 25 October 2026 at 01:00 UTC: 02:50 local comes before 02:10 local."""
    cms.zone = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    cms.write(1, minute=(before - BEGIN).total_seconds() / 60)
    source = make("wordpress")
    assert len(poll_cms(engine, source).ids) == 1
    cms.write(2, minute=(before + timedelta(minutes=20) - BEGIN).total_seconds() / 60)
    assert cms.local(cms.stories["2"]) < cms.local(cms.stories["1"])
    assert len(poll_cms(engine, source).ids) == 1


@pytest.mark.parametrize(
    ("kind", "asked", "after"),
    [
        ("wordpress", "modified_after", "2026-03-03T09:59:00Z"),
        ("ghost", "filter", "updated_at:>'2026-03-03 10:58:00'"),
    ],
)
def test_a_poll_asks_for_what_changed_only(
    kind: str, asked: str, after: str, cms: Cms, make: Any, engine: Engine
) -> None:
    for number in range(1, 300):
        cms.write(number, minute=number)
    poll_cms(engine, make(kind))
    cms.asked.clear()
    poll_cms(engine, make(kind))
    # The second question is which known stories readers can still see.
    assert len(cms.asked) == 2
    assert cms.asked[0][asked] == after


def test_what_stands_behind_an_address_is_not_told(cms: Cms, make: Any, engine: Engine) -> None:
    cms.refuse.append((403, {}))
    source = make("json", url=f"{cms.url}/list?site=harbour&key=s3cret")
    told = refusal(engine, source)
    assert told.startswith(f"cms: {cms.url}/list: does not let")
    cms.raw_answer = b"{}"
    broken = refusal(engine, source)
    assert broken.startswith(f"cms: {cms.url}/list: no list of stories")
    assert "s3cret" not in told + broken


def test_pages_of_a_list_by_token_and_since(cms: Cms, make: Any, engine: Engine) -> None:
    for number in range(1, 9):
        cms.write(number, minute=number * 10)
    source = make("json", next="links.token", next_parameter="cursor", since_parameter="updated_after")
    assert len(poll_cms(engine, source).ids) == 8
    cms.write(9, minute=200)
    cms.asked.clear()
    assert len(poll_cms(engine, source).ids) == 1
    assert [one.get("updated_after") for one in cms.asked] == ["2026-03-03T07:19:00Z"]
    # What is not in such a list was only not changed.
    del cms.stories["4"]
    assert poll_cms(engine, source).gone == ()


def test_a_list_that_is_longer_than_the_limit_is_gone_on_with(cms: Cms, make: Any, engine: Engine) -> None:
    for number in range(1, 9):
        cms.write(number, minute=number)
    source = make("json", limits={"stories": 4})
    assert [len(poll_cms(engine, source).ids) for _ in range(3)] == [6, 2, 0]
    assert set(known(engine)) == {str(number) for number in range(1, 9)}


@pytest.mark.parametrize(
    ("status", "headers", "passing", "said"),
    [
        (401, {}, False, "does not accept $CMS_SECRET. Make a new key or application password"),
        (403, {}, False, "does not let $CMS_SECRET read this"),
        (404, {}, False, "there is no such interface. Is url the address of the site"),
        (
            301,
            {"Location": "https://www.post.example/wp-json?x=1"},
            False,
            "points on to https://www.post.example/wp-json: write",
        ),
        (418, {}, False, "answered 418"),
        (429, {"Retry-After": "90"}, True, "was asked too often"),
        (500, {}, True, "answered 500"),
        (503, {}, True, "answered 503"),
    ],
)
def test_what_a_cms_refuses_is_told_with_the_next_step(
    status: int, headers: dict[str, str], passing: bool, said: str, cms: Cms, make: Any, engine: Engine
) -> None:
    cms.write(1)
    cms.refuse.append((status, headers))
    source = make("ghost")
    with pytest.raises(SourceDown) as caught:
        poll_cms(engine, source)
    told = str(caught.value)
    assert caught.value.passing is passing
    assert said in told
    assert told.startswith(f"cms: {cms.url}/ghost/api/content/posts/: ")
    assert CONTENT_KEY not in told


def test_a_cms_that_refuses_is_failing_and_left_alone_until_it_lets_us_in(
    cms: Cms, make: Any, tmp_path: Path, engine: Engine
) -> None:
    cms.write(1)
    cms.refuse = [(401, {}), (401, {})]
    source, settings = make("ghost"), settings_of(tmp_path)
    start = datetime(2026, 3, 3, 12, tzinfo=UTC)

    def look(minutes: float) -> Intake:
        return poll(engine, settings, source, clock=lambda: start + timedelta(minutes=minutes))

    for minutes in (0, 2):
        with pytest.raises(SourceDown, match=r"does not accept \$CMS_SECRET") as caught:
            look(minutes)
        assert caught.value.again_at is not None
    with pytest.raises(
        SourceDown, match=r"not asked before .* because it failed 2 times in a row: .*does not accept"
    ):
        look(3)
    assert len(cms.asked) == 2
    (state,) = source_states(engine)
    assert (state.name, state.failing, state.failures) == ("cms", 1, 2)
    assert "does not accept $CMS_SECRET" in str(state.last_error)
    assert len(look(5).ids) == 1
    assert source_states(engine)[0].failing == 0


def test_a_cms_under_a_new_address_is_not_failing_for_its_old_one(
    cms: Cms, make: Any, tmp_path: Path, engine: Engine
) -> None:
    cms.refuse.append((301, {"Location": f"{cms.url}/"}))
    settings = settings_of(tmp_path)
    with pytest.raises(SourceDown, match="write the address that it leads to into url"):
        poll(engine, settings, make("wordpress", url=f"{cms.url}/old"))
    poll(engine, settings, make("wordpress"))
    (state,) = source_states(engine)
    assert (state.addresses, state.failing) == (1, 0)


def test_what_is_refused_behind_a_page_that_was_read_is_told_beside_it(
    cms: Cms, make: Any, engine: Engine
) -> None:
    """An account that may not look up what is public may read what changed, all the same."""
    cms.write(1)
    source = make("wordpress")
    poll_cms(engine, source)
    cms.after_answer = lambda: cms.refuse.append((403, {}))
    look = poll_cms(engine, source)
    assert look.ids == ()
    assert "does not let" in look.problems[0]


def test_a_cms_that_asks_to_be_left_alone_is(cms: Cms, make: Any, engine: Engine) -> None:
    cms.write(1)
    cms.refuse.append((429, {"Retry-After": "90"}))
    source, now = make("wordpress"), datetime(2026, 3, 3, 12, tzinfo=UTC)
    for seconds in (0, 60):
        with pytest.raises(SourceDown, match=r"asked too often|until 12:01:30 UTC"):
            poll_cms(engine, source, now=now + timedelta(seconds=seconds))
    assert len(cms.asked) == 1
    assert len(poll_cms(engine, source, now=now + timedelta(seconds=91)).ids) == 1


def test_a_failure_in_the_middle_keeps_what_was_read(cms: Cms, make: Any, engine: Engine) -> None:
    for number in range(1, 10):
        cms.write(number, minute=number)
    cms.refuse = []
    cms.after_answer = lambda: cms.refuse.append((500, {})) if len(cms.asked) == 1 else None
    source = make("wordpress", limits={"stories": 4})
    first = poll_cms(engine, source)
    assert len(first.ids) == 4
    cms.after_answer = None
    cms.refuse = []
    for _ in range(3):
        poll_cms(engine, source)
    assert set(known(engine)) == {str(number) for number in range(1, 10)}


def test_stories_that_cannot_be_taken_are_told_once_and_the_others_go_on(
    cms: Cms, make: Any, engine: Engine
) -> None:
    cms.write(1, minute=1)
    cms.write(2, minute=2, password=True)
    cms.write(3, "<p>" + "x" * 5_000 + "</p>", minute=3)
    cms.write(4, " ", minute=4)
    source = make("wordpress", limits={"story_bytes": 2_000})
    first = poll_cms(engine, source)
    assert len(first.ids) == 1
    assert first.problems == (
        "cms: 2: is protected by a password",
        "cms: 3: larger than 2000 bytes",
        "cms: 4: has no text",
    )
    assert poll_cms(engine, source).problems == ()
    cms.write(4, " ", minute=5)
    assert poll_cms(engine, source).problems == ("cms: 4: has no text",)


def test_members_stories_are_not_taken_by_their_beginning(cms: Cms, make: Any, engine: Engine) -> None:
    cms.write(1, members=True)
    assert poll_cms(engine, make("ghost")).problems[0].startswith("cms: 1: is for members")
    assert known(engine) == {}
    assert len(poll_cms(engine, make("ghost-admin")).ids) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<!doctype html><p>Maintenance", "not with JSON. Is url right"),
        (b'{"code": "x"}', "no list of posts"),
        (b"[[[[" * 100_000, "not with JSON"),
    ],
)
def test_an_answer_that_is_none_is_told(
    answer: bytes, said: str, cms: Cms, make: Any, engine: Engine
) -> None:
    cms.raw_answer = answer
    assert said in refusal(engine, make("wordpress"))


@pytest.mark.parametrize(
    ("following", "said"),
    [
        ("https://elsewhere.example/list?cursor=3", "lies on another host (elsewhere.example)"),
        ("http://127.0.0.1:1/list", "lies on another host (127.0.0.1)"),
    ],
)
def test_credentials_stay_on_their_host(
    following: str, said: str, cms: Cms, make: Any, engine: Engine
) -> None:
    cms.raw_answer = f'{{"data": {{"articles": []}}, "links": {{"next": "{following}"}}}}'.encode()
    assert said in poll_cms(engine, make("json")).problems[0]


def test_a_list_that_names_itself_as_the_next_page_ends(cms: Cms, make: Any, engine: Engine) -> None:
    cms.raw_answer = b'{"data": {"articles": []}, "links": {"next": "/list?cursor=3"}}'
    assert "names itself as the next one" in poll_cms(engine, make("json")).problems[0]
    assert len(cms.asked) == 2


def test_items_of_a_list_that_are_no_stories_are_told(cms: Cms, make: Any, engine: Engine) -> None:
    cms.raw_answer = b'{"data": {"articles": [7, 8, {"doc": {"key": "a"}}, {"doc": {"key": "b", "html": "<p>Ferry.</p>"}}]}}'
    intake = poll_cms(engine, make("json"))
    assert len(intake.ids) == 1
    assert [problem.partition(":")[2].strip()[:30] for problem in intake.problems] == [
        "an item of the list is no obje",
        "an item of the list is no obje",
        'a: no content: give one of "ht',
    ]
    cms.raw_answer = b'{"articles": []}'
    assert "no list of stories at 'data.articles'" in refusal(engine, make("json"))


def test_a_private_address_is_not_asked_unless_that_is_meant(cms: Cms, make: Any, engine: Engine) -> None:
    source = make("wordpress", private_addresses="no")
    assert "inside a private network" in refusal(engine, source)
    assert cms.asked == []


def test_credentials_that_are_missing_are_told(
    cms: Cms, make: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make("wordpress-login")
    monkeypatch.setenv("CMS_SECRET", "no colon")
    assert "must be user:application password" in refusal(engine, source)
    monkeypatch.delenv("CMS_SECRET")
    assert "$CMS_SECRET is not set" in refusal(engine, source)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{kind: cms, api: ghost, url: 'https://x.example'}", "Ghost answers nobody without a key"),
        ("{kind: cms, api: wordpress, url: 'https://a:b@x.example'}", "holds a password"),
        ("{kind: cms, api: wordpress, url: 'https://x.example', items: data}", "items is for api: json"),
        ("{kind: cms, api: json, url: 'https://x.example', since_parameter: s}", "it needs modified"),
        ("{kind: folder, path: 's3://key:secret@bucket/in'}", "this address holds a password"),
        ("{kind: archive, path: 'https://u:p@host/a.warc'}", "this address holds a password"),
    ],
)
def test_mistakes_in_sources_yaml_are_told_at_their_place(written: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "destinations.yaml").write_text("destinations: {}\n")
    (tmp_path / "sources.yaml").write_text(f"sources:\n  one: {written}\n")
    with pytest.raises(ConfigError, match=said) as caught:
        load_sources(tmp_path)
    assert "sources.yaml:2:" in str(caught.value)
