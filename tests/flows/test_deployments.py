"""The deployments: one list, in prefect.yaml and in `cleancopy up`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import validate

from cleaners.pipeline import Pipeline, pipeline_version
from flows.clean_stories import clean_stories
from flows.deployments import deployed_version, planned, prefect_yaml
from flows.settings import Settings, load_settings

SOURCES = """
sources:
  desk: {kind: folder, path: desk, schedule: "*/10 * * * *"}
  wire: {kind: feed, url: "https://wire.example/feed", schedule: "5 * * * *"}
  map: {kind: sitemap, url: "https://wire.example/map.xml", schedule: "*/30 * * * *"}
  pages: {kind: urls, urls: ["https://wire.example/a"], schedule: "7 * * * *"}
  silent: {kind: folder, path: silent}
  off: {kind: folder, path: off, schedule: "* * * * *", enabled: no}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "sources.yaml").write_text(SOURCES)
    (tmp_path / "destinations.yaml").write_text("destinations: {shelf: {kind: folder, path: shelf}}\n")
    return Settings(config_dir=tmp_path, data_dir=tmp_path / "data", ledger_url="sqlite://")


def test_sources_with_a_schedule_are_looked_at_on_it(settings: Settings) -> None:
    by_name = {one.name: one for one in planned(settings)}
    assert list(by_name) == [
        *("clean-stories", "poll-sources", "review-story", "drain-inbox", "housekeeping", "backfill"),
    ]
    looks = by_name["poll-sources"].schedules
    assert [(one.slug, one.cron, one.parameters, one.timezone) for one in looks] == [
        ("desk", "*/10 * * * *", {"look_at": {"source": "desk"}}, "UTC"),
        ("wire", "5 * * * *", {"look_at": {"source": "wire"}}, "UTC"),
        ("map", "*/30 * * * *", {"look_at": {"source": "map"}}, "UTC"),
        ("pages", "7 * * * *", {"look_at": {"source": "pages"}}, "UTC"),
    ]
    assert by_name["drain-inbox"].one_at_a_time
    assert by_name["clean-stories"].schedules == ()


def test_prefect_yaml_has_the_same(settings: Settings) -> None:
    written = yaml.safe_load(prefect_yaml(settings))["deployments"]
    assert [(one["name"], one["entrypoint"]) for one in written] == [
        (one.name, one.entrypoint) for one in planned(settings)
    ]
    assert [one["cron"] for one in written[1]["schedules"]] == [
        "*/10 * * * *",
        "5 * * * *",
        "*/30 * * * *",
        "7 * * * *",
    ]


def test_the_prefect_yaml_in_the_project_is_the_one_that_would_be_written(config_dir: Path) -> None:
    shipped = (config_dir.parent / "prefect.yaml").read_text("utf-8")
    assert shipped == prefect_yaml(load_settings(config_dir)), "run: uv run python -m flows.deployments write"


def test_the_form_has_titles_help_and_lists(config_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEANCOPY_CONFIG", str(config_dir))
    schema = parameter_schema(clean_stories.fn)
    fields: dict[str, Any] = schema.definitions["Selection"]["properties"]
    assert all(field["title"] and field["description"] for field in fields.values())
    assert fields["source"]["enum"][:2] == ["any", "demo"]
    assert fields["destination"]["enum"][:2] == ["as configured", "copy-folder"]
    assert (fields["since"]["type"], fields["since"]["format"]) == ("string", "date")
    assert schema.properties["stories"]["default"]["dry_run"] is True


def test_a_form_that_nobody_touched_can_be_sent(
    settings: Settings, config_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Prefect UI checks a form against its schema, formats included, before it lets anybody submit it."""
    monkeypatch.setenv("CLEANCOPY_CONFIG", str(config_dir))
    for one in planned(settings):
        schema = parameter_schema(one.flow.fn).model_dump_for_openapi()
        filled: dict[str, Any] = {
            name: filled_in(schema, part) for name, part in schema["properties"].items()
        }
        assert [f"{one.name}: {error.message}" for error in validate(filled, schema)] == []


def filled_in(schema: dict[str, Any], part: dict[str, Any]) -> Any:
    """What the form is filled with at first: the default, else the defaults of its fields."""
    if "default" in part:
        return part["default"]
    name = str(part.get("$ref") or part["allOf"][0]["$ref"]).rpartition("/")[2]
    fields = schema["definitions"][name]["properties"]
    return {field: value["default"] for field, value in fields.items() if "default" in value}


def test_the_version_is_the_one_that_the_rules_are_loaded_with(
    config_dir: Path, pipeline: Pipeline, tmp_path: Path
) -> None:
    assert pipeline_version(config_dir) == pipeline.version
    assert deployed_version(load_settings(config_dir)).endswith(f"+rules.{pipeline.version}")
    changed = tmp_path / "config"
    shutil.copytree(config_dir, changed)
    with (changed / "rules" / "english.yaml").open("a") as file:
        file.write("# one more line\n")
    assert pipeline_version(changed) != pipeline.version
