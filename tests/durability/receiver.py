"""The product's receiver as it is, but for Prefect: there is none to wake, and none to be imported.

python -m tests.durability.receiver JOURNAL_MODE SYNCHRONOUS     "-" for the product's own; the environment sets the rest
"""

from __future__ import annotations

import sys

from flows.settings import load_settings
from flows.webhook import serve
from tests.durability.sqlite_settings import set_sqlite

if __name__ == "__main__":
    set_sqlite(*sys.argv[1:3])
    serve(load_settings(), on_stored=lambda: None)
