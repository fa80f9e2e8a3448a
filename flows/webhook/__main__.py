"""``python -m flows.webhook``: the receiver alone, set by the environment (see ``flows.settings``).

``--stand-by``: nobody is woken, for a drain stands by.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from cleaners.rules.errors import ConfigError
from flows.settings import load_settings
from flows.webhook.server import serve


def main(config_dir: Path | None = None, *, stand_by: bool = False) -> int:
    """Receive until Ctrl-C or SIGTERM; the exit code: 0, or 2 with a message where the settings or sources.yaml cannot be used."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # A line for each event, and none of them says which thread or process or line of ours wrote it: what is not told need not be
    # found out (https://docs.python.org/3/howto/logging.html#optimization).
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    # httpx tells every request to Prefect's API at INFO.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        serve(load_settings(config_dir), on_stored=_nobody if stand_by else None)
    except (ConfigError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass  # uvicorn has closed everything and hands the signal on
    return 0


def _nobody() -> None:
    """A drain that stands by looks into the inbox itself."""


if __name__ == "__main__":
    raise SystemExit(main(stand_by="--stand-by" in sys.argv[1:]))
