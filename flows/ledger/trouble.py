"""What ails a ledger, in words that may stand in a log: which fault it is and what to do, and nothing of a story."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from flows.settings.sqlite import SQLITE

# SQLite's own names for its faults, from the special to the general: SQLITE_IOERR_WRITE is an SQLITE_IOERR.
_OF_SQLITE = {
    "SQLITE_FULL": "the disk that it lies on is full; make room, then it goes on by itself and nothing is lost",
    "SQLITE_BUSY": "another program holds it; end what keeps it open, if that lasts",
    "SQLITE_LOCKED": "another program holds it; end what keeps it open, if that lasts",
    "SQLITE_READONLY": "it cannot be written; let the user that cleancopy runs as write the file and its folder",
    "SQLITE_CANTOPEN": "it, or its journal beside it, cannot be opened; see that its folder is there, can be written and has room",
    "SQLITE_IOERR": "its disk does not do what it is told; look whether it is full, and into the system's log",
    "SQLITE_CORRUPT": "it is damaged; end cleancopy and go back to the last backup: cleancopy restore FILE",
    "SQLITE_NOTADB": "it is no SQLite database; see that CLEANCOPY_LEDGER names the right file",
}
# PostgreSQL's classes of faults: https://www.postgresql.org/docs/current/errcodes-appendix.html
_OF_POSTGRESQL = {
    "53100": "the disk of its server is full; make room, then it goes on by itself and nothing is lost",
    "53300": "its server has no connection left; raise max_connections, or end what holds them",
    "08": "its server cannot be reached; it is tried again",
    "57": "its server is stopping or starting; it is tried again",
    "28": "its server does not let this user in; see CLEANCOPY_LEDGER",
    "25006": "its server only reads just now; see whether it is a stand-by",
}


def trouble(error: BaseException) -> str:
    """Why the ledger failed: the fault's name, and what to do where that is known.

    Never a database's own words: they may hold the statement's values, which are the story.

    >>> trouble(OSError(28, "No space left on device"))
    'OSError: No space left on device'
    """
    orig = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    name = type(orig).__name__
    if isinstance(orig, OSError):
        return f"{name}: {orig.strerror}"
    if isinstance(orig, SQLITE.Error):
        code = getattr(orig, "sqlite_errorname", None) or ""
        known = _OF_SQLITE
    else:
        code = getattr(orig, "sqlstate", None) or ""
        known = _OF_POSTGRESQL
        if not code and name == "OperationalError":
            code = "08"  # psycopg gives no code for a server that does not answer
    said = next((words for start, words in known.items() if code.startswith(start)), None)
    told = f"{name}, {code}" if code else name
    return f"{told}: {said}" if said else told
