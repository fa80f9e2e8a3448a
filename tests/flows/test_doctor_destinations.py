"""What doctor says of each kind of destination: reachable, writable, with its secrets; no password is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from doctor_findings import found_by_doctor
from fake_cms import fake_cms
from newsroom import small_config

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
