"""What doctor says of each kind of destination: reachable, writable, with its secrets; no password is shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from doctor_findings import found_by_doctor
from fake_cms import fake_cms
from loopback import answering
from newsroom import small_config
from postgres_server import Postgres
from publications import publication, publish

from flows.settings import load_destinations

CMS = "  cms: {{kind: http, url: '{url}', secret_env: CMS_TOKEN, headers_env: {{X-Key: CMS_KEY}}}}\n"
HOOK = "  hook: {{kind: webhook, url: '{url}', secret_env: HOOK_SECRET}}\n"


@pytest.mark.parametrize(
    ("secrets", "cms", "hook"),
    [
        ({}, "CMS_TOKEN is not set", "HOOK_SECRET is not set"),
        ({"CMS_TOKEN": "t0ken"}, "CMS_KEY is not set", "HOOK_SECRET is not set"),
        ({"CMS_TOKEN": "t0ken", "CMS_KEY": "k3y", "HOOK_SECRET": "pa55"}, None, "24 random bytes"),
        ({"CMS_TOKEN": "t0ken", "CMS_KEY": "k3y", "HOOK_SECRET": "whsec_" + "A" * 32}, None, None),
    ],
)
def test_secrets_are_missed_and_servers_reached(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    secrets: dict[str, str],
    cms: str | None,
    hook: str | None,
) -> None:
    for name in ("CMS_TOKEN", "CMS_KEY", "HOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    with fake_cms() as server:
        config = small_config(tmp_path, CMS.format(url=server.stories) + HOOK.format(url=server.url))
        found = found_by_doctor(config, tmp_path)
        assert server.asked == [], "doctor sends no request, which could do something"
    for what, said in (("destination cms", cms), ("destination hook", hook)):
        state, words = found[what]
        assert state == ("fail" if said else "ok")
        assert (said or f"something answers on {server.url}") in words
        assert not any(value in words for value in ("t0ken", "k3y", "pa55"))


WORDPRESS = "  site: {{kind: cms, api: wordpress, url: '{url}', secret_env: WP_LOGIN{more}}}\n"
WP = "sources:\n  wp: {kind: webhook, adapter: wordpress, secret_env: WP_EVENTS, destinations: [site]}\n"


@pytest.mark.parametrize(
    ("status", "answer", "state", "said"),
    [
        (200, b'{"locks": true}', "ok", "with our plugin"),
        (200, b'{"locks": false}', "warn", "no InnoDB table"),
        (404, b'{"code": "rest_no_route"}', "warn", "cleancopy plugin wordpress > wp-content/mu-plugins/"),
        (401, b'{"code": "incorrect_password"}', "fail", "Make a new application password"),
        (403, b"{}", "fail", "the role Editor"),
        (404, b"<html>", "warn", "are its permalinks not plain"),
    ],
)
def test_a_wordpress_without_the_plugin_is_a_warning_where_its_own_posts_are_cleaned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, answer: bytes, state: str, said: str
) -> None:
    """Without it a save in the same milliseconds as ours can be lost: who sets it up is told then."""
    monkeypatch.setenv("WP_LOGIN", "desk:abcd efgh")
    asked: list[Mapping[str, str]] = []
    with answering(status, {}, answer, asked) as url:
        config = small_config(tmp_path / "own", WORDPRESS.format(url=url, more=", in_place: [wp]"), WP)
        found, words = found_by_doctor(config, tmp_path)["destination site"]
        assert (found, said in words) == (state, True), words
        assert "abcd efgh" not in words
        assert len(asked) == 1
        config = small_config(tmp_path / "others", WORDPRESS.format(url=url, more=""))
        assert found_by_doctor(config, tmp_path)["destination site"][0] == "ok"
        assert len(asked) == 1


def test_a_server_that_is_away_is_a_warning_for_its_stories_wait(tmp_path: Path) -> None:
    with fake_cms() as server:
        url = server.stories
    found = found_by_doctor(small_config(tmp_path, f"  cms: {{kind: http, url: '{url}'}}\n"), tmp_path)
    assert found["destination cms"][0] == "warn"
    assert "nothing answers" in found["destination cms"][1]


def test_folders_and_feeds_are_judged_by_whether_they_can_be_written(tmp_path: Path) -> None:
    config = small_config(
        tmp_path / "config",
        "  feed: {kind: feed, path: feed, url: 'https://a.example/f', home: 'https://a.example', title: T}\n"
        f"  shelf: {{kind: folder, path: 'file://{tmp_path}/shelf'}}\n"
        "  off: {kind: folder, path: off, enabled: no}\n",
    )
    found = found_by_doctor(config, tmp_path / "data")
    assert found["destination feed"] == ("ok", f"{tmp_path / 'data' / 'feed'} will be made")
    assert found["destination shelf"] == ("ok", f"{tmp_path}/shelf will be made")
    assert "destination off" not in found
    state, words = found["switched off"]
    assert state == "ok"
    assert words.startswith("off (enabled: no): what arrives meanwhile is not owed there")


def test_a_table_is_connected_to(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.database()
    monkeypatch.setenv("TABLE_URL", url)
    config = small_config(tmp_path / "config", "  table: {kind: table, url_env: TABLE_URL, table: copy}\n")
    state, words = found_by_doctor(config, tmp_path)["destination table"]
    assert state == "ok"
    assert words.endswith("answers; table copy will be made")
    destination = load_destinations(config)["table"]
    publish(destination, tmp_path, publication())
    assert found_by_doctor(config, tmp_path)["destination table"][1].endswith("table copy is there")
    monkeypatch.setenv("TABLE_URL", url.replace("ledger_", "no_such_"))
    state, words = found_by_doctor(config, tmp_path)["destination table"]
    assert state == "fail"
    assert "cannot be reached" in words


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://editor:pa55word@127.0.0.1:9/news", "cannot be reached"),
        ("not an address", "is not a database address"),
        ("oracle+nothing://x/y", "cannot be reached"),
        ("", "TABLE_URL is not set"),
    ],
)
def test_a_table_that_does_not_answer_is_told_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    monkeypatch.setenv("TABLE_URL", address)
    config = small_config(tmp_path / "config", "  table: {kind: table, url_env: TABLE_URL}\n")
    state, words = found_by_doctor(config, tmp_path)["destination table"]
    assert state == "fail"
    assert said in words
    assert "pa55word" not in words


def test_a_table_in_a_file_is_opened_and_none_is_made(tmp_path: Path) -> None:
    config = small_config(tmp_path / "config", "  table: {kind: table, url: 'sqlite:///copy.sqlite'}\n")
    state, words = found_by_doctor(config, tmp_path / "data")["destination table"]
    assert (state, words) == ("ok", f"{tmp_path / 'data'} will be made")
    assert not (tmp_path / "data").exists()
    publish(load_destinations(config)["table"], tmp_path / "data", publication())
    state, words = found_by_doctor(config, tmp_path / "data")["destination table"]
    assert (state, words) == ("ok", f"{tmp_path / 'data' / 'copy.sqlite'} opens; table clean_copy is there")
    (tmp_path / "data" / "copy.sqlite").write_bytes(b"this is no database" * 100)
    state, words = found_by_doctor(config, tmp_path / "data")["destination table"]
    assert state == "fail"
    assert "is no database that can be read" in words
