"""A clock for tests: time that passes, a wall clock that is set, and a machine that knows how long it is up."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection

from flows.ledger.clock import Witness


class Simulated:
    """``true`` is how late it is; ``now`` is what the wall clock says: it is ahead by ``ahead``."""

    def __init__(self, start: datetime) -> None:
        self.start = self.true = start
        self.ahead = timedelta(0)
        self.witness = Witness(uptime=self._uptime, server=self._server)
        self.server_ahead: timedelta | None = None
        self._name = uuid.uuid4().hex

    @property
    def now(self) -> datetime:
        return self.true + self.ahead

    def passes(self, seconds: float) -> None:
        self.true += timedelta(seconds=seconds)

    def passes_until(self, moment: datetime) -> None:
        self.true = max(self.true, moment)

    def _uptime(self) -> tuple[str, float]:
        return self._name, 1000.0 + (self.true - self.start).total_seconds()

    def _server(self, connection: Connection) -> datetime | None:
        return None if self.server_ahead is None else self.true + self.server_ahead
