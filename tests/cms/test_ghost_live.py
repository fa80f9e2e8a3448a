"""A real Ghost 5: a story saved there is clean a few seconds later, there; its cards are as they were, and what an editor saves wins."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from ghost_cards import CARDS, TEXTS
from ghost_server import CannotInstall, Ghost, is_installed, running_ghost
from lxml import html as lxml_html
from needing import MUST_RUN, cannot
from sqlalchemy import select, update

from cleaners.model import Picture, Raw
from cleaners.pipeline import Pipeline
from cleaners.write import html, markdown, record
from cleaners.write import text as plain
from flows.destinations import Publication, Receipt, open_destination
from flows.destinations.client import Client, open_client
from flows.destinations.cms_ghost import connect
from flows.destinations.in_place import Editor, Post, digest_of, publish_in_place
from flows.destinations.names import story_hash
from flows.destinations.remote import Conflict
from flows.ledger import InboxRow, look_at_story
from flows.ledger.tables import PUBLICATIONS
from flows.settings import CmsDestination, WebhookSource, load_sources
from flows.sources.cms_ghost import post_in
from flows.tasks.cleaning import WarmPool, clean_batch
from flows.tasks.jobs import look_at
from flows.tasks.workers import make_clean
from flows.webhook import create_app
from flows.webhook.from_ghost import check, story, verify
from tests.flows.ghost_newsroom import (
    FOLLOW,
    KEY_ENV,
    LAST,
    LEDE,
    MORE,
    SECRET,
    SECRET_ENV,
    UNDEFINED,
    Newsroom,
    configure,
    newsroom,
)
from tests.flows.loopback import serving
from tests.flows.small_ghost import document, html_card, paragraph
from tests.webhook.receiving import running

pytestmark = [pytest.mark.xdist_group("ghost")]


@pytest.fixture(scope="session")
def ghost() -> Iterator[Ghost]:
    if not MUST_RUN and not is_installed():
        cannot("needs Ghost, which is not installed here")
    with ExitStack() as stack:
        try:
            found = stack.enter_context(running_ghost())
        except CannotInstall as problem:
            cannot(problem)
        yield found


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory, config_dir: Path, ghost: Ghost) -> Iterator[WarmPool]:
    config = configure(tmp_path_factory.mktemp("rules") / "config", config_dir, ghost.url)
    with WarmPool(config, 1, 60, make_clean) as warm:
        # Its process is there, and has read the rules, before anything is timed.
        list(clean_batch(warm, [InboxRow(1, "desk", 1, Raw("ferry", "body", f"<p>{LEDE}</p>"))]))
        yield warm


@pytest.fixture
def room(
    ghost: Ghost, pool: WarmPool, tmp_path: Path, config_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Newsroom]:
    """A newsroom that hears of every save in Ghost."""
    monkeypatch.setenv(KEY_ENV, ghost.key)
    with newsroom(tmp_path, configure(tmp_path / "config", config_dir, ghost.url), pool) as open_room:
        app = create_app(open_room.settings, environ={**os.environ, SECRET_ENV: SECRET})
        with (
            running(app, open_room.settings) as port,
            ghost.hooked(f"http://127.0.0.1:{port}/webhooks/ghost", SECRET),
        ):
            yield open_room


def until(room: Newsroom, true: Callable[[], bool], seconds: float = 30) -> float:
    """Drain until it is true; the seconds that it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, (room.receipts(), room.errors())
        room.work()
        time.sleep(0.05)
    return time.monotonic() - begun


def quiet(room: Newsroom, seconds: float = 2.5) -> None:
    """Drain until nothing has come for so long."""
    still = time.monotonic()
    while time.monotonic() - still < seconds:
        if room.work().stories or room.summaries[-1].own:
            still = time.monotonic()
        time.sleep(0.1)


# What Ghost says


@dataclass
class Recorder:
    """Whatever Ghost posts, as it came."""

    url: str = ""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def wait(self, count: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 20
        while len(self.heard) < count:
            assert time.monotonic() < deadline, [body[:200] for _, body in self.heard]
            time.sleep(0.02)
        return [json.loads(body) for _, body in self.heard]


@pytest.fixture
def recorder(ghost: Ghost) -> Iterator[Recorder]:
    found = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url, ghost.hooked(f"{url}/hook", SECRET):
        found.url = url
        yield found


def test_events_are_what_the_adapter_reads(
    ghost: Ghost, recorder: Recorder, tmp_path: Path, config_dir: Path
) -> None:
    source = load_sources(configure(tmp_path / "config", config_dir, ghost.url))["ghost"]
    assert isinstance(source, WebhookSource)
    first = document(html_card("<i>Kesten</i>"), paragraph(LEDE), paragraph(UNDEFINED))
    post = ghost.publish(
        "The ferry is back",
        first,
        feature_image="https://harbour.example/ferry.jpg",
        feature_image_caption="The <b>ferry</b>",
        feature_image_alt="A ferry",
        custom_excerpt="After nine days.",
        tags=[{"name": "Harbour"}],
    )
    recorder.wait(1)
    saved = ghost.save(post["id"], lexical=document(html_card("<i>Kesten</i>"), paragraph(LEDE)))
    recorder.wait(2)
    ghost.save(post["id"], status="draft")
    recorder.wait(3)
    back = ghost.save(post["id"], status="published")
    recorder.wait(4)
    ghost.delete(post["id"])
    events = recorder.wait(6)
    ids = {verify([SECRET.encode()], check(headers.items()), body) for headers, body in recorder.heard}
    assert len(ids) == 6
    raws = [story(event, source) for event in events]
    # The body is that of the Admin API, byte for byte, and the time of change is the one in the answer to the save: so a look into the
    # CMS brings the same story as the event did, and our own writing is known when it comes back.
    assert str(post["html"]).startswith("\n<!--kg-card-begin: html-->")
    assert raws[:2] + raws[3:4] == [post_in(one).raw for one in (post, saved, back)]
    assert raws[0] is not None
    assert raws[0].given is not None
    assert raws[0].given.pictures == (
        Picture("https://harbour.example/ferry.jpg", "The ferry", None, "A ferry"),
    )
    # Taken down; and deleted, which Ghost tells twice.
    for gone in (raws[2], raws[4], raws[5]):
        assert gone is not None
        assert (gone.id, gone.content) == (post["id"], "")
        assert gone.ednote is not None


# In place


JUNK = (UNDEFINED, FOLLOW)
RICH = (
    paragraph(LEDE),
    *CARDS[:7],
    paragraph(UNDEFINED),
    *TEXTS[:3],
    paragraph(MORE),
    *CARDS[7:14],
    paragraph(FOLLOW),
    paragraph(LAST),
    *TEXTS[3:6],
    *CARDS[14:],
    paragraph(
        "The harbour office will tell on Friday whether the ferry runs on Sundays, too, as it did before the storm."
    ),
    paragraph(),
)


def left_of(children: Sequence[Mapping[str, Any]], words: Sequence[str] = JUNK) -> list[Mapping[str, Any]]:
    return [one for one in children if one not in [paragraph(line) for line in words]]


def children_of(post: Mapping[str, Any]) -> Any:
    return json.loads(post["lexical"])["root"]["children"]


def without_lines(html: str, words: Sequence[str] = JUNK) -> str:
    for line in words:
        assert html.count(f"<p>{line}</p>") == 1
        html = html.replace(f"<p>{line}</p>", "")
    return html


def nodes_of(html: str) -> list[str]:
    """The elements at the root, each with all that is in it."""
    return [
        lxml_html.tostring(one, encoding="unicode") if not isinstance(one, str) else one
        for one in lxml_html.fragments_fromstring(html)
    ]


def test_a_raw_post_is_clean_in_ghost_and_nothing_else_has_changed(ghost: Ghost, room: Newsroom) -> None:
    post = ghost.publish("The ferry is back", document(*RICH))
    took = until(room, lambda: ghost.read(post["id"])["html"] != post["html"])
    now = ghost.read(post["id"])
    assert now["html"] == without_lines(post["html"])
    assert children_of(now) == left_of(RICH)
    before, after = nodes_of(post["html"]), nodes_of(now["html"])
    assert [one for one in before if one not in after] == [f"<p>{line}</p>" for line in JUNK]
    assert [one for one in before if one in after] == after
    assert {key for key in now if now[key] != post.get(key)} <= {
        "html",
        "lexical",
        "updated_at",
        "reading_time",
        "excerpt",
        "plaintext",
        "post_revisions",
        # when the author was seen last
        "authors",
        "primary_author",
    }
    print(f"clean in Ghost after {took:.1f} s")
    assert took < 10
    # Its own event comes back, and ends.
    quiet(room)
    assert ghost.read(post["id"])["updated_at"] == now["updated_at"]
    assert sum(one.own for one in room.summaries) == 1
    assert (room.counts(), room.receipts()) == ((1, 1), [("publish", "made", "wrote")])


def test_an_update_is_cleaned_again_and_one_without_junk_is_left(ghost: Ghost, room: Newsroom) -> None:
    post = ghost.publish(
        "The ferry is back", document(paragraph(LEDE), paragraph(UNDEFINED), paragraph(MORE))
    )
    until(room, lambda: UNDEFINED not in ghost.read(post["id"])["html"])
    ghost.save(
        post["id"], lexical=document(paragraph(LEDE), paragraph(MORE), paragraph(LAST), paragraph(FOLLOW))
    )
    until(room, lambda: FOLLOW not in ghost.read(post["id"])["html"])
    assert children_of(ghost.read(post["id"])) == [paragraph(LEDE), paragraph(MORE), paragraph(LAST)]
    quiet(room)
    saved = ghost.save(post["id"], lexical=document(paragraph(LEDE), paragraph(LAST)))
    quiet(room)
    assert ghost.read(post["id"])["updated_at"] == saved["updated_at"]


def test_undo_gives_the_body_back_byte_for_byte(ghost: Ghost, room: Newsroom) -> None:
    post = ghost.publish("The ferry is back", document(*RICH))
    until(room, lambda: ghost.read(post["id"])["html"] != post["html"])
    quiet(room)
    done = room.decides(post["id"], "raw")
    assert "site" in [one.destination for one in done.published.made]
    now = ghost.read(post["id"])
    assert (now["html"], children_of(now)) == (post["html"], list(RICH))
    quiet(room)
    assert ghost.read(post["id"])["updated_at"] == now["updated_at"]
    assert UNDEFINED in room.copies[0]


def test_undo_after_a_lost_answer_takes_the_document_from_ghosts_own_history(
    ghost: Ghost, room: Newsroom
) -> None:
    post = ghost.publish("The ferry is back", document(*RICH))
    until(room, lambda: ghost.read(post["id"])["html"] != post["html"])
    quiet(room)
    with room.engine.begin() as connection:
        [receipt] = connection.execute(
            select(PUBLICATIONS.c.receipt).where(PUBLICATIONS.c.destination == "site")
        ).scalars()
        assert receipt["kept"].pop("taken")["nodes"]
        connection.execute(
            update(PUBLICATIONS).where(PUBLICATIONS.c.destination == "site").values(receipt=receipt)
        )
    room.decides(post["id"], "raw")
    now = ghost.read(post["id"])
    assert (now["html"], children_of(now)) == (post["html"], list(RICH)), room.errors()


def test_one_removal_comes_back(ghost: Ghost, room: Newsroom) -> None:
    post = ghost.publish("The ferry is back", document(*RICH))
    until(room, lambda: ghost.read(post["id"])["html"] != post["html"])
    quiet(room)
    [number] = [one["number"] for one in look(room, post["id"]) if one["text"] == FOLLOW]
    room.decides(post["id"], "restore", numbers=(number,))
    now = ghost.read(post["id"])
    assert now["html"] == without_lines(post["html"], [UNDEFINED])
    assert children_of(now) == left_of(RICH, [UNDEFINED])


def look(room: Newsroom, id: str) -> Any:
    return look_at_story(room.engine, "ghost", id, room.now()).record["removed"]


def test_unpublished_or_deleted_in_ghost_is_down_everywhere(ghost: Ghost, room: Newsroom) -> None:
    first = ghost.publish("The ferry is back", document(paragraph(LEDE), paragraph(MORE)))
    second = ghost.publish("The bus goes on", document(paragraph(MORE), paragraph(LAST)))
    until(room, lambda: len(room.copies) == 2)
    ghost.save(first["id"], status="draft")
    until(room, lambda: len(room.copies) == 1)
    ghost.delete(second["id"])
    until(room, lambda: room.copies == [])
    ghost.save(first["id"], status="published")
    until(room, lambda: len(room.copies) == 1)
    quiet(room)


def test_a_kill_makes_the_post_a_draft(ghost: Ghost, room: Newsroom) -> None:
    post = ghost.publish(
        "The ferry is back", document(paragraph(LEDE), paragraph(UNDEFINED), paragraph(MORE))
    )
    until(room, lambda: UNDEFINED not in ghost.read(post["id"])["html"])
    ghost.save(post["id"], lexical=document(paragraph("KILL KILL KILL"), paragraph(LEDE), paragraph(MORE)))
    until(room, lambda: ghost.read(post["id"])["status"] == "draft")
    until(room, lambda: room.copies == [])
    now = ghost.read(post["id"])
    quiet(room)
    assert ghost.read(post["id"])["updated_at"] == now["updated_at"]


def test_what_no_event_told_is_found_by_asking(
    ghost: Ghost, pool: WarmPool, tmp_path: Path, config_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_ENV, ghost.key)
    with newsroom(tmp_path, configure(tmp_path / "config", config_dir, ghost.url), pool) as room:
        post = ghost.publish(
            "The ferry is back", document(paragraph(LEDE), paragraph(UNDEFINED), paragraph(MORE))
        )
        for words in (UNDEFINED, FOLLOW):
            ghost.save(post["id"], lexical=document(paragraph(LEDE), paragraph(words), paragraph(MORE)))
            assert look_at(room.settings, "ghost").ids
            until(room, lambda: ghost.read(post["id"])["html"] == f"<p>{LEDE}</p><p>{MORE}</p>")
            now = ghost.read(post["id"])
            # What we wrote is found, too, and is ours.
            look_at(room.settings, "ghost")
            until(room, lambda: not room.work().stories)
            assert ghost.read(post["id"])["updated_at"] == now["updated_at"]


def test_an_unpublish_that_no_event_told_is_found_by_asking(
    ghost: Ghost, pool: WarmPool, tmp_path: Path, config_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_ENV, ghost.key)
    with newsroom(tmp_path, configure(tmp_path / "config", config_dir, ghost.url), pool) as room:
        posts = [
            ghost.publish(f"The ferry of {day}", document(paragraph(LEDE), paragraph(MORE)))
            for day in ("Monday", "Tuesday", "Friday")
        ]
        look_at(room.settings, "ghost")
        until(room, lambda: room.receipts("copy-folder").count(("publish", "made", "wrote")) >= 3)
        before = len(room.copies)
        ghost.save(posts[0]["id"], status="draft")
        ghost.delete(posts[1]["id"])
        intake = look_at(room.settings, "ghost")
        assert [posts[0]["id"] in one for one in intake.gone if "it is taken down" in one] == [True]
        assert [posts[1]["id"] in one for one in intake.gone if "of it stays" in one] == [True]
        until(room, lambda: len(room.copies) == before - 1)
        assert look_at(room.settings, "ghost").gone == ()


def test_a_caption_that_was_lifted_goes_to_the_feature_image(ghost: Ghost, room: Newsroom) -> None:
    caption = "The ferry Kesten at the quay on Monday. Photo: Ilse Marrow/Harbour Post"
    post = ghost.publish(
        "The ferry is back",
        document(paragraph(caption), paragraph(LEDE), paragraph(MORE), paragraph(LAST)),
        feature_image="https://harbour.example/ferry.jpg",
    )
    until(room, lambda: caption not in ghost.read(post["id"])["html"])
    assert "Ilse Marrow" in ghost.read(post["id"])["feature_image_caption"]
    quiet(room)
    room.decides(post["id"], "raw")
    now = ghost.read(post["id"])
    assert (now["html"], now["feature_image_caption"] or None) == (post["html"], None)


# Conflicts


class Counting:
    """An editor's own eyes: how often somebody was quicker."""

    def __init__(self, editor: Editor, client: Client) -> None:
        self._editor, self._client, self.conflicts, self.writes = editor, client, 0, 0

    def read(self, id: str) -> Post | None:
        self._client.begin()
        return self._editor.read(id)

    def write(self, post: Post, body: str, publication: Publication) -> Post:
        try:
            written = self._editor.write(post, body, publication)
        except Conflict:
            self.conflicts += 1
            raise
        self.writes += 1
        return written

    def take_down(self, post: Post) -> None:
        self._editor.take_down(post)


def publication_of(pipeline: Pipeline, id: str, body: str, last: Mapping[str, Any]) -> Publication:
    cleaned = pipeline.clean(Raw(id, "body", body))
    return Publication(
        story=f"ghost:{id}",
        act="publish",
        edition=1,
        revision=1,
        ledger="ledger-1",
        idempotency_key=f"{id}-{digest_of(body)}",
        record=record(cleaned),
        rendered={"html": html(cleaned), "markdown": markdown(cleaned), "text": plain(cleaned)},
        last=last,
    )


def editor_of(ghost: Ghost, stack: ExitStack) -> Counting:
    site = CmsDestination(
        kind="cms", name="site", api="ghost", url=ghost.url, secret_env=KEY_ENV, in_place=("ghost",)
    )
    client = stack.enter_context(
        open_client("site", site.url, seconds=60, connect_seconds=5, headers={}, secrets=[])
    )
    found = connect(client, site, ghost.key).editor
    assert found is not None
    return Counting(found, client)


def test_a_second_save_within_one_second_is_seen(ghost: Ghost, pipeline: Pipeline) -> None:
    """Ghost's time of change has whole seconds: to Ghost, a write that was meant for the first save is one for the second, too."""
    first = document(paragraph(LEDE), paragraph(UNDEFINED), paragraph(MORE))
    second = document(paragraph(LEDE), paragraph(UNDEFINED), paragraph(MORE), paragraph(LAST))
    id = ghost.publish("The ferry is back", first)["id"]
    with ExitStack() as stack:
        editor = editor_of(ghost, stack)
        for _ in range(20):
            time.sleep(1 - time.time() % 1)
            ghost.save(id, lexical=first)
            seen = editor.read(id)
            assert seen is not None
            now = ghost.save(id, lexical=second)
            if now["updated_at"] == seen.version:
                break
        else:
            pytest.fail("Ghost was too slow for two saves in a second")
        publication = publication_of(pipeline, id, seen.body, {})
        with pytest.raises(Conflict):
            editor.write(seen, seen.body.replace(f"<p>{UNDEFINED}</p>", ""), publication)
    assert ghost.read(id)["html"] == now["html"]


# Stories from elsewhere


def desk(
    edition: int, text: str, act: Any = "publish", story: str = "desk:ferry", **more: Any
) -> Publication:
    found = publication_of(PIPELINE[0], story, f"<p>{text}</p><p>{MORE}</p>", more.pop("last", {}))
    return replace(
        found,
        story=story,
        act=act,
        edition=edition,
        idempotency_key=f"{story}-{edition}-{act}",
        record={
            **found.record,
            "headline": "The ferry is back",
            "section": "Harbour",
            "standfirst": "After nine days.",
        },
    )


PIPELINE: list[Pipeline] = []


@pytest.fixture
def posts(ghost: Ghost, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publish]:
    PIPELINE[:] = [pipeline]
    monkeypatch.setenv(KEY_ENV, ghost.key)
    site = CmsDestination(kind="cms", name="site", api="ghost", url=ghost.url, secret_env=KEY_ENV)
    with open_destination(site, Path()) as publisher:

        def publish(one: Publication) -> Receipt:
            [answer] = publisher([one])
            if isinstance(answer, Exception):
                raise answer
            return answer

        yield publish


Publish = Callable[[Publication], Receipt]


def own(ghost: Ghost, story: str) -> list[dict[str, Any]]:
    key = f"cleancopy-{story_hash(story)}"
    answer = ghost.ask("GET", "posts/", filter=f"codeinjection_foot:~'{key}'", formats="html,lexical")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["posts"]
    return found


def test_a_story_from_elsewhere_becomes_one_post_and_follows_its_editions(
    ghost: Ghost, posts: Publish
) -> None:
    story = "desk:ferry"
    first = posts(desk(1, LEDE))
    [post] = own(ghost, story)
    assert (first.did, first.where, post["status"]) == ("wrote", (post["url"],), "published")
    assert post["html"] == f"<p>{LEDE}</p><p>{MORE}</p>"
    assert (post["title"], post["custom_excerpt"]) == ("The ferry is back", "After nine days.")
    assert [tag["name"] for tag in post["tags"]] == ["Harbour"]
    # The same act once more changes nothing, whether its receipt was kept or lost.
    for last in ({}, first.as_json()):
        assert posts(replace(desk(1, LEDE), last=last)).did == "wrote"
        assert [one["updated_at"] for one in own(ghost, story)] == [post["updated_at"]]
    second = posts(replace(desk(2, LAST), last=first.as_json()))
    [post] = own(ghost, story)
    assert (post["html"], post["status"]) == (f"<p>{LAST}</p><p>{MORE}</p>", "published")
    # An older edition that comes late is not written over a newer one.
    assert posts(desk(1, LEDE)).did == "newer"
    killed = posts(replace(desk(3, LAST, "unpublish"), last=second.as_json()))
    [post] = own(ghost, story)
    assert (killed.did, post["status"]) == ("removed", "draft")
    assert posts(desk(2, LAST)).did == "newer" or own(ghost, story)[0]["status"] == "draft"
    assert posts(desk(4, LEDE)).did == "wrote"
    assert [one["status"] for one in own(ghost, story)] == ["published"]


def test_a_late_create_leaves_a_draft(ghost: Ghost, posts: Publish) -> None:
    story = "desk:late"
    first = posts(desk(1, LEDE, story=story))
    [post] = own(ghost, story)
    late = {key: post[key] for key in ("title", "html", "codeinjection_foot")}
    assert (
        ghost.ask("POST", "posts/", {"posts": [{**late, "status": "draft"}]}, source="html").status_code
        == 201
    )
    second = posts(replace(desk(2, LAST, story=story), last=first.as_json()))
    assert sorted(one["status"] for one in own(ghost, story)) == ["draft", "published"]
    assert posts(replace(desk(3, LAST, "unpublish", story=story), last=second.as_json())).did == "removed"
    assert [one["status"] for one in own(ghost, story)] == ["draft", "draft"]


def test_what_somebody_changed_in_ghost_is_not_written_over(ghost: Ghost, posts: Publish) -> None:
    story = "desk:changed"
    first = posts(desk(1, LEDE, story=story))
    [post] = own(ghost, story)
    ghost.save(post["id"], title="The ferry is back, and late")
    with pytest.raises(Conflict, match="changed by somebody else"):
        posts(replace(desk(2, LAST, story=story), last=first.as_json()))
    assert own(ghost, story)[0]["title"] == "The ferry is back, and late"
    assert posts(desk(3, LAST, "unpublish", story=story)).did == "removed"
    assert own(ghost, story)[0]["status"] == "draft"


MARKUP = """<h2>What the ferry carries</h2><p>Forty <strong>passengers</strong>, a <a href="/piano?a=1&amp;b=2">piano</a> &amp; a
<em>band</em>&nbsp;– “on deck”, said <a href="https://quay.example">the quay</a>.<br>So it was.</p><ul><li>Monday: six<ul><li>in ice</li></ul></li><li>Tuesday: seven</li></ul>
<ol><li>One</li><li>Two</li></ol><blockquote><p>“We are glad.”</p><p>And so were they.</p></blockquote><figure><img src="https://quay.example/a.jpg" alt="The quay">
<figcaption>The quay at dawn (Ilse Marrow)</figcaption></figure><table><thead><tr><th>Day</th><th>Hour</th></tr></thead><tbody><tr><td>Mon</td><td>6</td></tr></tbody></table>
<pre><code>a  = 1
b</code></pre><hr><p></p><p>H<sub>2</sub>O &lt;tide&gt; 5 × 3 ½ <code>x</code></p><p><img src="https://quay.example/b.jpg"></p><h3>Ende</h3>"""


def test_what_somebody_saved_over_an_edition_whose_answer_was_lost_is_not_written_over(
    ghost: Ghost, posts: Publish
) -> None:
    """Ghost makes markup of its own of ours: by what a reader finds in it, it is known to be ours still."""
    story = "desk:lost"

    def rich(edition: int, last: Receipt | None = None) -> Publication:
        one = desk(edition, LEDE, story=story, last=last.as_json() if last else {})
        return replace(one, rendered={**one.rendered, "html": MARKUP + f"<p>{edition}</p>"})

    posts(rich(1))
    lost = posts(rich(1))  # its receipt was lost
    assert posts(rich(2, lost)).did == "wrote"
    ghost.save(own(ghost, story)[0]["id"], title="The ferry is back, and late")
    lost = posts(rich(2, lost))
    with pytest.raises(Conflict, match="changed by somebody else since edition 2"):
        posts(rich(3, lost))
    assert own(ghost, story)[0]["title"] == "The ferry is back, and late"


EDITORS, SAVES = 25, 8


def test_no_save_of_an_editor_is_lost(ghost: Ghost, pipeline: Pipeline) -> None:
    """Twenty-five posts, eight saves each, at any moment, while we clean. What an editor was told is saved stands there at the end."""
    cleaning = threading.Lock()
    done = threading.Event()

    def edit(number: int, id: str) -> list[str]:
        """An editor adds a line and some of what copy and paste bring along, and saves; told that somebody was quicker, looks again."""
        dice = random.Random(number)
        said: list[str] = []
        hurry = False
        for save in range(SAVES):
            time.sleep(0 if hurry else dice.uniform(0.2, 3.0))
            line = f"Line {save} of post {number}, told by the harbour master on the quay of Kesten at noon."
            while True:
                post = ghost.read(id)
                time.sleep(dice.uniform(0, 0.3))
                children = [*children_of(post), paragraph(line), paragraph(dice.choice(JUNK))]
                if ghost.put(id, post["updated_at"], lexical=json.dumps(document(*children))) == 200:
                    break
            said.append(line)
            # Half of the editors save twice, one save right behind the other.
            hurry = not hurry and dice.random() < 0.5
        return said

    def clean(id: str) -> tuple[int, int]:
        last: Mapping[str, Any] = {}
        with ExitStack() as stack:
            editor = editor_of(ghost, stack)
            while True:
                finished = done.is_set()
                post = editor.read(id)
                assert post is not None
                with cleaning:
                    publication = publication_of(pipeline, id, post.body, last)
                receipt = publish_in_place(editor, publication)
                if receipt.did == "wrote":
                    last = receipt.as_json()
                if finished and receipt.did == "wrote":
                    return editor.conflicts, editor.writes
                time.sleep(2)

    posts = [
        ghost.publish(f"Post {number}", document(paragraph(LEDE), paragraph(UNDEFINED)))
        for number in range(EDITORS)
    ]
    with ThreadPoolExecutor(2 * EDITORS) as threads:
        cleaners = [threads.submit(clean, post["id"]) for post in posts]
        editors = [threads.submit(edit, number, post["id"]) for number, post in enumerate(posts)]
        said = [editor.result() for editor in editors]
        done.set()
        counts = [cleaner.result() for cleaner in cleaners]
    lost = 0
    for post, lines in zip(posts, said, strict=True):
        now = ghost.read(post["id"])["html"]
        lost += sum(line not in now for line in lines)
        assert not any(f"<p>{junk}</p>" in now for junk in JUNK), now
    conflicts, writes = (sum(column) for column in zip(*counts, strict=True))
    print(f"{sum(map(len, said))} saves, {writes} writes of ours, {conflicts} conflicts, {lost} lost")
    assert sum(map(len, said)) >= 200
    assert conflicts >= 5
    assert writes >= EDITORS
    assert lost == 0
