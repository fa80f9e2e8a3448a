"""Settings, sources.yaml and destinations.yaml: what is taken, what is refused, and what the refusal says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from newsroom import small_config

from cleaners.rules import ConfigError
from flows.settings import (
    FeedSource,
    FolderDestination,
    FolderSource,
    Limits,
    SitemapSource,
    TableDestination,
    UrlsSource,
    WebhookSource,
    WebLimits,
    load_destinations,
    load_settings,
    load_sources,
    shown_place,
    wanted_destinations,
)
from flows.settings.databases import json_text, json_value


def test_everything_has_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(environ={})
    assert settings.data_dir == tmp_path / "cleancopy-data"
    assert settings.ledger_url == f"sqlite:///{tmp_path}/cleancopy-data/ledger.sqlite"
    assert (settings.host, settings.webhook_port, settings.ui_port) == ("127.0.0.1", 8787, 4200)
    assert settings.config_dir.name == "config"
    assert (settings.config_dir / "pipeline.yaml").is_file()
    assert settings.workers >= 1


def test_the_environment_sets_what_it_names(tmp_path: Path) -> None:
    environ = {
        "CLEANCOPY_CONFIG": str(tmp_path / "conf"),
        "CLEANCOPY_DATA": str(tmp_path / "data"),
        "CLEANCOPY_LEDGER": "postgresql://desk:pa55@db/ledger",
        "CLEANCOPY_HOST": "0.0.0.0",
        "CLEANCOPY_WEBHOOK_PORT": "9000",
        "CLEANCOPY_UI_PORT": "9001",
        "CLEANCOPY_WORKERS": "3",
    }
    settings = load_settings(environ=environ)
    assert settings.config_dir == tmp_path / "conf"
    assert (settings.host, settings.webhook_port, settings.ui_port, settings.workers) == (
        "0.0.0.0",
        9000,
        9001,
        3,
    )
    assert settings.shown_ledger_url == "postgresql+psycopg://desk:***@db/ledger"
    assert "pa55" not in repr(settings)


def test_the_configuration_folder_is_found_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here = tmp_path / "config"
    here.mkdir()
    assert load_settings(environ={}).config_dir != here, "without a pipeline.yaml it is no configuration"
    (here / "pipeline.yaml").write_text("cleaners: {}\n")
    assert load_settings(environ={}).config_dir == here
    assert load_settings(environ={"CLEANCOPY_CONFIG": "named"}).config_dir == tmp_path / "named"
    assert load_settings(tmp_path / "given", {"CLEANCOPY_CONFIG": "named"}).config_dir == tmp_path / "given"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CLEANCOPY_WEBHOOK_PORT", "eighty", "CLEANCOPY_WEBHOOK_PORT='eighty'"),
        ("CLEANCOPY_WEBHOOK_PORT", "70000", "less than or equal to 65535"),
        ("CLEANCOPY_WORKERS", "0", "CLEANCOPY_WORKERS='0'"),
        ("CLEANCOPY_LEDGER", "secret-pa55", "CLEANCOPY_LEDGER is not a database address"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(variable: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        load_settings(environ={variable: value})
    assert "pa55" not in str(caught.value)


def test_the_shipped_files_load(config_dir: Path) -> None:
    sources, destinations = load_sources(config_dir), load_destinations(config_dir)
    demo, feed, cms = sources["demo"], sources["wire-feed"], sources["cms"]
    assert [name for name, source in sources.items() if source.enabled] == ["demo"]
    assert isinstance(demo, FolderSource)
    assert (demo.enabled, demo.keep, demo.name) == (True, True, "demo")
    assert isinstance(feed, FeedSource)
    assert (feed.enabled, feed.schedule) == (False, "*/15 * * * *")
    assert isinstance(cms, WebhookSource)
    assert (cms.enabled, cms.map["body"]) == (False, "post.html")
    assert isinstance(destinations["copy-folder"], FolderDestination)
    assert isinstance(destinations["copy-table"], TableDestination)
    kinds = {one.kind: one.enabled for one in reversed(destinations.values())}
    assert kinds == {"folder": True, "table": False, "http": False, "feed": False, "webhook": False}
    assert wanted_destinations(destinations) == ("copy-folder",)


def test_wishes_are_kept_in_order_and_those_switched_off_left_out(config_dir: Path) -> None:
    destinations = load_destinations(config_dir)
    assert wanted_destinations(destinations, ("copy-table", "gone", "copy-folder", "copy-folder")) == (
        "copy-folder",
    )
    assert wanted_destinations(destinations, ()) == ()


def test_limits_have_defaults_of_their_own_for_a_webhook(tmp_path: Path) -> None:
    config = small_config(
        tmp_path,
        sources="sources:\n  cms: {kind: webhook, secret_env: THE_SECRET}\n  drop: {kind: folder, path: x, limits: {stories: 5}}\n",
    )
    sources = load_sources(config)
    assert sources["cms"].limits.story_bytes == 1_000_000
    assert sources["drop"].limits == Limits(stories=5)


def test_a_watched_source_has_manners_by_default(tmp_path: Path) -> None:
    config = small_config(
        tmp_path,
        sources="sources:\n  feed: {kind: feed, url: 'https://a.example/1', urls: ['https://a.example/2', 'https://a.example/1']}\n"
        "  map: {kind: sitemap, url: 'https://a.example/map.xml', limits: {pause: 0.5}}\n"
        "  pages: {kind: urls, file: pages.txt, robots: ignore}\n",
    )
    feed, sitemap, pages = load_sources(config).values()
    assert isinstance(feed, FeedSource)
    assert feed.addresses == ("https://a.example/1", "https://a.example/2")
    assert (feed.robots, feed.again_hours, feed.limits) == ("obey", 48.0, WebLimits())
    assert (feed.limits.pause, feed.limits.per_host) == (1.0, 2)
    assert isinstance(sitemap, SitemapSource)
    assert (sitemap.days, sitemap.limits.pause, sitemap.limits.stories) == (7.0, 0.5, 1000)
    assert isinstance(pages, UrlsSource)
    assert (pages.file, pages.robots) == ("pages.txt", "ignore")


@pytest.mark.parametrize(
    ("entry", "place", "said"),
    [
        ("feed: {kind: feed}", "2:3", "the source has no address"),
        ("map: {kind: sitemap, url: 'https://a.example', day: 3}", "2:50", "Did you mean days?"),
        ("pages: {kind: urls}", "2:3", "the source names no page"),
        ("feed: {kind: feed, url: 'https://a.example', robots: no}", "2:56", "robots"),
        ("feed: {kind: feed, url: 'https://a.example', limits: {paus: 1}}", "2:57", "Did you mean pause?"),
        ("demo: {kind: folder, path: demo, keeep: yes}", "2:36", "Did you mean keep?"),
        ("demo: {kind: ftp, path: demo}", "2:", "kind"),
        ("demo: {kind: folder}", "2:3", "needs the key 'path'"),
        ("My Demo: {kind: folder, path: demo}", "2:", "My Demo"),
        ("cms: {kind: webhook, secret_env: whsec_MfKQ9r}", "2:36", "whsec"),
        ("cms: {kind: webhook, secret_env: S_CMS, map: {title: post.title}}", "2:", "title"),
        *(
            (
                f"cms: {{kind: webhook, adapter: {adapter}, secret_env: S_CMS, missed: {{url: 'https://cms.example'}}}}",
                "2:",
                "in place of this source; beside it, under another name, each story would be there twice",
            )
            for adapter in ("standard", "superdesk")
        ),
        ("feed: {kind: feed, url: 'file:///etc/passwd'}", "2:27", "url"),
        ("feed: {kind: feed, url: 'https://example.org', schedule: hourly}", "2:60", "schedule"),
        ("demo: {kind: folder, path: demo, destinations: [copy-foldr]}", "2:51", "Did you mean copy-folder?"),
    ],
)
def test_mistakes_in_sources_are_told_with_their_place(
    tmp_path: Path, entry: str, place: str, said: str
) -> None:
    config = small_config(tmp_path, sources=f"sources:\n  {entry}\n")
    with pytest.raises(ConfigError) as caught:
        load_sources(config)
    assert f"sources.yaml:{place}" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("t: {kind: table}", "either url or url_env"),
        (
            "s: {kind: cms, api: superdesk, url: 'https://hub.example', secret_env: HUB, overwrite: yes}",
            "Leave overwrite out",
        ),
        ("t: {kind: table, url: 'sqlite:///x', url_env: URL_X}", "either url or url_env"),
        ("t: {kind: table, url: 'postgresql://a:pw@db/x'}", "holds a password"),
        ("t: {kind: table, url: 'sqlite:///x', table: 'a; DROP'}", "table"),
        ("f: {kind: folder, path: x, formats: []}", "at least one format"),
        ("f: {kind: folder, path: x, formats: [json, json]}", "named twice"),
        ("f: {kind: folder, path: x, formats: [pdf]}", "formats"),
        ("h: {kind: http, url: 'https://cms.example/stories'}", "an address of its own"),
        ("h: {kind: http, url: 'https://cms.example/{slug}'}", "an address of its own"),
        ("h: {kind: http, url: 'https://cms.example/{headline}/{key}'}", "{headline} is not known here"),
        ("h: {kind: http, url: 'https://cms.example/{storry}'}", "Did you mean story?"),
        ("h: {kind: http, url: 'https://cms.example/{key'}", "open or closed alone"),
        ("h: {kind: http, url: 'ftp://cms.example/{key}'}", "not a web address"),
        ("h: {kind: http, url: 'https://desk:pw@cms.example/{key}'}", "secret_env"),
        ("h: {kind: http, url: 'https://cms.example/{key}', secret_env: t0ken}", "secret_env"),
        (
            "h: {kind: http, url: 'https://cms.example/{key}', publish_url: 'https://cms.example/'}",
            "draft: first",
        ),
        ("h: {kind: http, url: 'https://cms.example/', draft: first, format: html}", "needs format: json"),
        (
            "h: {kind: http, url: 'https://cms.example/{key}', format: html, withdrawn: update}",
            "cannot say that a story is withdrawn",
        ),
        ("h: {kind: http, url: 'https://cms.example/{key}', seconds: 0}", "seconds"),
        (
            "e: {kind: feed, path: 's3://b/x', url: 'https://a.example', home: 'https://a.example', title: T}",
            "this machine",
        ),
        (
            "e: {kind: feed, path: x, url: 'https://a.example', home: 'https://a.example'}",
            "needs the key 'title'",
        ),
        ("w: {kind: webhook, url: 'https://a.example'}", "needs the key 'secret_env'"),
        ("w: {kind: webhook, url: 'https://a.example', secret_env: WORD, events: []}", "at least one event"),
        (
            "w: {kind: webhook, url: 'https://a.example', secret_env: WORD, events: [held, held]}",
            "named twice",
        ),
        (
            "w: {kind: webhook, url: 'https://a.example', secret_env: WORD, events: [kiled]}",
            "Did you mean killed?",
        ),
    ],
)
def test_mistakes_in_destinations_are_told(tmp_path: Path, entry: str, said: str) -> None:
    config = small_config(tmp_path, f"  {entry}\n")
    with pytest.raises(ConfigError, match=r"destinations\.yaml:6:") as caught:
        load_destinations(config)
    assert said in str(caught.value)


def test_a_source_may_publish_to_every_kind_of_destination(tmp_path: Path) -> None:
    config = small_config(
        tmp_path,
        "  cms: {kind: http, url: 'https://cms.example/{key}', secret_env: CMS_TOKEN}\n"
        "  drafts: {kind: http, url: 'https://cms.example/posts', draft: first}\n"
        "  feed: {kind: feed, path: feed, url: 'https://a.example/f', home: 'https://a.example', title: T}\n"
        "  hook: {kind: webhook, url: 'https://hook.example/in', secret_env: HOOK_SECRET, enabled: no}\n"
        "  rows: {kind: table, url: 'sqlite:///x'}\n",
        "sources:\n  wire: {kind: folder, path: x, destinations: [copy-folder, cms, drafts, feed, hook, rows]}\n"
        "  desk: {kind: folder, path: y}\n",
    )
    destinations, sources = load_destinations(config), load_sources(config)
    assert wanted_destinations(destinations, sources["wire"].destinations) == (
        "copy-folder",
        "cms",
        "drafts",
        "feed",
        "rows",
    )
    assert wanted_destinations(destinations, sources["desk"].destinations) == ("copy-folder",)


def test_a_person_is_shown_where_each_destination_lies(tmp_path: Path) -> None:
    (tmp_path / "destinations.yaml").write_text(
        "destinations:\n"
        "  shelf: {kind: folder, path: shelf}\n"
        "  far: {kind: folder, path: s3://bucket/copy}\n"
        "  rows: {kind: table, url_env: DESK_DATABASE}\n"
        "  cms: {kind: http, url: 'https://cms.example/{key}', secret_env: CMS_TOKEN}\n"
        "  feed: {kind: feed, path: feed, url: 'https://a.example/f', home: 'https://a.example', title: T}\n"
        "  hook: {kind: webhook, url: 'https://hook.example/in', secret_env: HOOK_SECRET}\n"
    )
    places = [shown_place(one, tmp_path / "data") for one in load_destinations(tmp_path).values()]
    assert places == [
        str(tmp_path / "data" / "shelf"),
        "s3://bucket/copy",
        "table clean_copy in $DESK_DATABASE",
        "PUT https://cms.example/{key}",
        str(tmp_path / "data" / "feed"),
        "events to https://hook.example/in",
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"text": "Die Fähre\u0000 ist zurück", "rules": ["a", None, 1.5, True], "nested": {"": []}},
        "half a pair: \ud800",
        2**80,
        [],
    ],
)
def test_what_the_ledger_keeps_as_json_comes_back(value: object) -> None:
    assert json_value(json_text(value)) == value
    # As the standard library wrote it before.
    assert json_value(json.dumps(value)) == value


def test_no_date_becomes_a_text_by_itself() -> None:
    with pytest.raises(TypeError):
        json_text({"at": datetime(2026, 3, 3, tzinfo=UTC)})
