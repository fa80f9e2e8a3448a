"""The pipeline with its rules' examples tried: a rule that does not do what its own examples say is never used.

All of 1,700 rules take ten seconds; so the fingerprints of those that held are kept in the user's cache, and a rule is tried when it is new
or has changed. The cache may be lost at any time, or be read-only: then they are tried again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleaners.pipeline import Pipeline

FILE = "tried-rules.txt"
_MOST = 100_000
"""Fingerprints that are kept: several configurations of ten thousand rules."""
_MANY = 200
"""So many untried rules are worth a word, where somebody is looking."""


def load_tried_pipeline(directory: Path, environ: Mapping[str, str] | None = None) -> Pipeline:
    """As ``cleaners.pipeline.load_pipeline``; ``ConfigError`` also for a rule whose examples do not hold."""
    from cleaners.pipeline import load_pipeline
    from cleaners.rules import check_examples, fingerprints

    pipeline = load_pipeline(directory)
    path = cache_dir(os.environ if environ is None else environ) / FILE
    known = _read(path)
    own = fingerprints(pipeline.rulebook)
    new = len(own - known)
    if not new:
        return pipeline
    if new >= _MANY and sys.stderr.isatty():
        print(f"Trying the examples of {new:,} rules, which is done once …", file=sys.stderr)
    errors = check_examples(pipeline.rulebook, known)
    if errors:
        raise errors[0]
    _write(path, _together(own, known))
    return pipeline


def keep_tried(directory: Path) -> None:
    """Keep that all rules of a configuration were tried and held."""
    from cleaners.rules import fingerprints, load_rulebook

    path = cache_dir(os.environ) / FILE
    own, known = fingerprints(load_rulebook(directory)), _read(path)
    if own - known:
        _write(path, _together(own, known))


def cache_dir(environ: Mapping[str, str]) -> Path:
    """``$CLEANCOPY_CACHE``, else ``cleancopy`` in ``$XDG_CACHE_HOME``, else in ``~/.cache``."""
    if environ.get("CLEANCOPY_CACHE"):
        return Path(environ["CLEANCOPY_CACHE"]).expanduser()
    return Path(environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "cleancopy"


def _read(path: Path) -> frozenset[str]:
    try:
        return frozenset(path.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return frozenset()


def _together(own: frozenset[str], known: frozenset[str]) -> frozenset[str]:
    return own | known if len(own | known) <= _MOST else own


def _write(path: Path, fingerprints: frozenset[str]) -> None:
    """Whole or not at all. Two that write at once lose one's fingerprints, and time."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_text("\n".join(sorted(fingerprints)) + "\n", encoding="ascii")
        new.replace(path)
    except OSError:  # no cache: they are tried again next time
        with suppress(OSError):
            new.unlink()
