"""What a wire item's envelope says about publishing it, as lines for editors: a status that is not known holds.

Every format says the same few things in its own words. Here they become the instructions that ``cleaners.read.signals``
reads from any copy ("EMBARGOED UNTIL …", "HOLD HOLD HOLD: …"), so that there is one way to stop a story.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_USABLE = {"usable", "published", "publish", "public", "live", "active", "released"}
_CANCELED = {
    *(
        "canceled",
        "cancelled",
        "cancel",
        "cancelation",
        "cancellation",
        "kill",
        "killed",
        "kills",
        "recall",
        "recalled",
    ),
    *(
        "unpublish",
        "unpublished",
        "withdraw",
        "withdrawn",
        "withdrawal",
        "retract",
        "retracted",
        "retraction",
        "deleted",
    ),
    *("spike", "spiked", "takedown", "trash", "annulled"),
}
"""As ninjs and NewsML-G2 have it ("stat:canceled"), and as Superdesk, WordPress and others say it."""
_HARMLESS_SIGNALS = {"atomic", "active", "u", "usable", "new", "initial"}
_UPDATES = {"update", "updated", "writethru", "republish", "repeat", "lead", "replace"}
_CORRECTIONS = {"correction", "corrected", "corrective", "correct", "refile", "clarification"}
_LONGEST = 200
_SHORT_ZONE = re.compile(r"T[\d:.]+[+-]\d{4}\Z")
"""Half of the long form and half of the short one: "2026-03-05T12:00:00+0000", as Superdesk sends it."""
_SENDING = timedelta(minutes=1)
"""Between the time at which a story is issued and that at which it is released lies the time of sending it."""


def status_line(status: object, said_by: str = "pubstatus") -> str | None:
    """The instruction in a publishing status; None: the story may be used.

    >>> status_line("stat:usable"), status_line("http://cv.iptc.org/newscodes/pubstatusg2/canceled")
    (None, 'STORY WITHDRAWN: pubstatus canceled')
    >>> status_line("withheld"), status_line("in-clearance")
    ('HOLD HOLD HOLD: pubstatus withheld', 'HOLD HOLD HOLD: pubstatus in-clearance')
    """
    if status is None:
        return None
    word = _code(status)
    if word in _USABLE:
        return None
    order = "STORY WITHDRAWN" if word in _CANCELED else "HOLD HOLD HOLD"
    return f"{order}: {said_by} {word or 'is empty'}"


def embargo_line(until: object) -> str:
    """The instruction in an embargo; ``until`` as it was sent, empty: until further notice.

    >>> embargo_line("20260306T000100Z"), embargo_line("")
    ('EMBARGOED UNTIL 2026-03-06T00:01:00+00:00', 'EMBARGOED UNTIL further notice')
    """
    return f"EMBARGOED UNTIL {iso(_line(until)) or 'further notice'}"


def signal_line(signal: object) -> str | None:
    """The instruction in a signal of NewsML-G2 or ninjs; one that is not known holds.

    >>> signal_line("sig:correction"), signal_line("sig:atomic"), signal_line("sig:ask-lawyers")
    ('CORRECTED: signal correction', None, 'HOLD HOLD HOLD: signal ask-lawyers')
    """
    word = _code(signal)
    if word in _HARMLESS_SIGNALS:
        return None
    if word in _UPDATES:
        return "(Updates)"
    if word in _CORRECTIONS:
        return f"CORRECTED: signal {word}"
    if "embargo" in word:
        return embargo_line("")
    return status_line(signal, "signal")


def priority_line(priority: object) -> str | None:
    """AP sends its kills as bulletins: priority "b". Numbers, and the other letters of the wires, say nothing against a story.

    >>> priority_line("b"), priority_line(4)
    ('HOLD HOLD HOLD: priority b, as bulletins and kills have it', None)
    """
    word = _code(priority)
    return (
        f"HOLD HOLD HOLD: priority {word}, as bulletins and kills have it"
        if word in ("b", "bulletin", "kill")
        else None
    )


def release_line(release: str | None, issued: str | None) -> str | None:
    """The embargo in a release date that lies after the story's issue. Where that cannot be told, there is one.

    >>> release_line("20260306T000100Z", "20260305T120000Z")
    'EMBARGOED UNTIL 2026-03-06T00:01:00+00:00'
    >>> release_line("20260305T120012Z", "20260305T120000Z") is None
    True
    """
    if not release or not release.strip():
        return None
    if issued and issued.strip():
        if release.strip() == issued.strip():
            return None
        ahead = _ahead(release, issued)
        if ahead is not None and ahead <= _SENDING:
            return None
    return embargo_line(release)


def expiry_line(expires: object, issued: str | None) -> str | None:
    """What an expiry means: a note, or a hold where it is past already, or cannot be read.

    >>> expiry_line("2026-04-01T00:00:00Z", "2026-03-05T12:00:00Z")
    'Expires 2026-04-01T00:00:00Z'
    """
    when = iso(_line(expires))
    if not when:
        return None
    if _moment(when) is None:
        return f"HOLD HOLD HOLD: it expires at {when}, which is no date"
    ahead = _ahead(when, issued) if issued else None
    if ahead is not None and ahead <= timedelta(0):
        return f"HOLD HOLD HOLD: its time is over\nExpired {when}"
    return f"Expires {when}"


def instructions(lines: Iterable[str | None]) -> str | None:
    """The lines as an ``ednote``, each once."""
    found = (
        part
        for line in lines
        if line
        for part in (" ".join(one.split()) for one in line.splitlines())
        if part
    )
    return "\n".join(dict.fromkeys(found)) or None


def iso(when: str) -> str:
    """A date in one of ISO 8601's forms in the usual one; what is none stays as it is.

    >>> iso("20260305T120000+0100"), iso("20260305"), iso("tomorrow")
    ('2026-03-05T12:00:00+01:00', '2026-03-05', 'tomorrow')
    >>> iso("2026-03-05T12:00:00+0000"), iso("2026-03-05T12:00:00Z")
    ('2026-03-05T12:00:00+00:00', '2026-03-05T12:00:00Z')
    """
    when = when.strip()
    if when[4:5] == "-" and _SHORT_ZONE.search(when) is None:
        return when
    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        return when
    return moment.date().isoformat() if len(when) <= 10 else moment.isoformat()


def _moment(when: str) -> datetime | None:
    try:
        return datetime.fromisoformat(when.strip())
    except ValueError:
        return None


def _ahead(later: str, earlier: str) -> timedelta | None:
    """How long after ``earlier``; None where one of them is no date, or only one has a zone."""
    one, other = _moment(later), _moment(earlier)
    if one is None or other is None or (one.tzinfo is None) != (other.tzinfo is None):
        return None
    if one.tzinfo is None or other.tzinfo is None:
        return one - other
    return one.astimezone(UTC) - other.astimezone(UTC)


def _code(value: object) -> str:
    """A code without the name of its vocabulary: "stat:canceled", ".../pubstatusg2/canceled"."""
    return re.split(r"[:/#]", _line(value).casefold().rstrip("/"))[-1].strip()


def _line(value: object) -> str:
    return "" if value is None or value is True else " ".join(str(value).split())[:_LONGEST]
