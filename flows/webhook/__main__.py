"""``python -m flows.webhook``: the receiver alone, set by the environment (see ``flows.settings``)."""

from __future__ import annotations

import logging
import sys

from cleaners.rules.errors import ConfigError
from flows.settings import load_settings
from flows.webhook.server import serve


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # httpx tells every request to Prefect's API at INFO.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        serve(load_settings())
    except (ConfigError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass  # uvicorn has closed everything and hands the signal on
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
