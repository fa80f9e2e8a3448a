"""A name that is looked up within a time.

The system's look-up cannot be interrupted, and its own limits add up to minutes: five seconds, for each try at each of its servers.
So it runs in a thread that can be left. One that was left ends when the system gives up, and keeps no program from ending.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait

from flows.sources.addresses import Address

Lookup = Callable[[str, int], tuple[Address, ...]]

MOST_AT_ONCE = 64
"""Names that are looked up at one moment, those that were left among them; each holds a thread."""

_under_way: dict[tuple[Lookup, str, int], Future[tuple[Address, ...]]] = {}
_changing = threading.Lock()


def look_up(lookup: Lookup, host: str, port: int, seconds: float | None) -> tuple[Address, ...]:
    """What ``lookup`` finds, within so many seconds (None: however long it takes).

    Who asks for a name that is just looked up waits for the same answer: a name that hangs holds one thread, however often it is
    asked for. Raises TimeoutError, OSError where too many names hang, and what ``lookup`` raises.
    """
    if (address := _address(host)) is not None:
        return (address,)
    asked = lookup, host, port
    with _changing:
        answer = _under_way.get(asked)
        if answer is None:
            if len(_under_way) >= MOST_AT_ONCE:
                raise OSError(f"{MOST_AT_ONCE} names are looked up already, and none is answered")
            answer = Future()
            threading.Thread(target=_run, args=(asked, answer), name="look-up", daemon=True).start()
            _under_way[asked] = answer
    done, _ = wait([answer], seconds)
    if not done:
        raise TimeoutError(f"looking up {host!r} took too long")
    return answer.result()


def _run(asked: tuple[Lookup, str, int], answer: Future[tuple[Address, ...]]) -> None:
    lookup, host, port = asked
    try:
        found = lookup(host, port)
    except Exception as problem:
        _forget(asked)
        answer.set_exception(problem)
    else:
        _forget(asked)
        answer.set_result(found)


def _forget(asked: tuple[Lookup, str, int]) -> None:
    """Before the answer is told: who asks again afterwards, asks anew."""
    with _changing:
        del _under_way[asked]


def _address(host: str) -> Address | None:
    """The address that is written there in full; None: it is a name, or a form that only the system reads, such as ``127.1``."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
