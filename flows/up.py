"""``cleancopy up``: Prefect's server with its UI, the deployments, and the webhook receiver, on one machine.

Five child processes and one parent that starts again what ends by itself: while Prefect is down the receiver goes on
receiving, and stories go on being cleaned. The parent imports nothing of Prefect.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.prefect_home import answers, marker, served_environment
from flows.processes import Child, ChildDied, keep_running, start, stop, wait_until
from flows.settings import Settings, load_destinations, load_settings, shown_place

START_SECONDS = 180
"""The first start makes Prefect's database: some 10 seconds on a quick machine, a minute on a slow one."""


class PortTaken(RuntimeError):
    """An address that we need is in use. The message says which and how to choose another."""


def up(config_dir: Path | None = None) -> None:
    """Bring everything up, print the addresses, and end everything on Ctrl-C or SIGTERM.

    Ends with SystemExit: 0 when it was asked to end, 1 with a message when it could not go on.
    """
    try:
        settings = load_settings(config_dir)
        with _asked_to_end() as ended, running(settings, ended) as children:
            if not ended():
                print(addresses(settings), flush=True)
            while not ended():
                keep_running(children, _tell)
                time.sleep(0.2)
            print("Stopping …", flush=True)
    except (PortTaken, ChildDied, TimeoutError, ValueError) as error:
        print(f"cleancopy up: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    print("Stopped.", flush=True)
    raise SystemExit(0)


@contextmanager
def running(settings: Settings, ended: Callable[[], bool] = lambda: False) -> Iterator[tuple[Child, ...]]:
    """Everything up and ready inside the block (or less, where ``ended()`` is true before that); all ended after it.

    Raises PortTaken, ChildDied and TimeoutError.
    """
    _check_port(settings.host, settings.ui_port, "the Prefect UI", "CLEANCOPY_UI_PORT")
    _check_port(settings.host, settings.webhook_port, "the webhook receiver", "CLEANCOPY_WEBHOOK_PORT")
    _check_port(settings.host, settings.reports_port, "the reports", "CLEANCOPY_REPORTS_PORT")
    env = served_environment(settings, os.environ)
    logs = settings.data_dir / "logs"
    serving = marker(settings)
    serving.parent.mkdir(parents=True, exist_ok=True)
    serving.unlink(missing_ok=True)
    ui = env["PREFECT_UI_URL"]
    port = str(settings.ui_port)
    receiver = f"{ui.rpartition(':')[0]}:{settings.webhook_port}"
    children: list[Child] = []

    print("Starting Prefect's server; the first time takes half a minute …", flush=True)
    try:
        children.append(
            start(
                "Prefect's server",
                (
                    "flows.prefect_server",
                    "prefect",
                    "server",
                    "start",
                    "--host",
                    settings.host,
                    "--port",
                    port,
                ),
                env,
                logs / "server.log",
            )
        )
        wait_until(lambda: answers(f"{ui}/api/health"), children, START_SECONDS, "Prefect's server", ended)
        if not ended():
            flows = ("flows.deployments", "serve", "--alone")
            children.append(start("The deployments", flows, env, logs / "flows.log"))
            children.append(start("The drain", ("flows.warm_drain",), env, logs / "drain.log"))
            # It asks Prefect for nothing but secrets that are in blocks: nobody needs to be woken, for the drain stands by.
            receiving = ("flows.webhook", "--stand-by")
            children.append(start("The webhook receiver", receiving, env, logs / "webhook.log", vital=True))
            children.append(start("The reports", ("flows.report_server",), env, logs / "reports.log"))
        wait_until(serving.exists, children, START_SECONDS, "The deployments", ended)
        wait_until(lambda: answers(f"{receiver}/healthz"), children, 60, "The webhook receiver", ended)
        reports = f"{ui.rpartition(':')[0]}:{settings.reports_port}"
        wait_until(lambda: answers(f"{reports}/healthz"), children, 60, "The reports", ended)
        yield tuple(children)
    finally:
        stop(children)
        serving.unlink(missing_ok=True)


def addresses(settings: Settings) -> str:
    """The addresses, and where the logs and the clean copy lie."""
    env = served_environment(settings, {})
    ui = env["PREFECT_UI_URL"]
    near = ui.rpartition(":")[0]
    destinations = [one for one in load_destinations(settings.config_dir).values() if one.enabled]
    places = ", ".join(shown_place(one, settings.data_dir) for one in destinations)
    return (
        "\ncleancopy is up.\n"
        f"  Prefect UI   {ui}   (there: Deployments, clean-stories, Run)\n"
        f"  Prefect API  {ui}/api\n"
        f"  Webhook      {near}:{settings.webhook_port}/webhooks/<source>\n"
        f"  Reports      {env['CLEANCOPY_REPORTS_URL']}\n"
        f"  Clean copy   {places or 'no destination is enabled'}\n"
        f"  Logs         {settings.data_dir / 'logs'}\n"
        "Ctrl-C ends all of it.\n"
    )


def _tell(said: str) -> None:
    print(f"cleancopy up: {said}", file=sys.stderr, flush=True)


@contextmanager
def _asked_to_end() -> Iterator[Callable[[], bool]]:
    """Inside, Ctrl-C and SIGTERM end nothing by themselves: they are remembered. Outside the main thread nothing is changed."""
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    # SIGHUP: the terminal was closed. Windows has none.
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = [(number, signal.signal(number, lambda number, _: asked.append(number))) for number in numbers]
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _check_port(host: str, port: int, what: str, variable: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the servers do it: a port that a server has just left may be taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"{what} cannot have {host}:{port} ({error.strerror}). Is another cleancopy or Prefect running? "
                f"Choose another port with {variable}=…"
            ) from None
