"""The published contract of records: it says everything, allows nothing else, and every record keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from golden_stories import FILES, Told  # type: ignore[import-not-found]
from hypothesis import given
from invented_news import FEWER, hostile_stories, whole_story  # type: ignore[import-not-found]
from jsonschema import Draft202012Validator
from law_stories import lines, raw_body, raw_lines  # type: ignore[import-not-found]

from cleaners.model import LIFT_FIELDS, Block, Cleaned, Fields, Form, Kind, Picture, Removal, Story, Zone
from cleaners.model.story import SignalKind
from cleaners.pipeline import Pipeline
from cleaners.write import record, record_schema
from flows.cli.inputs import Defaults, open_input
from flows.cli.options import From

SCHEMA = record_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def faults(value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(value)]


def written(cleaned: Cleaned) -> Any:
    return json.loads(json.dumps(record(cleaned)))


def parts(schema: Any, place: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in the schema."""
    if not isinstance(schema, dict):
        return
    yield place, schema
    for key in ("properties", "$defs"):
        for name, one in schema.get(key, {}).items():
            yield from parts(one, f"{place}.{name}")
    for key in ("items", "additionalProperties"):
        yield from parts(schema.get(key), f"{place}[]")
    for number, one in enumerate(schema.get("prefixItems", ())):
        yield from parts(one, f"{place}[{number}]")


def test_it_is_a_schema_and_says_what_every_key_means() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for place, part in parts(SCHEMA):
        described = part if "$ref" not in part else SCHEMA["$defs"][part["$ref"].rpartition("/")[2]]
        assert described.get("description"), f"{place} is not described"
        if part.get("type") == "object":
            assert part.get("additionalProperties") is False or "propertyNames" in part, place


def test_it_names_what_the_program_knows() -> None:
    """Who adds a key, a kind or a field, describes it."""
    defs = SCHEMA["$defs"]
    whole = record(whole_story())
    assert list(SCHEMA["properties"]) == [*whole, "decided", "status", "_cleancopy"]
    assert SCHEMA["required"] == list(whole)
    assert set(defs["block"]["properties"]) == {one.name for one in fields(Block)}
    assert set(defs["picture"]["properties"]) == {one.name for one in fields(Picture)}
    assert set(defs["removed"]["properties"]) == {one.name for one in fields(Removal)}
    above = {"id", "url", "publisher", "language", "signals"}
    assert set(defs["source"]["properties"]) == {one.name for one in fields(Story)} - above
    assert set(defs["source"]["properties"]["fields"]["properties"]) == {one.name for one in fields(Fields)}
    assert set(defs["block"]["properties"]["kind"]["enum"]) == set(get_args(Kind))
    assert set(defs["block"]["properties"]["zone"]["enum"]) == set(get_args(Zone))
    assert set(defs["source"]["properties"]["form"]["enum"]) == set(get_args(Form))
    assert set(defs["signal"]["properties"]["kind"]["enum"]) == set(get_args(SignalKind))
    assert set(defs["removed"]["properties"]["field"]["enum"]) == {*LIFT_FIELDS, None}
    names = {one.name for one in fields(Fields)} - {"sources"}
    assert set(SCHEMA["properties"]["sources"]["propertyNames"]["enum"]) == {*names, "language"}


@pytest.mark.parametrize("name", FILES)
def test_a_golden_storys_record_keeps_it(tell: Callable[[str], list[Told]], name: str) -> None:
    for told in tell(name):
        assert told.cleaned is None or faults(written(told.cleaned)) == []


def test_the_demo_stories_records_keep_it(pipeline: Pipeline, config_dir: Path) -> None:
    for path in sorted((config_dir / "demo").iterdir()):
        for arrival in open_input(str(path), From.auto, Defaults()).arrivals:
            assert arrival.raw is not None
            assert faults(written(pipeline.clean(arrival.raw))) == []


@FEWER
@given(content=lines)
def test_any_storys_record_keeps_it(pipeline: Pipeline, content: tuple[str, ...]) -> None:
    assert faults(written(pipeline.clean(raw_lines(content)))) == []
    assert faults(written(pipeline.clean(raw_body(content)))) == []


@FEWER
@given(cleaned=hostile_stories())
def test_a_hostile_storys_record_keeps_it(cleaned: Cleaned) -> None:
    assert faults(written(cleaned)) == []


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("verdict",), "maybe"),
        (("more",), 1),
        (("pictures", 0, "size"), 1),
        (("source", "blocks", 0, "colour"), "red"),
        (("protected", 0, "start"), "0"),
        (("headline",), None),
        (("rounds",), 0),
    ],
)
def test_it_refuses_what_is_no_record(where: tuple[Any, ...], value: Any) -> None:
    whole = written(whole_story())
    assert faults(whole) == []
    inside = whole
    for key in where[:-1]:
        inside = inside[key]
    if value is None:
        del inside[where[-1]]
    else:
        inside[where[-1]] = value
    assert faults(whole) != []
