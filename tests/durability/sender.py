"""A CMS that posts events over many connections at once, and sends again what was not answered, as senders do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from flows.webhook import sign
from tests.flows.running_newsroom import SECRET

CONNECTIONS = 16
BODY_BYTES = 4_000


@dataclass
class Sender:
    """``acked`` are the events that were answered 202; ``wrong`` tells the answers that should not have been given."""

    acked: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    refused: int = 0
    sent: int = 0
    _again: deque[str] = field(default_factory=deque)
    _answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def first_answer(self) -> None:
        """Wait until, from now on, a new event is answered 202."""
        self._answered = asyncio.Event()
        await self._answered.wait()

    async def post(self, port: int, until: Callable[[], bool]) -> None:
        """Post new events until it is time to end, or the receiver is gone; each of the last round's first once more."""
        await asyncio.gather(*(self._connection(port, until) for _ in range(CONNECTIONS)))

    async def finish(self, port: int) -> None:
        """Send what was never answered until it is."""
        await self.post(port, lambda: not self._again)

    def check_some(self, every: int = 20) -> None:
        """Before a round: let some events that were answered be sent again. They must be known."""
        self._again.extend(sorted(self.acked)[::every])

    async def _connection(self, port: int, until: Callable[[], bool]) -> None:
        event = None
        try:
            async with _connected(port) as (reader, writer):
                while not until():
                    event = self._again.popleft() if self._again else self._new()
                    status, said = await _post(reader, writer, event)
                    if status != 202:
                        self._refused(event, status, said)
                    elif event in self.acked and said != "duplicate":
                        self.wrong.append(f"{event} was answered 202 before, and is now {said}")
                    elif event not in self.acked:
                        self.acked.add(event)
                        self._answered.set()
                    event = None
        except (OSError, EOFError):
            if event is not None:
                self._again.append(event)

    def _refused(self, event: str, status: int, said: str) -> None:
        self._again.append(event)
        self.refused += 1
        if status != 503:
            self.wrong.append(f"{event} was answered {status} {said}")

    def _new(self) -> str:
        self.sent += 1
        return f"evt-{self.sent}"


@contextlib.asynccontextmanager
async def _connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, event: str) -> tuple[int, str]:
    """The status of the answer, and what it says."""
    text = f"The ferry {event} is back. ".ljust(BODY_BYTES, "x")
    body = json.dumps({"id": f"story-of-{event}", "text": text})
    headers = sign(SECRET, event, int(time.time()), body) | {
        "host": "receiver",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"POST /webhooks/cms HTTP/1.1\r\n{lines}\r\n{body}".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    size = int(head.partition("content-length: ")[2].split()[0])
    answer = json.loads(await reader.readexactly(size))
    return int(head.split()[1]), answer.get("status") or answer["error"]
