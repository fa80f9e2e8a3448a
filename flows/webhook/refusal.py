"""Why an event is not taken, in words its sender can act on."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """An event that is answered with a 4xx or 5xx: nothing of it was stored.

    ``code`` is a fixed word for the log and for programs (``old-timestamp``). ``error`` and ``hint`` go to the
    sender only, as ``{"error": …, "next": …}``: they may quote a key of the body, the log may not.
    """

    def __init__(
        self, status: int, code: str, error: str, hint: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.error = error
        self.hint = hint
        self.headers = dict(headers or {})
