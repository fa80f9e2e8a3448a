"""The part of ``cleancopy doctor`` that looks at destinations: their secrets are there, and their places answer."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flows.cli.findings import Finding, State

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from flows.settings import CmsDestination, Destination, Settings, TableDestination, WebhookDestination

_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 10.0


def destinations(settings: Settings) -> Iterator[Finding]:
    """Nothing is published, and no password is shown."""
    from flows.settings import load_destinations

    if not (settings.config_dir / "destinations.yaml").exists():
        yield Finding(
            State.warn, "destinations", "none are configured (no destinations.yaml): nothing is published"
        )
        yield from _kills_left(settings, ())
        return
    known = load_destinations(settings.config_dir)
    yield from _kills_left(settings, known)
    if not any(one.enabled for one in known.values()):
        yield Finding(State.warn, "destinations", "none is enabled: nothing is published")
    for one in known.values():
        if one.enabled:
            yield _destination(one, settings.data_dir)
    yield from _reached(settings, known)
    if off := [one.name for one in known.values() if not one.enabled]:
        yield Finding(
            State.ok,
            "switched off",
            f"{', '.join(off)} (enabled: no): what arrives meanwhile is not owed there, also not once it is switched on. Publish it "
            "there later with Deployments → clean-stories → Run, “Publish to”",
        )


def _reached(settings: Settings, known: Mapping[str, Destination]) -> Iterator[Finding]:
    """Destinations that wait in vain: for the stories of a source that are to be cleaned in place there, or for any at all."""
    from flows.settings import load_sources, wanted_destinations

    if not (settings.config_dir / "sources.yaml").exists():
        return
    sources = {name: one for name, one in load_sources(settings.config_dir).items() if one.enabled}
    goes = {name: wanted_destinations(known, one.destinations) for name, one in sources.items()}
    in_vain = []
    for one in known.values():
        if not one.enabled:
            continue
        origins = [name for name in getattr(one, "in_place", ()) if name in goes]
        for origin in origins:
            if one.name not in goes[origin]:
                yield Finding(
                    State.warn,
                    f"in place {origin}",
                    f"{one.name} is to clean its stories where they stand, but they do not go there: nothing is written back. "
                    f"Write destinations: [{', '.join((*goes[origin], one.name))}] at {origin} in sources.yaml",
                )
        if not origins and not one.default and not any(one.name in names for names in goes.values()):
            in_vain.append(one.name)
    if in_vain:
        yield Finding(
            State.warn,
            "not reached",
            f"{', '.join(in_vain)}: the stories of no source go there by themselves. Write destinations: [{in_vain[0]}] at a source, "
            "or default: yes at the destination",
        )


def _kills_left(settings: Settings, known: Collection[str]) -> Iterator[Finding]:
    """Destinations where a story is to be taken down, and that are not among the ``known``: nobody goes there."""
    from sqlalchemy.exc import SQLAlchemyError

    from flows.cli.outbox import NOT_CONFIGURED
    from flows.ledger.opening import glancing
    from flows.ledger.owing import open_kills

    try:
        with glancing(settings.ledger_url) as engine:
            kills = open_kills(engine, datetime.now(UTC)) if engine is not None else []
    except (SQLAlchemyError, ImportError):  # told of the ledger itself
        return
    for name, count in Counter(one.destination for one in kills if one.destination not in known).items():
        what = "a story that was killed is" if count == 1 else f"{count} stories that were killed are"
        yield Finding(State.fail, f"destination {name}", f"{what} not down there; it is {NOT_CONFIGURED}")


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
            found = _server(what, one.url, (one.secret_env,))
            locks = one.api == "wordpress" and one.in_place and found.state is State.ok
            return _wordpress(what, one) if locks else found
        case WebhookDestination():
            return _webhook(what, one)
        case _:
            return _table(what, one, data_dir)


def _table(what: str, one: TableDestination, data_dir: Path) -> Finding:
    """Whether its database answers. Nothing is made there; of a SQLite file the folder is looked at."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from flows.settings.databases import with_driver

    address = one.url or os.environ.get(one.url_env or "")
    if not address:
        return Finding(State.fail, what, f"{one.url_env} is not set: the table's database is unknown")
    try:
        url = make_url(with_driver(address))
    except ArgumentError:
        return Finding(State.fail, what, f"what {one.url_env or 'url'} holds is not a database address")
    if url.get_backend_name() == "sqlite":
        return _database_file(what, one, url, data_dir)
    try:
        found = _asked(url, one.table)
    except Exception as error:  # each driver has errors of its own
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        from flows.sources.echoed import without_secrets

        said = without_secrets(said, [str(url.password or "")])
        return Finding(
            State.fail, what, f"{_shown(url)} cannot be reached: {said}; stories wait until it can"
        )
    return Finding(
        State.ok, what, f"{_shown(url)} answers; table {one.table} {'is there' if found else 'will be made'}"
    )


def _database_file(what: str, one: TableDestination, url: URL, data_dir: Path) -> Finding:
    if not url.database or url.database == ":memory:":
        return Finding(State.fail, what, "a table in memory is gone with the run: write url: sqlite:///FILE")
    file = data_dir / url.database
    if not file.exists():
        return _folder(what, data_dir, str(file.parent))
    try:
        found = _asked(url.set(database=str(file)), one.table)
    except Exception as error:
        said = getattr(error, "orig", None) or error
        return Finding(State.fail, what, f"{file} is no database that can be read: {said}")
    if not os.access(file, os.W_OK):
        return Finding(State.fail, what, f"{file} is not writable by this user")
    return Finding(
        State.ok, what, f"{file} opens; table {one.table} {'is there' if found else 'will be made'}"
    )


def _asked(url: URL, table: str) -> bool:
    """Whether the table is there. Raises what the driver raises where the database does not answer in time."""
    from sqlalchemy import inspect

    from flows.settings.databases import make_engine

    patience = {} if url.get_backend_name() == "sqlite" else {"connect_timeout": int(_CONNECT_SECONDS)}
    engine = make_engine(url, connect_args=patience)
    try:
        with engine.connect() as connection:
            return inspect(connection).has_table(table)
    finally:
        engine.dispose()


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


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


def _wordpress(what: str, one: CmsDestination) -> Finding:
    """Whether its own posts can be locked while they are written. It is asked as an editor asks, and nothing is written."""
    from flows.destinations.client import Unanswered
    from flows.destinations.cms import has_plugin
    from flows.destinations.publication import PublishError

    try:
        if has_plugin(one.model_copy(update={"seconds": min(one.seconds, _ANSWER_SECONDS)})):
            return Finding(State.ok, what, f"WordPress answers on {one.url}, with our plugin")
    except Unanswered as error:
        return Finding(State.warn, what, f"{error}; stories wait until it answers")
    except PublishError as error:
        return Finding(State.fail, what, str(error))
    return Finding(
        State.warn,
        what,
        f"WordPress answers on {one.url} without our plugin (or its posts are in no InnoDB table): what an editor saves in the same "
        "milliseconds in which a post is cleaned can be lost. Put the plugin in: cleancopy plugin wordpress > "
        "wp-content/mu-plugins/cleancopy.php",
    )


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
