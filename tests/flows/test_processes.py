"""Children that are started together and end together."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest
from prefect.settings.models.server.services import ServerServicesDBVacuumSettings

from flows.prefect_home import embedded_environment, served_environment
from flows.processes import Child, ChildDied, keep_running, start, stop, wait_until
from flows.settings import Settings
from flows.up import PortTaken, running

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def program(tmp_path: Path, code: str) -> dict[str, str]:
    """The environment in which ``python -m some_program`` runs ``code``."""
    (tmp_path / "some_program.py").write_text(code)
    return {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONUNBUFFERED": "1"}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_child_that_ends_by_itself_is_told_with_its_last_words(tmp_path: Path) -> None:
    env = program(tmp_path, "raise SystemExit('the database is locked')")
    child = start("The server", ["some_program"], env, tmp_path / "log" / "a.log")
    with pytest.raises(
        ChildDied, match=r"The server has ended by itself \(exit code 1\)(.|\n)*database is locked"
    ):
        wait_until(lambda: False, [child], 30, "The server")


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
def test_a_child_that_does_not_listen_goes_with_all_that_it_started(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    child = start("The server", ["some_program"], program(tmp_path, STUBBORN), log)
    wait_until(lambda: log.read_text().strip() != "", [child], 30, "The server")
    grandchild = int(log.read_text())
    assert alive(grandchild)
    stop([child], seconds=0.2)
    deadline = time.monotonic() + 10
    while alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(grandchild)
    assert child.process.poll() is not None


def test_the_log_of_the_time_before_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for word in ("first", "second"):
        child = start("One", ["some_program"], program(tmp_path, f"print({word!r})"), log)
        child.process.wait(30)
    assert (log.read_text(), (tmp_path / "a.log.1").read_text()) == ("second\n", "first\n")


def test_waiting_comes_to_an_end(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match="The server: not ready after 0 seconds"):
        wait_until(lambda: False, [], 0.2, "The server")
    wait_until(lambda: False, [], 30, "The server", ended=lambda: True)


def settings(tmp_path: Path, **given: object) -> Settings:
    return Settings.model_validate(
        {"config_dir": tmp_path, "data_dir": tmp_path, "ledger_url": "sqlite:///:memory:", **given}
    )


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(
                PortTaken, match=rf"the Prefect UI cannot have 127.0.0.1:{port} (.|\n)*CLEANCOPY_UI_PORT="
            ),
            running(settings(tmp_path, ui_port=port)),
        ):
            pass
    assert not (tmp_path / "logs").exists()


VACUUM = "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED"


def test_the_users_own_prefect_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = {
        "PREFECT_HOME": "/home/desk/.prefect",
        "PREFECT_API_KEY": "pnu_1",
        "PREFECT_PROFILE": "cloud",
        "PATH": "/bin",
    }
    mine["PREFECT_API_URL"] = "https://api.prefect.cloud/api"
    one = settings(tmp_path)
    for env in (served_environment(one, mine), embedded_environment(one, mine)):
        assert env["PREFECT_HOME"].startswith(str(tmp_path))
        assert not {"PREFECT_API_KEY", "PREFECT_PROFILE"} & env.keys()
        assert (env["PREFECT_SERVER_ANALYTICS_ENABLED"], env["DO_NOT_TRACK"]) == ("false", "1")
        assert env["PATH"] == "/bin"
    served = served_environment(one, mine)
    assert served["PREFECT_API_URL"] == "http://127.0.0.1:4200/api"
    monkeypatch.setenv(VACUUM, served[VACUUM])
    assert ServerServicesDBVacuumSettings().enabled_vacuum_types == {"events", "orphans"}
    assert "PREFECT_API_URL" not in embedded_environment(one, mine)


@pytest.mark.parametrize(
    ("host", "near"), [("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("10.0.0.5", "10.0.0.5")]
)
def test_the_address_that_a_browser_can_open(tmp_path: Path, host: str, near: str) -> None:
    assert served_environment(settings(tmp_path, host=host), {})["PREFECT_UI_URL"] == f"http://{near}:4200"


def test_the_children_know_the_password_of_their_server(tmp_path: Path) -> None:
    guarded = {"PREFECT_SERVER_API_AUTH_STRING": "admin:pass"}
    one = settings(tmp_path)
    for env in (served_environment(one, guarded), embedded_environment(one, guarded)):
        assert env["PREFECT_API_AUTH_STRING"] == "admin:pass"
    own = guarded | {"PREFECT_API_AUTH_STRING": "desk:word"}
    assert served_environment(one, own)["PREFECT_API_AUTH_STRING"] == "desk:word"
    assert "PREFECT_API_AUTH_STRING" not in served_environment(one, {})


def test_a_child_that_dies_is_started_again_after_a_pause(tmp_path: Path) -> None:
    child = start(
        "The drain", ["some_program"], program(tmp_path, "print('here', flush=True)"), tmp_path / "a.log"
    )
    told: list[str] = []
    deadline = time.monotonic() + 30
    while child.log.read_text().count("here") < 2 and time.monotonic() < deadline:
        keep_running([child], told.append)
        time.sleep(0.02)
    assert child.log.read_text() == "here\nhere\n", "its log goes on"
    assert "The drain has ended by itself (exit code 0)" in told[0]
    assert told[0].endswith("started again in 1 seconds.")
    stop([child])


def test_pauses_grow_and_only_a_vital_child_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = program(tmp_path, "raise SystemExit('no such table')")
    now = [1000.0]
    monkeypatch.setattr("flows.processes.time.monotonic", lambda: now[0])
    some = [
        start(str(vital), ["some_program"], env, tmp_path / f"{vital}.log", vital=vital)
        for vital in (False, True)
    ]

    def die(child: Child, told: list[str]) -> float:
        """What keep_running says and waits once the child has ended."""
        child.process.wait(30)
        keep_running([child], told.append)
        assert child.due is not None
        pause, now[0] = child.due - now[0], child.due
        keep_running([child], told.append)
        assert child.due is None
        return pause

    told: list[str] = []
    other, vital = some
    assert [die(other, told) for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert len(told) == 8
    assert "no such table" in told[-1]
    assert [die(vital, told) for _ in range(4)] == [1, 2, 4, 8]
    with pytest.raises(ChildDied, match="no such table"):
        die(vital, told)
    # A steady time is a new beginning.
    other.process.wait(30)
    now[0] += 61
    assert die(other, told) == 1
    stop(some)
