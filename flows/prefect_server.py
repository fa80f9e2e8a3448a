"""``python -m flows.prefect_server prefect server start …``: Prefect's server, which does not hang where its database is SQLite.

Python collects garbage on whichever thread happens to allocate, and for Prefect's server that is its event loop. What is collected has
cursors of SQLite among it, and to reset one takes the lock of its connection. Where that connection waits for another one's transaction (for
up to a minute: Prefect's ``busy_timeout``), the event loop waits with it, and so that transaction never ends: no request is answered for
a minute. With h11 and asyncio that was one burst in six, with httptools and uvloop one in two.
"""

from __future__ import annotations

import gc
import runpy
import sys
import threading
import time
from itertools import count

COLLECT_SECONDS = 0.5
"""Between two collections of what is young; every tenth looks at what is older, too, every hundredth at all."""
STARTED = 40
"""After so many what is there is there for good, and is looked at no more: the modules of the server, a quarter of a second each time."""


def collect_beside(seconds: float = COLLECT_SECONDS) -> None:
    """From now on garbage is collected by a thread of its own, which may wait: nobody waits for it."""
    gc.disable()
    threading.Thread(target=_collect, args=(seconds,), name="garbage", daemon=True).start()


def _collect(seconds: float) -> None:
    for round in count(1):
        time.sleep(seconds)
        gc.collect(2 if round % 100 == 0 or round == STARTED else 1 if round % 10 == 0 else 0)
        if round == STARTED:
            gc.freeze()


if __name__ == "__main__":
    collect_beside()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
