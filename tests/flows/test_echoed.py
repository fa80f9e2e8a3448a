"""Secrets that a server echoes in its answer are in no error, in whatever form it writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from html import escape
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from loopback import answering, serving
from publications import answers, publication

from flows.settings import CmsDestination, HttpDestination
from flows.sources.api import ApiError, Question, ask
from flows.sources.echoed import hidden, packed, without_secrets


def refused(url: str, **options: Any) -> str:
    """What is said of a story that was refused."""
    server = HttpDestination(kind="http", name="cms", url=f"{url}/{{key}}", **options)
    [answer] = answers(server, Path("/nowhere"), [publication()])
    assert isinstance(answer, Exception)
    return str(answer)


ODD = 'desk:p"a/5<w  &rd\\\\x%=+'
"""With all that any form escapes, and two blanks, of which a page shows one."""


@pytest.mark.parametrize("echoed", [ODD, ODD.partition(":")[2], packed(ODD)])
@pytest.mark.parametrize(
    "written",
    [
        str,
        quote,
        partial(quote, safe=""),
        lambda secret: quote(quote(secret, safe=""), safe=""),
        quote_plus,
        lambda secret: "".join(f"%{ord(sign):02x}" for sign in secret),
        json.dumps,
        lambda secret: json.dumps(secret).replace("/", "\\/"),
        lambda secret: json.dumps(json.dumps(secret)),
        lambda secret: "".join(f"\\u{ord(sign):04X}" for sign in secret),
        escape,
        lambda secret: escape(escape(secret)),
        lambda secret: "".join(f"&#{ord(sign)};" for sign in secret),
        lambda secret: "".join(f"&#x{ord(sign):04X};" for sign in secret),
        lambda secret: json.dumps(escape(secret)),
        lambda secret: json.dumps(escape(secret)).replace("&", "\\u0026"),
        lambda secret: escape(json.dumps(secret)),
        lambda secret: quote(escape(secret), safe=""),
        repr,
        lambda secret: secret.rstrip("=").replace("+", "-").replace("/", "_"),
    ],
)
def test_a_secret_is_known_in_whatever_form_it_is_echoed(echoed: str, written: Callable[[str], str]) -> None:
    said = " ".join(f"wrong: {written(echoed)} (x)".split())
    shown = without_secrets(said, hidden(ODD))
    assert re.fullmatch(r"""wrong: (\\?["']|&quot;)*…(\\?["']|&quot;)* \(x\)""", shown), shown


@pytest.mark.parametrize("login", ["basic", "bearer"])
def test_a_secret_that_a_page_escapes_is_in_no_error(login: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMS_LOGIN", ODD)
    page = f"<p>{escape(ODD)} or\n{packed(ODD).replace('/', '&#x2F;')}</p>{quote(ODD)}"
    with answering(403, {}, page.encode()) as url:
        said = refused(url, login=login, secret_env="CMS_LOGIN")
    assert said.endswith("403 Forbidden: <p>… or …</p>…")


@pytest.mark.parametrize(
    ("header", "echoed"),
    [
        ("Bearer an-api-token", "an-api-token"),
        ("Bearer an-api-token", "Bearer%20an-api-token"),
        ("correct horse battery", "correct&#32;horse+battery"),
        (f"Basic {packed('desk:pa55word')}", "desk:pa55word"),
        (f"Basic {packed('desk:pa55word')}", packed("desk:pa55word")),
        ("an-api-token", "an\\u002dapi\\u002dtoken"),
    ],
)
def test_a_header_of_one_s_own_is_known_without_its_scheme(
    header: str, echoed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMS_KEY", header)
    with answering(403, {}, f"not {echoed}, no".encode()) as url:
        said = refused(url, headers_env={"X-Key": "CMS_KEY"})
    assert said.endswith("403 Forbidden: not …, no")


def test_a_token_that_was_made_for_one_request_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """With Ghost's an administrator's doors stand open for five minutes."""
    monkeypatch.setenv("CMS_LOGIN", f"{'1' * 24}:{'ab' * 32}")

    class Echoing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = f"no: {self.headers['Authorization'].partition(' ')[2].replace('.', '&period;')}!".encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Echoing) as url:
        site = CmsDestination(kind="cms", name="site", api="ghost", url=url, secret_env="CMS_LOGIN")
        [answer] = answers(site, Path("/nowhere"), [publication()])
    assert str(answer).endswith("403 Forbidden: no: …!")


@pytest.mark.parametrize("before", range(480, 505, 3))
def test_no_part_of_an_escaped_secret_is_left_where_an_answer_is_cut(
    before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMS_LOGIN", "desk:pa55word")
    body = "x" * before + "".join(f"&#x{ord(sign):04x};" for sign in "pa55word") * 3 + "x" * 9000
    with answering(403, {}, body.encode()) as url:
        said = refused(url, login="basic", secret_env="CMS_LOGIN")
    said = said.partition("403 Forbidden: ")[2]
    assert re.fullmatch("x+…{0,3}x*", said)
    assert 250 < len(said) <= 500


def test_what_is_no_secret_is_shown_as_it_was_said() -> None:
    said = r"50%25 off \u0041 &amp; \/ = + _ aaaa"
    assert without_secrets(said, ["", "====", "a===", "50%off"]) == said
    assert without_secrets("aaaa", ["aaaa===", "a==="]) == "…"


def test_a_cms_that_is_asked_has_its_words_cut_too() -> None:
    headers = {"Authorization": f"Basic {packed('desk:pa55/word')}"}
    for status, more in ((500, {}), (302, {"Location": "/login/pa55%2Fword"})):
        with answering(status, more, b"") as url, pytest.raises(ApiError) as told:
            ask(Question(url, {}, headers), allow_private=True)
        assert "pa55" not in str(told.value)

    class Echoing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(500, "pa55&#47;word is wrong")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Echoing) as url, pytest.raises(ApiError, match="answered 500 … is wrong"):
        ask(Question(url, {}, headers), allow_private=True)
