"""The part of ``cleancopy doctor`` that looks at destinations: their secrets are there, and their places answer."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flows.cli.findings import Finding, State

if TYPE_CHECKING:
    from flows.settings import Destination, Settings, TableDestination, WebhookDestination

_CONNECT_SECONDS = 3.0


def destinations(settings: Settings) -> Iterator[Finding]:
    """Nothing is published, and no password is shown."""
    from flows.settings import load_destinations

    if not (settings.config_dir / "destinations.yaml").exists():
        yield Finding(
            State.warn, "destinations", "none are configured (no destinations.yaml): nothing is published"
        )
        return
    known = load_destinations(settings.config_dir)
    if not any(one.enabled for one in known.values()):
        yield Finding(State.warn, "destinations", "none is enabled: nothing is published")
    for one in known.values():
        if one.enabled:
            yield _destination(one, settings.data_dir)


def _destination(one: Destination, data_dir: Path) -> Finding:
    from flows.settings import (
        CmsDestination,
        FeedDestination,
        FolderDestination,
        HttpDestination,
        WebhookDestination,
    )

    what = f"destination {one.name}"
    match one:
        case FolderDestination() if "://" in one.path.removeprefix("file://") or "::" in one.path:
            return _store(what, one.path, data_dir)
        case FolderDestination() | FeedDestination():
            return _folder(what, data_dir, one.path)
        case HttpDestination():
            return _server(what, one.url, (one.secret_env, *one.headers_env.values()))
        case CmsDestination():
            return _server(what, one.url, (one.secret_env,))
        case WebhookDestination():
            return _webhook(what, one)
        case _:
            return _table(what, one)


def _table(what: str, one: TableDestination) -> Finding:
    if one.url_env and not os.environ.get(one.url_env):
        return Finding(State.fail, what, f"{one.url_env} is not set: the table's database is unknown")
    return Finding(State.ok, what, f"table {one.table} in {one.url or '$' + str(one.url_env)}")


def _folder(what: str, data_dir: Path, path: str) -> Finding:
    folder = data_dir / Path(path.removeprefix("file://")).expanduser()
    place = next(one for one in (folder, *folder.parents) if one.exists())
    if os.access(place, os.W_OK | os.X_OK):
        return Finding(State.ok, what, f"{folder} {'is writable' if place == folder else 'will be made'}")
    return Finding(State.fail, what, f"{folder} cannot be written: {place} is not writable by this user")


def _store(what: str, path: str, data_dir: Path) -> Finding:
    from flows.destinations.publication import PublishError
    from flows.destinations.stores import RemoteStore, open_store

    try:
        store = open_store(path, data_dir)
        assert isinstance(store, RemoteStore)
        store.look()
    except PublishError as error:
        return Finding(State.fail, what, str(error))
    except Exception as error:  # each store has errors of its own, also for credentials
        return Finding(State.fail, what, f"{path} cannot be reached: {type(error).__name__}: {error}")
    return Finding(State.ok, what, f"{path} answers")


def _server(what: str, url: str, variables: Iterable[str | None]) -> Finding:
    for variable in variables:
        if variable and not os.environ.get(variable, "").strip():
            return Finding(State.fail, what, f"{variable} is not set: nothing can be published there")
    return _answers(what, url)


def _webhook(what: str, one: WebhookDestination) -> Finding:
    from flows.settings.signing_secrets import SecretError, read_secrets

    try:
        read_secrets(os.environ.get(one.secret_env, ""), one.secret_env)
    except SecretError as error:
        return Finding(State.fail, what, f"{error}; until then no event is sent")
    return _answers(what, one.url)


def _answers(what: str, url: str) -> Finding:
    """Whether something listens there: no request is sent, for it could do something."""
    parts = urlsplit(url)
    place = f"{parts.scheme}://{parts.netloc}"
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), timeout=_CONNECT_SECONDS):
            return Finding(State.ok, what, f"something answers on {place}")
    except (OSError, ValueError) as error:
        return Finding(
            State.warn, what, f"nothing answers on {place} ({error}); stories wait until something does"
        )
