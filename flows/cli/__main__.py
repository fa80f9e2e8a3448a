"""``python -m flows.cli``: the same as ``cleancopy``."""

from __future__ import annotations

from flows.cli import app

app(prog_name="cleancopy")
