"""Stories from elsewhere as posts of a Ghost: one post a story, whatever is lost on the way. The Ghost is a small one on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ghost_newsroom import KEY_ENV, LAST, LEDE, MORE, configure, newsroom
from publications import publication
from small_ghost import KEY, SmallGhost
from typer.testing import CliRunner

from cleaners.model import Raw
from flows.cli import app
from flows.destinations import Publication, PublishError, Receipt, open_destination
from flows.destinations.remote import Conflict
from flows.ledger import Arrival, receive
from flows.settings import CmsDestination
from flows.tasks.cleaning import WarmPool
from flows.tasks.workers import make_clean

Publish = Callable[[Publication], Receipt]


@pytest.fixture
def publish(ghost: SmallGhost, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publish]:
    monkeypatch.setenv("TEST_GHOST_KEY", KEY)
    site = CmsDestination(kind="cms", name="site", api="ghost", url=ghost.url, secret_env="TEST_GHOST_KEY")
    with open_destination(site, Path()) as publisher:

        def act(one: Publication) -> Receipt:
            [answer] = publisher([one])
            if isinstance(answer, Exception):
                raise answer
            return answer

        yield act


def until_done(publish: Publish, one: Publication) -> Receipt:
    """As the outbox does it: again, until it is answered."""
    for _ in range(9):
        try:
            return publish(one)
        except Conflict:
            raise
        except PublishError:
            continue
    raise AssertionError("it was never done")


def story(edition: int = 1, act: Any = "publish", last: Receipt | None = None, **more: Any) -> Publication:
    found = publication(edition, act, headline="The ferry is back", **more)
    return found if last is None else replace(found, last=json.loads(json.dumps(last.as_json())))


def states(ghost: SmallGhost) -> list[str]:
    return sorted(one["status"] for one in ghost.posts.values())


@pytest.mark.parametrize(
    "lost", [(), ("drop after",), ("drop before",), ("", "drop after"), ("drop after", "drop after")]
)
def test_a_story_is_one_public_post_whatever_answer_is_lost(
    ghost: SmallGhost, publish: Publish, lost: tuple[str, ...]
) -> None:
    ghost.faults = list(lost)
    first = until_done(publish, story())
    assert (first.did, states(ghost)) == ("wrote", ["published"])
    ghost.faults = list(lost)
    second = until_done(publish, story(2, text="The ferry left again.", last=first))
    [post] = ghost.posts.values()
    assert (post["status"], post["html"]) == ("published", "<p>The ferry left again.</p>")
    ghost.faults = list(lost)
    assert until_done(publish, story(3, "unpublish", last=second)).did == "removed"
    assert states(ghost) == ["draft"]


def test_the_same_act_again_writes_nothing(ghost: SmallGhost, publish: Publish) -> None:
    """Its receipt was lost, not its answer."""
    publish(story())
    for _ in range(3):
        assert publish(story()).did == "wrote"
    assert [method for method, _, _ in ghost.writes] == ["POST", "PUT"]


def test_an_older_edition_that_comes_late_is_left(ghost: SmallGhost, publish: Publish) -> None:
    publish(story(2, text="The newer one."))
    assert publish(story(1)).did == "newer"
    assert [one["html"] for one in ghost.posts.values()] == ["<p>The newer one.</p>"]


def test_what_somebody_changed_is_not_written_over_but_taken_down(
    ghost: SmallGhost, publish: Publish
) -> None:
    first = publish(story())
    [id] = ghost.posts
    ghost.save(id, title="The ferry is late")
    with pytest.raises(Conflict, match="changed by somebody else"):
        publish(story(2, last=first))
    assert ghost.posts[id]["title"] == "The ferry is late"
    assert publish(story(3, "unpublish", last=first)).did == "removed"
    assert states(ghost) == ["draft"]


CHANGES: list[dict[str, str]] = [
    {"title": "The ferry is late"},
    {"html": "<p>The harbour master wrote this meanwhile.</p>"},
    {"html": '<p>The ferry is back.</p><p><a href="https://a.example/2">Its timetable</a></p>'},
    {"html": '<p>The ferry is back.</p><p><a href="http://[1">Its timetable</a></p>'},
    {"custom_excerpt": "After ten days."},
]
STORY: dict[str, Any] = {
    "html": '<p>The ferry is back.</p><p><a href="https://a.example/1">Its timetable</a></p>',
    "standfirst": "After nine days.",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("edition", [1, 2])
def test_what_somebody_saved_over_an_edition_whose_answer_was_lost_is_not_written_over(
    ghost: SmallGhost, publish: Publish, change: dict[str, str], edition: int
) -> None:
    last = publish(story(1, **STORY)) if edition == 2 else None
    ghost.faults = ["drop after"] if last else ["", "drop after"]
    with pytest.raises(PublishError, match="connection broke"):
        publish(story(edition, last=last, **STORY))
    [id] = ghost.posts
    ghost.save(id, **change)
    again = publish(story(edition, last=last, **STORY))  # it is there, under their words
    assert again.did == "wrote"
    with pytest.raises(Conflict, match=f"changed by somebody else since edition {edition}"):
        publish(story(edition + 1, last=again))
    assert change.items() <= ghost.posts[id].items()
    assert publish(story(edition + 2, "unpublish", last=again)).did == "removed"
    assert states(ghost) == ["draft"]


@pytest.mark.parametrize("change", CHANGES)
def test_a_draft_of_ours_that_somebody_has_changed_is_not_written_over(
    ghost: SmallGhost, publish: Publish, change: dict[str, str]
) -> None:
    ghost.faults = ["drop after"]
    with pytest.raises(PublishError, match="connection broke"):
        publish(story(**STORY))
    [id] = ghost.posts
    ghost.save(id, **change)
    with pytest.raises(Conflict, match="a draft of ours that somebody else has changed"):
        publish(story(**STORY))
    assert change.items() <= ghost.posts[id].items()
    # Their version is published by them, and not replaced by the next edition.
    ghost.save(id, status="published")
    published = publish(story(**STORY))
    with pytest.raises(Conflict, match="changed by somebody else"):
        publish(story(2, last=published))


def test_what_ghost_makes_of_our_markup_is_nobody_s_change(ghost: SmallGhost, publish: Publish) -> None:
    ghost.faults = ["", "drop after"]
    with pytest.raises(PublishError, match="connection broke"):
        publish(story(**STORY))
    [id] = ghost.posts
    shown = '<!--kg-card-begin: html-->\n<p>The&nbsp;ferry <b>is</b> back.</p>\n<p><a rel="x" href="https://a.example/1">Its timetable</a></p>'
    ghost.save(id, html=shown)
    assert publish(story(2, last=publish(story(**STORY)))).did == "wrote"


def test_what_somebody_changed_is_written_over_where_that_is_meant(
    ghost: SmallGhost, publish: Publish
) -> None:
    first = publish(story())
    [id] = ghost.posts
    ghost.save(id, title="The ferry is late")
    site = CmsDestination(
        kind="cms", name="site", api="ghost", url=ghost.url, secret_env="TEST_GHOST_KEY", overwrite=True
    )
    with open_destination(site, Path()) as publisher:
        [answer] = publisher([story(2, last=first)])
    assert isinstance(answer, Receipt)
    assert (answer.did, list(ghost.posts), ghost.posts[id]["title"]) == ("wrote", [id], "The ferry is back")


def test_a_story_that_an_editor_deleted_is_there_again_when_the_advice_is_followed(
    ghost: SmallGhost, tmp_path: Path, config_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of another source than the site's own: a desk's, whose stories become posts."""
    monkeypatch.setenv(KEY_ENV, KEY)
    config = configure(tmp_path / "config", config_dir, ghost.url)
    with WarmPool(config, 1, 60, make_clean) as pool, newsroom(tmp_path, config, pool) as room:

        def arrives(text: str) -> None:
            raw = Raw("ferry", "text", f"{text}\n", headline="The ferry is back", language="en")
            receive(room.engine, [Arrival(raw, "desk")], room.now())
            room.work()

        arrives(LEDE)
        assert states(ghost) == ["published"]
        ghost.posts.clear()
        arrives(MORE)
        [told] = room.errors()
        assert "somebody has deleted it" in told
        assert "write overwrite: yes for this destination in destinations.yaml" in told
        assert "cleancopy outbox --again ID" in told
        assert ghost.posts == {}

        destinations = config / "destinations.yaml"
        destinations.write_text(destinations.read_text().replace("api: ghost", "api: ghost, overwrite: yes"))
        monkeypatch.setenv("CLEANCOPY_CONFIG", str(config))
        monkeypatch.setenv("CLEANCOPY_DATA", str(room.settings.data_dir))
        monkeypatch.setenv("CLEANCOPY_LEDGER", room.settings.ledger_url)
        [owed] = json.loads(CliRunner().invoke(app, ["outbox", "--json"]).stdout)
        done = CliRunner().invoke(app, ["outbox", "--again", str(owed["id"])])
        assert done.exit_code == 0, done.output
        [post] = ghost.posts.values()
        assert (post["status"], MORE in post["html"]) == ("published", True)
        arrives(LAST)
        assert (list(ghost.posts), LAST in ghost.posts[post["id"]]["html"]) == ([post["id"]], True)


def test_code_that_others_put_into_the_foot_stays(ghost: SmallGhost, publish: Publish) -> None:
    """A story's name may hold what ends a comment."""
    name = "desk:ferry --> <script>alert(1)</script>"
    first = publish(story(story=name))
    [id] = ghost.posts
    foot = ghost.posts[id]["codeinjection_foot"]
    assert foot.count("-->") == 1
    assert "<script>" not in foot.replace("<", "", 1).partition("-->")[2]
    ghost.save(id, codeinjection_foot=f"<script>count()</script>{foot}")
    with pytest.raises(Conflict):
        publish(story(2, story=name, last=first))
    assert publish(story(2, "unpublish", story=name)).did == "removed"
    assert ghost.posts[id]["codeinjection_foot"].startswith("<script>count()</script><!-- cleancopy-")
    assert ghost.posts[id]["codeinjection_foot"].count("<!-- cleancopy-") == 1


@pytest.mark.parametrize("key", ["abc", "abc:", ":ab", "abc:xyz", "abc:ab cd:"])
def test_a_key_that_is_none_is_told_and_not_shown(
    ghost: SmallGhost, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("TEST_GHOST_KEY", key)
    site = CmsDestination(kind="cms", name="site", api="ghost", url=ghost.url, secret_env="TEST_GHOST_KEY")
    with (
        pytest.raises(PublishError, match="TEST_GHOST_KEY is no Admin API key of Ghost") as caught,
        open_destination(site, Path()),
    ):
        pass
    assert "xyz" not in str(caught.value)


def test_a_headline_that_ghost_does_not_take_is_told(ghost: SmallGhost, publish: Publish) -> None:
    with pytest.raises(PublishError, match="longer than the 255 signs"):
        publish(replace(story(), record=story().record | {"headline": "The ferry " * 30}))
    assert ghost.posts == {}
