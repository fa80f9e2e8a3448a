"""``cleancopy doctor``: what is configured, reachable, unsafe."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from flows.cli.doctor_destinations import destinations
from flows.cli.findings import Finding, State
from flows.cli.options import ConfigOption
from flows.cli.terminal import printable, say, stdout

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from flows.settings import Settings, WebhookSource

_ROOM = 500_000_000
"""Bytes of free disk below which doctor warns."""
_PACKAGES = ("trafilatura", "prefect", "google-re2", "pyyaml", "pydantic", "sqlalchemy")


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
    for look in (_configuration, _data, _ledger, _address, secrets, _failing, destinations, _server):
        yield from _guarded(look, settings)


def _guarded(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    from cleaners.rules import ConfigError

    try:
        yield from look(settings)
    except ConfigError:
        return  # the configuration's own line says it, once
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
    from sqlalchemy import inspect
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from flows.settings.databases import make_engine, with_driver

    url = make_url(with_driver(settings.ledger_url))
    if url.get_backend_name() == "sqlite" and (not url.database or not Path(url.database).exists()):
        # Looking must not make it: the ledger is made by the first run.
        yield Finding(State.ok, "ledger", f"{settings.shown_ledger_url} will be made by the first run")
        yield _sqlite("")
        return
    try:
        engine = make_engine(url)
        with engine.connect() as connection:
            tables = inspect(connection).get_table_names()
            lasts = list(_lasts(connection))
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error)
        yield Finding(State.fail, "ledger", f"{settings.shown_ledger_url} does not open: {reason}")
        return
    yield Finding(State.ok, "ledger", f"{settings.shown_ledger_url} opens, {len(tables)} tables")
    yield from lasts


def _lasts(connection: Connection) -> Iterator[Finding]:
    """Whether what is written is still there after a power cut."""
    from sqlalchemy import text

    if connection.dialect.name == "sqlite":
        yield _sqlite(str(connection.execute(text("PRAGMA journal_mode")).scalar()))
        return
    for name, loses in (
        ("fsync", "after a power cut its server may have a damaged ledger, or none"),
        ("full_page_writes", "a power cut may damage the ledger"),
        ("synchronous_commit", "a power cut may take back what was answered 202 in the second before it"),
    ):
        if connection.execute(text(f"SHOW {name}")).scalar() == "off":
            yield Finding(
                State.warn, "postgresql", f"{name} is off: {loses}. Switch it on in postgresql.conf"
            )


def _sqlite(found_mode: str) -> Finding:
    """``found_mode`` is the journal mode that the file says it is in: wal, or any of the others."""
    from flows.ledger.opening import THIS_SQLITE, WAL_IS_SAFE, journal_mode, journal_told

    if found_mode.upper() == "WAL" != journal_mode():
        here, safe = (".".join(map(str, version)) for version in (THIS_SQLITE, WAL_IS_SAFE))
        return Finding(
            State.warn,
            "sqlite",
            f"the ledger is in WAL mode, which SQLite {here} can corrupt when several programs write it. The next run takes it "
            f"out of that, if nothing else has it open: close what has, or update SQLite to {safe}",
        )
    return Finding(State.ok, "sqlite", journal_told())


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


def secrets(settings: Settings) -> Iterator[Finding]:
    """The sources that are switched on: whether what they need to be asked, or to be believed, is there."""
    from flows.settings import CmsSource, WebhookSource, asked, load_sources

    if not (settings.config_dir / "sources.yaml").exists():
        yield Finding(State.ok, "sources", "none are configured (no sources.yaml)")
        return
    sources = load_sources(settings.config_dir)
    enabled = [name for name, source in sources.items() if source.enabled]
    yield Finding(
        State.ok, "sources", f"{len(enabled)} of {len(sources)} enabled: {', '.join(enabled) or 'none'}"
    )
    for name in enabled:
        source = sources[name]
        if isinstance(source, WebhookSource):
            yield _secret(name, source)
        cms = asked(source)
        if isinstance(cms, CmsSource) and cms.secret_env:
            is_set = bool(os.environ.get(cms.secret_env, "").strip())
            said = f"{cms.secret_env} is {'set' if is_set else 'not set: the CMS will not be asked'}"
            yield Finding(State.ok if is_set else State.fail, f"cms {name}", said)
        if source.dry_run:
            said = "a dry run: its stories are cleaned and reported, and nothing of them goes out"
            then = "When the reports are as you want them, take dry_run out of sources.yaml"
            yield Finding(State.warn, f"source {name}", f"{said}. {then}")


def _failing(settings: Settings) -> Iterator[Finding]:
    """Sources that did not answer when they were asked last. Doctor asks none itself."""
    from sqlalchemy.exc import SQLAlchemyError

    from flows.ledger.opening import glancing
    from flows.ledger.watching import source_states
    from flows.settings import load_sources

    if not (settings.config_dir / "sources.yaml").exists():  # told of the sources themselves
        return
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


def _secret(name: str, source: WebhookSource) -> Finding:
    """A secret is judged without ever being shown."""
    from flows.settings.signing_secrets import SecretError
    from flows.webhook.adapters import ADAPTERS

    what, variable = f"webhook {name}", source.secret_env
    if variable is None:
        said = f"its secret is Prefect's block {source.secret_block}, which the receiver reads when it starts (its log tells)"
        return Finding(State.ok, what, said)
    value = os.environ.get(variable, "")
    try:
        ADAPTERS[source.adapter].read_secrets(value, variable)
    except SecretError as error:
        # Without a secret the door is shut, and safe; with a weak one somebody believes that it is guarded.
        state = State.fail if value.strip() else State.warn
        return Finding(state, what, f"{error}; until then every event is refused. {_HOW_TO_MAKE_ONE}")
    return Finding(State.ok, what, f"{variable} is set")


_HOW_TO_MAKE_ONE = (
    "Make one: python3 -c \"import base64, os; print('whsec_' + base64.b64encode(os.urandom(32)).decode())\""
)


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
