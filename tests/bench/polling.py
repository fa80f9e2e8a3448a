"""How long it takes to look at many feeds of which few have changed, and how many of the answers are 304."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.request import urlopen

from rich.table import Table

from flows.ledger import open_ledger
from flows.settings import Settings
from flows.tasks.intake import find_source, poll

FEEDS = 1_000
EVERY = 20
"""Each twentieth feed has changed: 5 %."""
MOST_SECONDS = 60
LEAST_304 = 0.94


class Polled(NamedTuple):
    """One look: ``seconds`` by the clock, ``cpu`` of this process alone, and what the server answered."""

    feeds: int
    seconds: float
    cpu: float
    answers: int
    unchanged: int
    stories: int

    @property
    def share(self) -> float:
        return self.unchanged / self.answers


def measure_polling(feeds: int = FEEDS, every: int = EVERY) -> Polled:
    """Look at all feeds once, change each ``every``-th, and measure the second look."""
    with TemporaryDirectory() as folder, _serving(feeds, Path(folder)) as base:
        settings = _configured(Path(folder), base, feeds)
        engine = open_ledger(settings.ledger_url)
        source = find_source(settings, "many")
        try:
            poll(engine, settings, source)
            _asked(f"{base}/change?every={every}")
            _asked(f"{base}/counts")
            began, cpu = time.monotonic(), time.process_time()
            # An hour later: the first answers and robots.txt are an hour old, as they would be.
            intake = poll(engine, settings, source, clock=lambda: datetime.now(UTC) + timedelta(hours=1))
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu
            if intake.problems:
                raise RuntimeError(intake.problems[0])
            counts = json.loads(_asked(f"{base}/counts"))
        finally:
            engine.dispose()
    return Polled(feeds, seconds, cpu, sum(counts.values()), counts.get("304", 0), len(intake.ids))


def polling_table(polled: Polled) -> Table:
    told = Table(title=f"{polled.feeds:,} feeds looked at, 1 of {EVERY} changed", title_justify="left")
    for heading in ("measure", "figure", "target", "reached"):
        told.add_column(heading, justify="left" if heading == "measure" else "right")
    fast, quiet = polled.seconds <= MOST_SECONDS, polled.share >= LEAST_304
    told.add_row("seconds", f"{polled.seconds:.1f}", f"≤ {MOST_SECONDS}", "yes" if fast else "no")
    told.add_row("CPU seconds", f"{polled.cpu:.1f}", "", "")
    told.add_row("answered by 304", f"{polled.share:.1%}", f"≥ {LEAST_304:.0%}", "yes" if quiet else "no")
    told.add_row("requests a second", f"{polled.answers / polled.seconds:.0f}", "", "")
    told.add_row("stories taken in", f"{polled.stories:,}", "", "")
    return told


def _configured(folder: Path, base: str, feeds: int) -> Settings:
    config = folder / "config"
    config.mkdir()
    (config / "destinations.yaml").write_text("destinations: {}\n")
    urls = "".join(f"      - {base}/feed/{number}\n" for number in range(feeds))
    (config / "sources.yaml").write_text(
        "sources:\n  many:\n    kind: feed\n    private_addresses: yes\n"
        "    limits: {pause: 0, per_host: 16, requests: 16, stories: 100000}\n"
        f"    urls:\n{urls}"
    )
    return Settings(
        config_dir=config, data_dir=folder, ledger_url=f"sqlite:///{folder / 'ledger.sqlite'}", workers=1
    )


@contextmanager
def _serving(feeds: int, folder: Path) -> Iterator[str]:
    port_file = folder / "port"
    server = subprocess.Popen([sys.executable, "-m", "tests.bench.feed_server", str(feeds), str(port_file)])
    try:
        for _ in range(600):
            if port_file.exists() and port_file.read_text():
                break
            time.sleep(0.05)
        else:
            raise TimeoutError("the server of the feeds does not start")
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        server.terminate()
        server.wait()


def _asked(url: str) -> bytes:
    with urlopen(url, timeout=10) as answer:
        found: bytes = answer.read()
        return found
