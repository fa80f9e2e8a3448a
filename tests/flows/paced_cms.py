"""A CMS on loopback whose mood a test sets: it takes stories, refuses them, is slow, or gives no answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from loopback import serving


@dataclass
class Cms:
    """``mood``: up, dropped (the connection ends without an answer), or the status that it answers. ``wrote`` and ``removed`` are
    the stories that it took, in its order; ``asked`` is when it was asked."""

    url: str = ""
    mood: str = "up"
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    bad: frozenset[str] = frozenset()
    wrote: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)

    def entry(self, name: str = "cms") -> str:
        return f"  {name}: {{kind: http, url: '{self.url}/stories/{{story}}', etags: no, seconds: 5}}\n"


@contextmanager
def paced_cms() -> Iterator[Cms]:
    cms = Cms()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            cms.asked.append(time.monotonic())
            time.sleep(cms.seconds)
            if cms.mood == "dropped":
                self.close_connection = True
                return
            story = json.loads(body)["_cleancopy"]["story"] if body else self.path.rpartition("/")[2]
            status = 204 if cms.mood == "up" else int(cms.mood)
            if status == 204 and story in cms.bad:
                status = 422
            if status == 204:
                (cms.wrote if self.command == "PUT" else cms.removed).append(story)
            self.send_response_only(status)
            for name, value in cms.headers.items() if status != 204 else ():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_DELETE = handle_any

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as cms.url:
        yield cms
