"""``python -m flows.prefect_server prefect server start …``: Prefect's server on the parser and the event loop that it is known with.

The receiver parses HTTP with httptools, which uvicorn takes wherever it finds it. Prefect's server with httptools and uvloop let a run
hang at its end in two of four bursts (why, is not known); with h11 and asyncio in none. uvicorn's options cannot be given to it.
"""

from __future__ import annotations

import runpy
import sys

QUICK = ("httptools", "uvloop")
EMBEDDED = {"UVICORN_HTTP": "h11", "UVICORN_LOOP": "asyncio"}
"""The same for a server that Prefect starts by itself, with uvicorn's own command line, which these variables set."""


def hide_quick() -> None:
    """From now on they cannot be imported in this process (https://docs.python.org/3/reference/import.html#the-module-cache)."""
    for name in QUICK:
        sys.modules[name] = None  # type: ignore[assignment]


if __name__ == "__main__":
    hide_quick()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
