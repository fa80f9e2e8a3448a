"""The other commands: rules check, explain, doctor, version, and what a person is told."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from small_newsroom import STORY, Run

from flows.cli.outputs import file_stem
from flows.cli.terminal import printable
from flows.ledger import open_ledger, opening


def test_rules_check_counts_what_is_right(run: Run) -> None:
    result = run("rules", "check")
    assert result.exit_code == 0, result.stdout
    assert "2 rules with 4 examples in 1 packs, 0 publishers" in result.stderr


def test_rules_check_tells_all_mistakes_at_once(run: Run, small_config: Path) -> None:
    rules = small_config / "rules" / "english.yaml"
    text = rules.read_text()
    text = text.replace('spares: ["The correction came late."]', 'spares: ["Correction: spared?"]')
    rules.write_text(text.replace('matches: ["Published: undefined"]', 'matches: ["Published: soon"]'))
    (small_config / "pipeline.yaml").write_text("cleaners:\n  written_rulez:\n")
    (small_config / "destinations.yaml").write_text("destinations:\n  out: {kind: folder, paht: x}\n")
    result = run("rules", "check")
    assert result.exit_code == 1
    told = result.stdout.splitlines()
    assert [line.split(":")[0] for line in told] == [
        str(small_config / name)
        for name in ("destinations.yaml", "pipeline.yaml", "rules/english.yaml", "rules/english.yaml")
    ]
    assert all(
        len(line.split(":")) > 3 and line.split(":")[1].isdigit() and line.split(":")[2].isdigit()
        for line in told
    )
    assert "must match 'Published: soon'" in told[2]
    assert "must spare 'Correction: spared?'" in told[3]
    assert "4 mistakes" in result.stderr


def test_explain_tells_every_line_with_rule_and_reason(run: Run) -> None:
    Path("story.txt").write_text(STORY + "Correction: it was eight boats.\n")
    result = run("explain", "story.txt")
    assert result.exit_code == 0
    rows = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert rows[0] == "story.txt"
    assert any(row.startswith("1 keep The harbour of Kesten") for row in rows)
    assert "2 remove Published: undefined" in rows
    assert any(row.startswith("#1 english/published-undefined: The label stands there") for row in rows)
    assert "4 protect Correction: it was eight boats." in rows
    assert "publish" in rows


def test_explain_goes_on_after_a_broken_file(run: Run) -> None:
    Path("story.txt").write_text(STORY)
    result = run("explain", "missing.txt", "story.txt")
    assert result.exit_code == 1
    assert "missing.txt: there is no such file" in result.stderr
    assert "Published: undefined" in result.stdout


def test_a_story_cannot_steer_the_terminal(run: Run) -> None:
    result = run("explain", stdin="The screen\x1b[2J is not the story's to clear.\n")
    assert "\x1b" not in result.stdout
    assert printable("a\tb\nc\x1b\x07\x9b") == "a\tb\nc���"


def test_version(run: Run) -> None:
    assert run("--version").stdout.startswith("cleancopy 0.")


@pytest.mark.parametrize("command", ["clean", "explain", "undo", "run", "up", "doctor", "rules"])
def test_help_is_there(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'prefect', 'sqlalchemy', 'trafilatura', 'lxml', 're2', 'pydantic'}"
    code = f"import sys; from flows.cli import app\nprint(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_file_names_made_of_ids_stay_in_their_folder() -> None:
    assert file_stem("../../etc/passwd") == "passwd"
    assert file_stem("https://kest.example/a/../b?c=1#d") == "https-kest.example-a-..-b-c-1-d"
    assert file_stem("///") == "story"
    assert len(file_stem("x" * 500)) == 100


def unwrapped(stdout: str) -> str:
    return " ".join(stdout.split())


def test_doctor_finds_a_small_newsroom_well(run: Run, tmp_path: Path) -> None:
    result = run("doctor")
    assert result.exit_code == 0, result.stdout
    marks = {line[0] for line in result.stdout.splitlines() if line[:1] in ("✔", "!", "✘")}
    assert marks <= {"✔", "!"}
    for said in (
        "trafilatura 2.",
        "prefect 3.",
        "google-re2 1.",
        "2 rules",
        "will be made by the first run",
        "bound to this machine alone",
        opening.journal_told(),
    ):
        assert said in unwrapped(result.stdout)
    assert not (tmp_path / "data").exists(), "doctor looks; it makes nothing"


SOURCES = "sources:\n  cms: {kind: webhook, secret_env: CLEANCOPY_SECRET_CMS}\n"
DESTINATIONS = "destinations:\n  out: {kind: folder, path: published}\n"


@pytest.mark.parametrize(
    ("secret", "code", "said"),
    [
        ("", 0, "CLEANCOPY_SECRET_CMS is not set"),
        ("whsec_c2hvcnQ=", 1, "24 random bytes"),
        ("whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=", 0, "CLEANCOPY_SECRET_CMS is set"),
    ],
)
def test_doctor_weighs_a_secret_without_showing_it(
    run: Run, small_config: Path, monkeypatch: pytest.MonkeyPatch, secret: str, code: int, said: str
) -> None:
    (small_config / "sources.yaml").write_text(SOURCES)
    (small_config / "destinations.yaml").write_text(DESTINATIONS)
    monkeypatch.setenv("CLEANCOPY_SECRET_CMS", secret)
    result = run("doctor")
    assert result.exit_code == code, result.stdout
    assert said in unwrapped(result.stdout)
    assert not secret or secret not in result.stdout + result.stderr


def test_doctor_fails_an_open_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEANCOPY_HOST", "0.0.0.0")
    monkeypatch.delenv("PREFECT_SERVER_API_AUTH_STRING", raising=False)
    result = run("doctor")
    assert result.exit_code == 1
    assert "PREFECT_SERVER_API_AUTH_STRING" in unwrapped(result.stdout)


def test_doctor_fails_a_broken_configuration_and_a_ledger_that_does_not_open(
    run: Run, small_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (small_config / "pipeline.yaml").write_text("cleaners:\n  written_rulez:\n")
    (tmp_path / "no-database").write_text("This is a text file, and no SQLite database at all.\n" * 50)
    monkeypatch.setenv("CLEANCOPY_LEDGER", f"sqlite:///{tmp_path / 'no-database'}")
    result = run("doctor")
    assert result.exit_code == 1
    assert "pipeline.yaml:2:3" in unwrapped(result.stdout)
    assert "does not open" in unwrapped(result.stdout)
    (small_config / "destinations.yaml").write_text("destinations:\n  out: {kind: folder, paht: x}\n")
    assert unwrapped(run("doctor").stdout).count("destinations.yaml:2") == 1, "a mistake is told once"


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ((3, 40, 1), "SQLite 3.40.1 with a rollback journal"),
        ((3, 51, 3), "SQLite 3.51.3 with a write-ahead log"),
    ],
)
@pytest.mark.parametrize("is_there", [False, True])
def test_doctor_tells_how_the_ledger_survives_a_power_cut(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, ...],
    said: str,
    is_there: bool,
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    monkeypatch.setenv("CLEANCOPY_LEDGER", url)
    monkeypatch.setattr(opening, "THIS_SQLITE", version)
    if is_there:
        open_ledger(url).dispose()
    shown = unwrapped(run("doctor").stdout)
    assert said in shown
    assert "synchronous=EXTRA" in shown
    assert ("3.51.3 can corrupt" in shown) == (version < (3, 51, 3))


def test_doctor_warns_of_a_write_ahead_log_that_this_sqlite_can_corrupt(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    monkeypatch.setenv("CLEANCOPY_LEDGER", url)
    open_ledger(url).dispose()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    monkeypatch.setattr(opening, "THIS_SQLITE", (3, 51, 2))
    shown = unwrapped(run("doctor").stdout)
    assert "SQLite 3.51.2 can corrupt when several programs write it" in shown
    assert "update SQLite to 3.51.3" in shown
    monkeypatch.setattr(opening, "THIS_SQLITE", (3, 51, 3))
    assert "can corrupt" not in unwrapped(run("doctor").stdout)


def test_up_starts_nothing_on_a_broken_configuration(run: Run, small_config: Path) -> None:
    (small_config / "pipeline.yaml").write_text("cleaners:\n  written_rulez:\n")
    result = run("up")
    assert result.exit_code == 2
    assert "pipeline.yaml:2:3" in result.stderr
    assert "nothing was started" in result.stderr
