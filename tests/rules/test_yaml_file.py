"""Strict YAML: what is refused, and where the error stands."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import Field

from cleaners.rules import ConfigError, StrictModel, load_model, load_yaml
from cleaners.rules.yaml_file import FAST_LOADER, MAX_BYTES, parse_yaml

LOADERS = [FAST_LOADER, yaml.BaseLoader]
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize("loader", LOADERS)
def test_scalars_stay_strings(loader: type) -> None:
    file = parse_yaml(
        'a: no\nb: 10:45\nc: 1.10\nd: ~\ne: 0x1F\nf: "true"\ng: 2024-01-01\nh: ""\ni:\n', "x.yaml", loader
    )
    assert file.data == {
        "a": "no",
        "b": "10:45",
        "c": "1.10",
        "d": "~",
        "e": "0x1F",
        "f": "true",
        "g": "2024-01-01",
        "h": "",
        "i": None,
    }


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        (BOMB, 1, 4, "aliases and anchors"),
        ("a: x\nb: *a\n", 2, 4, "aliases and anchors"),
        ("*a : x\n", 1, 1, ""),
        ("a: 1\nb: 2\na: 3\n", 3, 1, "'a' is here twice (first on line 1)"),
        ("a:\n  b: {c: 1, d: 2, c: 3}\n", 2, 19, "'c' is here twice"),
        ("a: !!python/object:os.system x\n", 1, 4, "tags are not allowed"),
        ("a: !!int 3\n", 1, 4, "tags are not allowed"),
        ("a: " + "[" * 30 + "]" * 30 + "\n", 1, 24, "more than 20 deep"),
        ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
        ("? [a, b]\n: 1\n", 1, 3, "a key must be a plain word"),
        ("a: Follow us on: X\n", 1, 16, "mapping values are not allowed"),
        ("a: [1, 2\n", 2, 1, ""),
        ("a: \x07\n", 1, 4, "not allowed in YAML"),
    ],
)
def test_faults_have_a_place(loader: type, text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "rules/x.yaml", loader)
    error = caught.value
    assert (error.file, error.line, error.column) == ("rules/x.yaml", line, column), str(error)
    assert said in error.message
    assert error.hint
    assert str(error).startswith(f"rules/x.yaml:{line}:{column}: ")


def test_ten_thousand_brackets_are_an_error_not_a_crash() -> None:
    with pytest.raises(ConfigError):
        parse_yaml("[" * 100_000, "x.yaml")


def test_file_faults(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"a: " + b"x" * MAX_BYTES)
    with pytest.raises(ConfigError, match="1,000,000 are allowed"):
        load_yaml(large)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: 1\nb: Müller\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin.yaml:2:5: this is not UTF-8"):
        load_yaml(latin)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_yaml(tmp_path / "absent.yaml")


def test_places_of_keys_and_values() -> None:
    file = parse_yaml("rules:\n  share:\n    line: [Share, Teilen]\n", "x.yaml")
    assert file.place(("rules", "share", "line", 1))[1:] == (3, 19)
    assert file.place(("rules", "share"), key=True)[1:] == (2, 3)
    assert file.place(("rules", "share", "absent", "x"))[1:] == (3, 5)


class Inner(StrictModel):
    workers: int = 2
    enabled: bool = True


class Outer(StrictModel):
    name: str
    inner: Inner = Inner()
    parts: dict[str, Inner] = Field(default_factory=dict)
    more: tuple[Inner, ...] = ()


def test_load_model_reads_strings_as_the_model_asks(tmp_path: Path) -> None:
    path = tmp_path / "outer.yaml"
    path.write_text("name: 1.10\ninner: {workers: 3, enabled: no}\nparts:\n  a:\n    workers:\n")
    assert load_model(path, Outer) == Outer(
        name="1.10", inner=Inner(workers=3, enabled=False), parts={"a": Inner()}
    )


@pytest.mark.parametrize(
    ("text", "line", "column", "said", "hint"),
    [
        ("nmae: x\n", 1, 1, "the key 'nmae' is not known here", "Did you mean name?"),
        ("inner: {workers: 3}\n", 1, 1, "needs the key 'name'", "Add name:"),
        ("name: x\ninner:\n  wrokers: 3\n", 3, 3, "'wrokers' is not known", "Did you mean workers?"),
        ("name: x\nparts:\n  a:\n    enabeld: no\n", 4, 5, "'enabeld' is not known", "Did you mean enabled?"),
        ("name: x\nmore:\n  - workers: 3\n  - workers: many\n", 4, 14, "more.1.workers: ", ""),
        ("name: x\nparts:\n  a:\n", 3, 5, "parts.a: this must be a mapping", ""),
        ("name: x\ninner: 3\n", 2, 8, "inner: this must be a mapping", ""),
        ("- x\n", 1, 1, "must be a mapping", "Begin with a key"),
    ],
)
def test_load_model_faults(tmp_path: Path, text: str, line: int, column: int, said: str, hint: str) -> None:
    path = tmp_path / "outer.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_model(path, Outer)
    error = caught.value
    assert (error.line, error.column) == (line, column), str(error)
    assert said in error.message
    assert hint in error.hint
