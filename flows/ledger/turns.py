"""Writers of a SQLite ledger stand in line, so that one who writes again and again keeps nobody out.

SQLite has no line: whoever looks in the moment in which the lock is free has it. A drain that writes one transaction after the other is
nearly always quicker than a receiver that looks every other millisecond, whose senders waited for seconds.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

if sys.platform != "win32":
    import fcntl


def join_line(database: str | None) -> int | None:
    """Wait until nobody else of us tries to become the next writer; what ``leave_line`` ends. None: there is no line to stand in.

    It is a lock of an empty file beside the ledger. The lock is the system's: it ends with the process. Where there is none (Windows, some
    network drives, a full disk) it goes on without, as SQLite does.
    """
    if sys.platform == "win32" or not database or database == ":memory:":
        return None
    with suppress(OSError):
        line = os.open(f"{database}.turn", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        with suppress(OSError):
            fcntl.flock(line, fcntl.LOCK_EX)
        return line
    return None


def leave_line(line: int | None) -> None:
    """Let the next one try. To be called when the ledger is locked for us, or it was tried in vain."""
    if line is not None:
        os.close(line)
