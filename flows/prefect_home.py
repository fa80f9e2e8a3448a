"""The settings that Prefect runs under: data in our own folder, quiet, telling nobody."""

from __future__ import annotations

import http.client
import re
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from flows.settings import Settings

TAG = "cleancopy"
"""All our deployments and their runs have it: to filter by, in the list of runs."""
DATABASE = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
EMBEDDED = {"UVICORN_HTTP": "h11", "UVICORN_LOOP": "asyncio"}
"""For a server that Prefect starts by itself, with uvicorn's own command line, which these variables set: it cannot be run as
``flows.prefect_server``, and on this parser and loop what is told there comes to pass a third as often."""


def served_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` for the children of ``cleancopy up``: the server, the deployments, the receiver."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    # A browser cannot open http://0.0.0.0; and children on this machine need no detour.
    near = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "[::]") else host  # noqa: S104
    api = f"http://{near}:{settings.ui_port}/api"
    return common_environment(settings, environ) | {
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_UI_API_URL": "/api",
        "PREFECT_UI_URL": f"http://{near}:{settings.ui_port}",
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        # Or any page that an editor has open could start a run: the server itself asks nobody who he is.
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # With the default a run that was asked for starts after 10 to 24 seconds; with this, after about 3. What is posted
        # need not wait for it (see warm_drain), and each look costs the server 15 ms.
        "PREFECT_RUNNER_POLL_FREQUENCY": "2",
        # Looked for every 5 seconds by default, which is a fifth of what an idle server does: runs that are late, pauses that are
        # over (we make none), messages to workers that were lost (neither).
        "PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS": "30",
        "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_LOOP_SECONDS": "60",
        "PREFECT_SERVER_SERVICES_CLEANUP_RECONCILER_LOOP_SECONDS": "60",
        # What a run left (logs, artifacts) goes when the run has gone; by default it stays for good.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,orphans",
        "PREFECT_LOGGING_LEVEL": "INFO",
        "CLEANCOPY_REPORTS_URL": settings.reports_url or f"http://{near}:{settings.reports_port}",
        **_server_database(environ),
    }


def embedded_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` for one flow run without a server: Prefect starts a small one for it, and ends it.

    Makes the folder that it lives in: another one than the server's of ``cleancopy up``, which may be running beside it.
    PREFECT_API_URL is not among the result, and must not be set.
    """
    home = settings.data_dir / "prefect-embedded"
    home.mkdir(parents=True, exist_ok=True)
    services = ("SCHEDULER", "LATE_RUNS", "FOREMAN", "TRIGGERS", "PAUSE_EXPIRATIONS", "REPOSSESSOR")
    env = common_environment(settings, environ) | {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
        # The first start makes the database, which takes longer than the 20 seconds that Prefect waits by itself.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
        "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        **EMBEDDED,
    }
    env.pop("PREFECT_API_URL", None)
    # The database of the newsroom's server: a small one beside it would take its work, and do none of it.
    env.pop(DATABASE, None)
    return env | {f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false" for service in services}


def _server_database(environ: Mapping[str, str]) -> dict[str, str]:
    """Prefect's own database, if it is not its SQLite file: Prefect wants the driver named."""
    given = environ.get(DATABASE, "")
    with_driver = re.sub(r"^postgres(ql)?://", "postgresql+asyncpg://", given)
    return {DATABASE: with_driver} if given else {}


def marker(settings: Settings) -> Path:
    """A file that is there while ``cleancopy up`` serves the deployments."""
    return settings.data_dir / "prefect" / "serving"


def answers(url: str) -> bool:
    """Whether ``url`` answers 200 now."""
    # Not httpx: it reads all authorities of the machine for each call, which takes longer than the call.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def common_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """What holds for both: the user's own Prefect (its home, profile and key) is left alone."""
    dropped = ("PREFECT_PROFILE", "PREFECT_API_KEY", "PREFECT_PROFILES_PATH")
    kept = {key: value for key, value in environ.items() if key not in dropped}
    # A server that asks for a password asks our own children, too: without it all they get is 401.
    if password := environ.get("PREFECT_SERVER_API_AUTH_STRING"):
        kept.setdefault("PREFECT_API_AUTH_STRING", password)
    return kept | {
        "CLEANCOPY_CONFIG": str(settings.config_dir),
        "CLEANCOPY_DATA": str(settings.data_dir),
        "CLEANCOPY_LEDGER": settings.ledger_url,
        "CLEANCOPY_HOST": settings.host,
        "CLEANCOPY_UI_PORT": str(settings.ui_port),
        "CLEANCOPY_WEBHOOK_PORT": str(settings.webhook_port),
        "CLEANCOPY_REPORTS_PORT": str(settings.reports_port),
        "CLEANCOPY_WORKERS": str(settings.workers),
        "CLEANCOPY_STORY_SECONDS": str(settings.story_seconds),
        "PREFECT_HOME": str(settings.data_dir / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_CLI_PROMPT": "false",
        "PYTHONUNBUFFERED": "1",
    }
