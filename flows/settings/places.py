"""Where things lie on this machine: configuration, data, ledger, reports; and the addresses that are served."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

import cleaners
from flows.settings.databases import with_driver

ENVIRONMENT = {
    "data_dir": "CLEANCOPY_DATA",
    "ledger_url": "CLEANCOPY_LEDGER",
    "host": "CLEANCOPY_HOST",
    "webhook_port": "CLEANCOPY_WEBHOOK_PORT",
    "ui_port": "CLEANCOPY_UI_PORT",
    "reports_port": "CLEANCOPY_REPORTS_PORT",
    "reports_url": "CLEANCOPY_REPORTS_URL",
    "workers": "CLEANCOPY_WORKERS",
    "story_seconds": "CLEANCOPY_STORY_SECONDS",
}
"""Which environment variable sets which setting. ``CLEANCOPY_CONFIG`` names the configuration folder."""


class Settings(BaseModel):
    """Everything a run needs to know about its surroundings.

    ``workers`` are the processes that clean; ``story_seconds`` is what one story may take before its worker is ended.
    ``ledger_url`` may hold a password: show ``shown_ledger_url``. ``reports_url`` is the address at which people open reports; without
    one a run tells where they lie.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    config_dir: Path
    data_dir: Path
    ledger_url: Annotated[str, AfterValidator(with_driver)] = Field(repr=False)
    host: str = "127.0.0.1"
    webhook_port: int = Field(default=8787, ge=1, le=65535)
    ui_port: int = Field(default=4200, ge=1, le=65535)
    reports_port: int = Field(default=4201, ge=1, le=65535)
    reports_url: str | None = Field(default=None, pattern=r"^https?://[^\s<>\"]+$")
    workers: int = Field(default_factory=lambda: max(1, min(8, _processors())), ge=1, le=256)
    story_seconds: float = Field(default=60.0, gt=0, le=3600)

    @property
    def reports_dir(self) -> Path:
        """One folder for each run, with ``index.html`` and a page for each story."""
        return self.data_dir / "reports"

    @property
    def shown_ledger_url(self) -> str:
        """The ledger's address without its password."""
        from sqlalchemy.engine import make_url

        return make_url(self.ledger_url).render_as_string(hide_password=True)


def load_settings(config_dir: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment, with defaults for everything.

    The configuration folder is the argument, else ``$CLEANCOPY_CONFIG``, else ``./config`` if it has a
    ``pipeline.yaml``, else the ``config`` of the checkout that this package lies in, else the one in the wheel.

    Raises ValueError, naming the variable, where one cannot be used.
    """
    environ = os.environ if environ is None else environ
    data_dir = Path(environ.get(ENVIRONMENT["data_dir"]) or "cleancopy-data").expanduser().resolve()
    given: dict[str, Any] = {
        field: environ[variable] for field, variable in ENVIRONMENT.items() if environ.get(variable)
    }
    given["config_dir"] = _config_dir(config_dir, environ)
    given["data_dir"] = data_dir
    if "ledger_url" in given:
        _check_ledger_url(given["ledger_url"])
    given.setdefault("ledger_url", f"sqlite:///{data_dir / 'ledger.sqlite'}")
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        variable = ENVIRONMENT.get(str(first["loc"][0]), str(first["loc"][0]))
        raise ValueError(f"{variable}={first['input']!r}: {first['msg']}.") from None


def _check_ledger_url(url: str) -> None:
    # Imported here: `cleancopy clean` finds its configuration through this module and needs no database.
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        make_url(url)
    except ArgumentError:
        # The message must not repeat the value: it may hold a password.
        raise ValueError(
            f"{ENVIRONMENT['ledger_url']} is not a database address. Write one such as "
            "sqlite:////srv/cleancopy/ledger.sqlite, or leave it away."
        ) from None


def _config_dir(chosen: Path | None, environ: Mapping[str, str]) -> Path:
    if chosen is not None:
        return chosen.expanduser().resolve()
    if named := environ.get("CLEANCOPY_CONFIG"):
        return Path(named).expanduser().resolve()
    package = Path(cleaners.__file__).resolve().parent
    candidates = (Path.cwd() / "config", package.parent / "config", package / "default_config")
    for candidate in candidates:
        if (candidate / "pipeline.yaml").is_file():
            return candidate
    # None has the file: the loader of the pipeline says so, with this path.
    return candidates[0]


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
