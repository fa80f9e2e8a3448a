"""Manners: robots.txt, pace, redirects; and what the guarded client answers to hosts that mean ill."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from newsroom import NOON
from watched_site import Resource, Site, item, newsroom, rss, site, urlset

from flows.ledger.watching import host_row
from flows.sources import http
from flows.sources.http import Connections, Fetched, FetchError, Validators, fetch
from flows.sources.pace import Pace, Turns, by_host
from flows.sources.polite import HostNote, Later, Manners, Polite, host_of
from flows.tasks.intake import SourceDown

LOOPBACK = Manners(Pace(8, 0.0), allow_private=True)


class Notes:
    def __init__(self) -> None:
        self.kept: dict[str, HostNote] = {}

    def recall(self, host: str) -> HostNote | None:
        return self.kept.get(host)

    def keep(self, note: HostNote) -> None:
        self.kept[note.host] = note


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        served.put("/a", "The ferry.")
        yield served


@pytest.fixture
def connections() -> Iterator[Connections]:
    with Connections() as kept:
        yield kept


def test_the_second_time_it_is_asked_whether_it_has_changed(web: Site) -> None:
    first = fetch(f"{web.base}/a", allow_private=True)
    assert first.validators.etag
    again = fetch(f"{web.base}/a", allow_private=True, known=first.validators)
    assert (again.unchanged, again.body, again.validators) == (True, b"", first.validators)
    web.put("/a", "The ferry is late.")
    changed = fetch(f"{web.base}/a", allow_private=True, known=first.validators)
    assert (changed.unchanged, changed.body) == (False, b"The ferry is late.")


def test_last_modified_alone_is_enough(web: Site) -> None:
    day = "Tue, 03 Mar 2026 12:00:00 GMT"
    web.put("/a", "The ferry.", etag=False, headers={"Last-Modified": day})
    validators = fetch(f"{web.base}/a", allow_private=True).validators
    assert validators == Validators(None, day)
    fetch(f"{web.base}/a", allow_private=True, known=validators)
    assert web.headers[-1]["If-Modified-Since"] == day


def test_a_304_that_was_not_asked_for_is_an_error(web: Site) -> None:
    web.resources["/a"].status = 304
    with pytest.raises(FetchError, match="answered 304"):
        fetch(f"{web.base}/a", allow_private=True)


def test_an_answer_says_how_long_to_stay_away(web: Site) -> None:
    web.put("/a", "", status=429, headers={"Retry-After": "90"})
    with pytest.raises(FetchError) as told:
        fetch(f"{web.base}/a", allow_private=True)
    assert (told.value.status, told.value.retry_after, told.value.passing) == (429, 90.0, True)
    web.put("/a", "The ferry.", headers={"Cache-Control": "max-age=120", "Age": "20"})
    assert fetch(f"{web.base}/a", allow_private=True).fresh_seconds == 100.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"expires": "0"}, 0.0),
        ({"cache-control": "private, no-cache"}, 0.0),
        ({"cache-control": "max-age=x"}, None),
        ({"cache-control": "max-age=99999999999999999999"}, 999999999999.0),
        ({"expires": "Tue, 03 Mar 2026 12:10:00 GMT", "date": "Tue, 03 Mar 2026 12:00:00 GMT"}, 600.0),
        ({}, None),
    ],
)
def test_freshness_is_read_as_it_is_written(headers: dict[str, str], seconds: float | None) -> None:
    assert http.fresh_seconds(headers) == seconds


@pytest.mark.parametrize("said", ["", "-5", "soon", "Tue, 99 Mar 2026", "1.5", "١٢"])
def test_a_retry_after_that_says_nothing_is_none_or_a_number(said: str) -> None:
    assert http.retry_after({"retry-after": said}) in (None, 12.0)


def test_a_connection_is_kept_for_the_next_request(web: Site, connections: Connections) -> None:
    ports: list[int] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        ports.append(handler.client_address[1])
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    web.resources["/a"] = Resource(answer=answer)
    for _ in range(3):
        connections.fetch(f"{web.base}/a", allow_private=True)
    assert len(set(ports)) == 1


def test_a_kept_connection_into_the_own_network_serves_no_one_else(
    web: Site, connections: Connections
) -> None:
    connections.fetch(f"{web.base}/a", allow_private=True)
    with pytest.raises(FetchError, match="inside a private network"):
        connections.fetch(f"{web.base}/a", allow_private=False)


def test_a_server_that_hangs_up_on_a_kept_connection_is_asked_once_more(connections: Connections) -> None:
    """It reads the second request on a connection, and closes that without a word."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            for answers in ([answer, b""], [answer]):
                here, _ = server.accept()
                with here:
                    for one in answers:
                        here.recv(4096)
                        here.sendall(one)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        for _ in range(2):
            assert connections.fetch(url, allow_private=True, seconds=5).body == b"ok"
        thread.join()


def test_redirects_say_where_a_page_has_moved_for_good(web: Site) -> None:
    web.put("/b", "", status=301, headers={"Location": "/c"})
    web.put("/c", "", status=308, headers={"Location": "/a"})
    web.put("/d", "", status=302, headers={"Location": "/a"})
    assert fetch(f"{web.base}/b", allow_private=True).moved_to == f"{web.base}/a"
    assert fetch(f"{web.base}/d", allow_private=True).moved_to is None


def polite(
    connections: Connections, notes: Notes | None = None, clock: list[timedelta] | None = None
) -> Polite:
    turned = clock if clock is not None else [timedelta()]
    return Polite(connections.fetch, notes or Notes(), turns=Turns(), clock=lambda: NOON + turned[0])


def test_robots_txt_is_obeyed_and_kept(web: Site, connections: Connections) -> None:
    web.put("/robots.txt", "User-agent: *\nDisallow: /\n\nUser-agent: cleancopy\nDisallow: /private\n")
    web.put("/private/a", "Not for us.")
    notes, clock = Notes(), [timedelta()]
    guest = polite(connections, notes, clock)
    assert guest.get(f"{web.base}/a", LOOPBACK).body == b"The ferry."
    with pytest.raises(FetchError, match=r"robots\.txt does not allow it .* robots: ignore") as told:
        guest.get(f"{web.base}/private/a", LOOPBACK)
    assert not told.value.passing
    # Another look finds the rules in the notes; some hours later they are asked for again.
    polite(connections, notes, clock).get(f"{web.base}/a", LOOPBACK)
    assert [path for path, _ in web.asked].count("/robots.txt") == 1
    clock[0] = timedelta(hours=7)
    polite(connections, notes, clock).get(f"{web.base}/a", LOOPBACK)
    assert [path for path, _ in web.asked].count("/robots.txt") == 2
    # On one's own site they may be passed over.
    own = LOOPBACK._replace(obey_robots=False)
    assert guest.get(f"{web.base}/private/a", own).body == b"Not for us."


@pytest.mark.parametrize(
    ("status", "allowed"), [(404, True), (403, True), (401, True), (500, False), (503, False)]
)
def test_no_rules_allow_and_unreachable_rules_do_not(
    web: Site, connections: Connections, status: int, allowed: bool
) -> None:
    web.put("/robots.txt", "User-agent: *\nDisallow: /", status=status)
    if allowed:
        assert polite(connections).get(f"{web.base}/a", LOOPBACK).body == b"The ferry."
        return
    notes, clock = Notes(), [timedelta()]
    guest = polite(connections, notes, clock)
    for _ in range(2):
        with pytest.raises(FetchError, match="did not answer when it was asked") as told:
            guest.get(f"{web.base}/a", LOOPBACK)
        assert told.value.passing
    assert web.asked == [("/robots.txt", status)]
    web.drop("/robots.txt")
    clock[0] = timedelta(minutes=11)
    assert guest.get(f"{web.base}/a", LOOPBACK).body == b"The ferry."


def test_a_source_whose_rules_cannot_be_had_shows_as_failing(tmp_path: Path, web: Site) -> None:
    sources = f"  wire: {{kind: feed, url: {web.base}/feed, private_addresses: yes}}\n"
    web.put("/robots.txt", "", status=503)
    web.put("/feed", rss(item("a", text="The ferry.")))
    with newsroom(tmp_path, sources) as desk:
        with pytest.raises(SourceDown, match="did not answer when it was asked"):
            desk.look()
        assert desk.state().failures == 1
        assert web.heard() == []


def test_a_robots_txt_of_ten_megabytes_is_read_so_far(web: Site, connections: Connections) -> None:
    rules = b"User-agent: *\nDisallow: /a\n" + b"# nothing\n" * 1_000_000 + b"Disallow: /b\n"
    web.put("/robots.txt", rules)
    web.put("/b", "The roof.")
    notes = Notes()
    guest = polite(connections, notes)
    began = time.process_time()
    with pytest.raises(FetchError, match="does not allow"):
        guest.get(f"{web.base}/a", LOOPBACK)
    assert guest.get(f"{web.base}/b", LOOPBACK).body == b"The roof."
    assert time.process_time() - began < 5
    assert len(str(notes.kept[web.base].robots)) == 500_000


def test_a_redirect_is_subject_to_the_rules_of_where_it_leads(web: Site, connections: Connections) -> None:
    with site() as other:
        other.put("/robots.txt", "User-agent: *\nDisallow: /\n")
        other.put("/a", "Not for us.")
        web.put("/b", "", status=302, headers={"Location": f"{other.base}/a"})
        with pytest.raises(FetchError, match="does not allow"):
            polite(connections).get(f"{web.base}/b", LOOPBACK)
        assert other.asked == [("/robots.txt", 200)]


def test_a_crawl_delay_slows_down_and_has_a_bound(web: Site, connections: Connections) -> None:
    slept: list[float] = []
    for said in (5, 3600):
        web.put("/robots.txt", f"User-agent: *\nCrawl-delay: {said}\n")
        turns = Turns(clock=lambda: 0.0, sleep=slept.append)
        guest = Polite(connections.fetch, Notes(), turns=turns, clock=lambda: NOON)
        guest.get(f"{web.base}/a", LOOPBACK)
        guest.get(f"{web.base}/a", LOOPBACK)
    assert slept == [5.0, 30.0]


def test_a_host_that_wants_to_be_left_alone_is(web: Site, connections: Connections) -> None:
    notes, clock = Notes(), [timedelta()]
    web.put("/b", "", status=503, headers={"Retry-After": "600"})
    guest = polite(connections, notes, clock)
    with pytest.raises(FetchError, match="answered 503"):
        guest.get(f"{web.base}/b", LOOPBACK)
    for one in (guest, polite(connections, notes, clock)):
        with pytest.raises(Later, match="asked to be left alone") as told:
            one.get(f"{web.base}/a", LOOPBACK)
        assert told.value.until == NOON + timedelta(seconds=600)
    clock[0] = timedelta(seconds=601)
    assert guest.get(f"{web.base}/a", LOOPBACK).body == b"The ferry."


def test_a_redirect_to_a_host_that_wants_to_be_left_alone_is_not_followed(
    web: Site, connections: Connections
) -> None:
    notes = Notes()
    with site() as other:
        other.put("/a", "", status=503, headers={"Retry-After": "600"})
        web.put("/b", "", status=302, headers={"Location": f"{other.base}/a"})
        with pytest.raises(FetchError):
            polite(connections, notes).get(f"{other.base}/a", LOOPBACK)
        with pytest.raises(Later):
            polite(connections, notes).get(f"{web.base}/b", LOOPBACK)
        assert other.heard() == [("/a", 503)]


def test_a_host_that_asks_for_a_year_is_asked_again_before(web: Site, connections: Connections) -> None:
    notes = Notes()
    web.put("/b", "", status=503, headers={"Retry-After": "31536000"})
    with pytest.raises(FetchError):
        polite(connections, notes).get(f"{web.base}/b", LOOPBACK)
    assert notes.kept[web.base].not_before == NOON + timedelta(days=2)


def test_so_many_at_once_and_no_more() -> None:
    turns, lock, running, most = Turns(), threading.Lock(), [0], [0]

    def work(_: int) -> None:
        with turns.turn("a", Pace(at_once=2, pause=0.0)):
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            time.sleep(0.02)
            with lock:
                running[0] -= 1

    list(by_host(range(8), lambda _: "a", work, at_once=8, per_host=8))
    assert most[0] == 2


def test_a_pause_between_two_and_none_between_two_hosts() -> None:
    slept: list[float] = []
    turns, pace = Turns(clock=lambda: 100.0, sleep=slept.append), Pace(at_once=8, pause=3.0)
    for host in "aaba":
        with turns.turn(host, pace):
            pass
    assert slept == [3.0, 6.0]


def test_a_slow_host_does_not_keep_the_others_waiting() -> None:
    slow, done = threading.Event(), []

    def work(piece: str) -> None:
        if piece.startswith("slow"):
            assert slow.wait(10)

    pieces = [f"slow{n}" for n in range(50)] + [f"fast{n}" for n in range(50)]
    for piece, _ in by_host(pieces, lambda piece: piece[:4], work, at_once=4, per_host=2):
        done.append(piece)
        if sum(one.startswith("fast") for one in done) == 50:
            slow.set()
    assert len(done) == 100
    assert not any(one.startswith("slow") for one in done[:50])


def test_what_a_piece_raises_is_raised_and_the_rest_is_left() -> None:
    begun: list[int] = []

    def work(piece: int) -> None:
        begun.append(piece)
        raise ValueError(piece)

    with pytest.raises(ValueError, match="0"):
        list(by_host(range(100), lambda piece: "a", work, at_once=4, per_host=1))
    assert len(begun) < 5


def test_hosts_are_told_apart_as_robots_txt_does() -> None:
    assert host_of("http://[::1]:8080/a") == "http://[::1]:8080"
    assert host_of("mailto:a") == host_of("http://[") == ""
    assert host_of("http://a.example") != host_of("https://a.example")


def test_a_look_into_the_private_network_is_refused_wherever_it_begins(tmp_path: Path, web: Site) -> None:
    """The feed is public (here: allowed); what it links or redirects to must be, too."""
    sources = (
        f"  wire: {{kind: feed, form: page, robots: ignore, url: {web.base}/feed, limits: {{pause: 0}}}}\n"
    )
    web.put(
        "/feed",
        rss(item("a", "/moved"), item("b")).replace(
            "</channel>", "<item><guid>c</guid><link>http://169.254.169.254/latest</link></item></channel>"
        ),
    )
    web.put("/moved", "", status=302, headers={"Location": "http://10.0.0.1/admin"})
    with newsroom(tmp_path, sources) as desk, pytest.MonkeyPatch.context() as patch:
        allowed = http.is_public
        patch.setattr(http, "is_public", lambda one: str(one) == "127.0.0.1" or allowed(one))
        patch.setattr(http, "PORTS", range(1, 65_536))
        problems = " ".join(desk.look().problems)
        assert "10.0.0.1, inside a private network" in problems
        assert "169.254.169.254, inside a private network" in problems
        assert desk.stories() == {}


def test_a_sitemap_may_not_lead_inside_either(tmp_path: Path, web: Site) -> None:
    sources = f"  wire: {{kind: sitemap, robots: ignore, url: {web.base}/map.xml, limits: {{pause: 0}}}}\n"
    web.put("/map.xml", urlset(("/a", None)).replace("BASE/a", "file:///etc/passwd"))
    with newsroom(tmp_path, sources) as desk, pytest.MonkeyPatch.context() as patch:
        allowed = http.is_public
        patch.setattr(http, "is_public", lambda one: str(one) == "127.0.0.1" or allowed(one))
        patch.setattr(http, "PORTS", range(1, 65_536))
        assert "only http and https" in desk.look().problems[0]


def test_the_ledger_keeps_what_hosts_said(tmp_path: Path, web: Site) -> None:
    web.put("/robots.txt", "User-agent: *\nDisallow: /\0never\n")
    web.put("/feed", rss())
    with newsroom(
        tmp_path, f"  wire: {{kind: feed, url: {web.base}/feed, private_addresses: yes}}\n"
    ) as desk:
        desk.look()
        row = host_row(desk.engine, web.base)
        assert row is not None
        assert "never" in row["robots"]
        assert "\0" not in row["robots"]
        desk.look()
    assert [path for path, _ in web.asked].count("/robots.txt") == 1


def test_what_was_fetched_is_a_value() -> None:
    found = Fetched("https://post.example/a", b"x")
    assert replace(found, unchanged=True) != found
