"""``cleancopy doctor``: what is configured, reachable, unsafe."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer
from rich.table import Table
from rich.text import Text

from flows.cli.options import ConfigOption
from flows.cli.terminal import printable, say, stdout

if TYPE_CHECKING:
    from flows.settings import Settings

_ROOM = 500_000_000
"""Bytes of free disk below which doctor warns."""
_WAL_RESET_FIXED = (3, 51, 3)
"""SQLite from 3.7.0 to 3.51.2 can corrupt a database in WAL mode with several connections."""
_PACKAGES = ("trafilatura", "prefect", "google-re2", "pyyaml", "pydantic", "sqlalchemy")


class State(Enum):
    ok = ("✔", "green")
    warn = ("!", "yellow")
    fail = ("✘", "red")


class Finding(NamedTuple):
    state: State
    what: str
    said: str


def doctor(config: ConfigOption = None) -> None:
    """Look at everything cleancopy needs: what is configured, what is reachable, what is unsafe.

    Exit code 1 if something must be mended; warnings alone leave it at 0.
    """
    findings = list(examine(config))
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(ratio=1)
    for state, what, said in findings:
        mark, style = state.value
        table.add_row(Text(mark, style=style), what, Text(printable(said)))
    stdout().print(table)
    failures = sum(finding.state is State.fail for finding in findings)
    warnings = sum(finding.state is State.warn for finding in findings)
    if failures:
        say(f"{failures} to mend, {warnings} to look at", "red")
        raise typer.Exit(1)
    say(
        f"nothing to mend, {warnings} to look at" if warnings else "all well",
        "yellow" if warnings else "green",
    )


def examine(config: Path | None) -> Iterator[Finding]:
    """All findings, the surroundings first."""
    from flows.settings import load_settings

    yield from _surroundings()
    try:
        settings = load_settings(config)
    except ValueError as error:
        yield Finding(State.fail, "settings", str(error))
        return
    for look in (_configuration, _data, _ledger, _address, _secrets, _failing, _destinations, _server):
        yield from _guarded(look, settings)


def _guarded(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from look(settings)
    except Exception as error:  # one broken part must not hide the others
        yield Finding(State.fail, look.__name__.strip("_"), f"{type(error).__name__}: {error}")


def _surroundings() -> Iterator[Finding]:
    yield Finding(State.ok, "python", f"{sys.version.split()[0]} in {sys.prefix}")
    versions = []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            yield Finding(State.fail, package, "is not installed. Run `make setup`, or uv sync")
    yield Finding(State.ok, "packages", ", ".join(versions))


def _configuration(settings: Settings) -> Iterator[Finding]:
    from flows.cli.rules import mistakes, summary

    found = mistakes(settings.config_dir)
    if found:
        more = f" (and {len(found) - 1} more: `cleancopy rules check`)" if len(found) > 1 else ""
        yield Finding(State.fail, "configuration", f"{found[0]}{more}")
    else:
        yield Finding(State.ok, "configuration", f"{settings.config_dir}: {summary(settings.config_dir)}")


def _data(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    if folder.exists():
        writable = os.access(folder, os.W_OK | os.X_OK)
        said = f"{folder} is writable" if writable else f"{folder} is not writable by this user"
    else:
        above = next(parent for parent in folder.parents if parent.exists())
        writable = os.access(above, os.W_OK | os.X_OK)
        said = f"{folder} will be made" if writable else f"{folder} cannot be made: {above} is not writable"
    yield Finding(State.ok if writable else State.fail, "data folder", said)
    place = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(place).free
    if free < _ROOM:
        yield Finding(State.warn, "disk", f"only {free // 1_000_000} MB are free on {place}")


def _ledger(settings: Settings) -> Iterator[Finding]:
    from sqlalchemy import inspect, text
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from flows.settings.databases import make_engine

    url = make_url(settings.ledger_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite and (not url.database or not Path(url.database).exists()):
        # Looking must not make it: the ledger is made by the first run.
        yield Finding(State.ok, "ledger", f"{settings.shown_ledger_url} will be made by the first run")
    else:
        try:
            engine = make_engine(url)
            with engine.connect() as connection:
                tables = inspect(connection).get_table_names()
                mode = connection.execute(text("PRAGMA journal_mode")).scalar() if is_sqlite else None
            engine.dispose()
        except (SQLAlchemyError, ImportError) as error:
            reason = str(getattr(error, "orig", None) or error)
            yield Finding(State.fail, "ledger", f"{settings.shown_ledger_url} does not open: {reason}")
            return
        yield Finding(State.ok, "ledger", f"{settings.shown_ledger_url} opens, {len(tables)} tables")
        if mode == "wal" and sqlite3.sqlite_version_info < _WAL_RESET_FIXED:
            yield Finding(
                State.warn,
                "sqlite",
                f"{sqlite3.sqlite_version} in WAL mode can corrupt a ledger that several processes write (fixed in 3.51.3). "
                "Update SQLite, use PostgreSQL, or leave WAL: PRAGMA journal_mode=DELETE",
            )
            return
    if is_sqlite:
        from flows.ledger.opening import journal_mode

        why = (
            "WAL, which this version can be trusted with"
            if journal_mode() == "WAL"
            else "DELETE, for WAL of this version can corrupt a ledger that several processes write (fixed in 3.51.3)"
        )
        yield Finding(
            State.ok,
            "sqlite",
            f"{sqlite3.sqlite_version}; journal mode {why}; synchronous=FULL: what was written down survives a power cut",
        )


def _address(settings: Settings) -> Iterator[Finding]:
    host = settings.host
    if host in ("127.0.0.1", "::1", "localhost"):
        yield Finding(State.ok, "address", f"bound to this machine alone ({host})")
        return
    yield Finding(
        State.warn,
        "address",
        f"bound to {host}: others can reach the Prefect server and the webhook. Put a proxy with TLS in front",
    )
    if not os.environ.get("PREFECT_SERVER_API_AUTH_STRING"):
        yield Finding(
            State.fail,
            "prefect access",
            "the server asks nobody who they are, and is reachable by others. Set PREFECT_SERVER_API_AUTH_STRING=user:password",
        )


def _secrets(settings: Settings) -> Iterator[Finding]:
    from flows.settings import CmsSource, WebhookSource, load_sources

    if not (settings.config_dir / "sources.yaml").exists():
        yield Finding(State.ok, "sources", "none are configured (no sources.yaml)")
        return
    sources = load_sources(settings.config_dir)
    enabled = [name for name, source in sources.items() if source.enabled]
    yield Finding(
        State.ok, "sources", f"{len(enabled)} of {len(sources)} enabled: {', '.join(enabled) or 'none'}"
    )
    for name, source in sources.items():
        if isinstance(source, WebhookSource) and source.enabled:
            yield _secret(name, source.secret_env)
        elif isinstance(source, CmsSource) and source.enabled and source.secret_env:
            is_set = bool(os.environ.get(source.secret_env, "").strip())
            said = f"{source.secret_env} is {'set' if is_set else 'not set: the CMS will not be asked'}"
            yield Finding(State.ok if is_set else State.fail, f"cms {name}", said)


def _failing(settings: Settings) -> Iterator[Finding]:
    """Sources that did not answer when they were asked last. Doctor asks none itself."""
    from sqlalchemy.exc import SQLAlchemyError

    from flows.ledger.opening import glancing
    from flows.ledger.watching import source_states
    from flows.settings import load_sources

    sources = load_sources(settings.config_dir)
    try:
        with glancing(settings.ledger_url) as engine:
            states = source_states(engine) if engine is not None else ()
    except (SQLAlchemyError, ImportError):  # told of the ledger itself
        return
    for state in states:
        if state.failing and state.name in sources and sources[state.name].enabled:
            often = f"{state.failures} times in a row" if state.failures > 1 else "once"
            said = f"failed {often}, last with: {state.last_error}"
            yield Finding(State.warn, f"source {state.name}", said)


def _secret(name: str, variable: str) -> Finding:
    """A secret is judged without ever being shown."""
    from flows.webhook.signature import SecretError, read_secrets

    what, value = f"webhook {name}", os.environ.get(variable, "")
    try:
        read_secrets(value, variable)
    except SecretError as error:
        # Without a secret the door is shut, and safe; with a weak one somebody believes that it is guarded.
        state = State.fail if value.strip() else State.warn
        return Finding(state, what, f"{error}; until then every event is refused. {_HOW_TO_MAKE_ONE}")
    return Finding(State.ok, what, f"{variable} is set")


_HOW_TO_MAKE_ONE = (
    "Make one: python3 -c \"import base64, os; print('whsec_' + base64.b64encode(os.urandom(32)).decode())\""
)


def _destinations(settings: Settings) -> Iterator[Finding]:
    from flows.settings import FolderDestination, load_destinations

    if not (settings.config_dir / "destinations.yaml").exists():
        yield Finding(
            State.warn, "destinations", "none are configured (no destinations.yaml): nothing is published"
        )
        return
    destinations = load_destinations(settings.config_dir)
    if not any(one.enabled for one in destinations.values()):
        yield Finding(State.warn, "destinations", "none is enabled: nothing is published")
    for name, one in destinations.items():
        what = f"destination {name}"
        if not one.enabled:
            continue
        if isinstance(one, FolderDestination):
            yield _folder(what, settings.data_dir, one.path)
        elif one.url_env and not os.environ.get(one.url_env):
            yield Finding(State.fail, what, f"{one.url_env} is not set: the table's database is unknown")
        else:
            yield Finding(State.ok, what, f"table {one.table} in {one.url or '$' + str(one.url_env)}")


def _folder(what: str, data_dir: Path, path: str) -> Finding:
    if "://" in path:
        return Finding(State.ok, what, f"{path} (not tried)")
    folder = data_dir / path
    place = next(one for one in (folder, *folder.parents) if one.exists())
    if os.access(place, os.W_OK | os.X_OK):
        return Finding(State.ok, what, f"{folder} {'is writable' if place == folder else 'will be made'}")
    return Finding(State.fail, what, f"{folder} cannot be written: {place} is not writable by this user")


def _server(settings: Settings) -> Iterator[Finding]:
    """Whether the Prefect server and the webhook answer. Neither is needed for ``run`` and ``clean``."""
    for what, port in (("prefect server", settings.ui_port), ("webhook", settings.webhook_port)):
        if _answers(settings.host, port):
            yield Finding(State.ok, what, f"something answers on http://{settings.host}:{port}")
        else:
            yield Finding(State.ok, what, f"not up on port {port}; `cleancopy up` brings it up")


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1" if host == "0.0.0.0" else host, port), timeout=1):  # noqa: S104
            return True
    except OSError:
        return False
