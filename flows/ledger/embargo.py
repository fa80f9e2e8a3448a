"""Embargoes that end by themselves: a story that nothing else holds goes out when its time has come.

Only where there is no doubt: each time is read with day, hour and zone, and no further reason speaks against the story. Anything
else is held, and a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

STOPS = ("embargo", "hold", "advisory")
"""The signals that hold a story. (The others kill it, or are notes.)"""


def embargo_of(record: Mapping[str, Any]) -> datetime | None:
    """Until when a story is kept back, if embargoes are all that holds it, and all their times are known; else None.

    >>> signal = {"kind": "embargo", "text": "EMBARGOED UNTIL 0900 GMT 6 MARCH 2026", "until": "2026-03-06T09:00:00+00:00"}
    >>> reason = "embargo: the raw copy says “EMBARGOED UNTIL 0900 GMT 6 MARCH 2026” (until 2026-03-06T09:00:00+00:00)"
    >>> record = {"verdict": "hold", "reasons": [reason], "signals": [signal]}
    >>> embargo_of(record).isoformat()
    '2026-03-06T09:00:00+00:00'
    >>> embargo_of({**record, "reasons": [reason, "no sentence is left to publish"]}) is None
    True
    """
    if record["verdict"] != "hold" or record.get("decided"):
        return None
    stops = [one for one in record.get("signals") or () if one["kind"] in STOPS]
    if not stops or any(one["kind"] != "embargo" for one in stops):
        return None
    ends = [_moment(one.get("until")) for one in stops]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return None
    # Imported here: it takes a moment, and few stories are under embargo.
    from cleaners.judge import said
    from cleaners.model import Signal

    told = tuple(said(Signal("embargo", one["text"], one["until"])) for one in stops)
    reasons = record["reasons"]
    return max(known) if reasons and all(reason.startswith(told) for reason in reasons) else None


def released(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record as it is published once its embargo is over; any other as it is."""
    end = embargo_of(record)
    if end is None:
        return record
    return {**record, "verdict": "publish", "reasons": [f"its embargo ended on {end:%Y-%m-%d %H:%M} UTC"]}


def _moment(until: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(until or "")
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):  # no time at all, or one of the year 9999
        return None
