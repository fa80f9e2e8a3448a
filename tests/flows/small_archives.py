"""Archives of invented stories for the tests."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import zstandard
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

HTML = "text/html; charset=utf-8"


def story(number: int) -> str:
    return f"The ferry {number} left the quay at noon, said the harbour master, and it will be back by nightfall."


def lines(path: Path, count: int, **more: Any) -> Path:
    """JSON lines with ``count`` stories, packed as the path's ending says."""
    records = [
        json.dumps({"id": f"s{number}", "text": story(number), **more}) for number in range(1, count + 1)
    ]
    return pack(path, "".join(f"{record}\n" for record in records).encode())


def pack(path: Path, content: bytes) -> Path:
    if path.suffix == ".gz":
        content = gzip.compress(content)
    elif path.suffix == ".zst":
        content = zstandard.ZstdCompressor().compress(content)
    path.write_bytes(content)
    return path


class Web:
    """A web archive in the making."""

    def __init__(self, packed: bool = False) -> None:
        self._bytes = io.BytesIO()
        self._writer = WARCWriter(self._bytes, gzip=packed)

    def page(
        self,
        name: str,
        content: bytes | str = "",
        *,
        kind: str | None = HTML,
        status: str = "200 OK",
        headers: Iterable[tuple[str, str]] = (),
        warc: dict[str, str] | None = None,
        record: str = "response",
    ) -> Web:
        body = content.encode() if isinstance(content, str) else content
        body = body or f"<html><body><p>{story(1)} {name}</p></body></html>".encode()
        if record == "request":
            body = b"GET / HTTP/1.1\r\nHost: post.example\r\n\r\n"
        given = [("Content-Type", kind)] if kind else []
        http = StatusAndHeaders(status, [*given, *headers], protocol="HTTP/1.1")
        self._writer.write_record(
            self._writer.create_warc_record(
                f"https://post.example/{name}",
                record,
                payload=io.BytesIO(body),
                length=len(body),
                http_headers=http if record in ("response", "revisit") else None,
                warc_headers_dict={"WARC-Date": "2026-03-03T06:10:00Z"} | (warc or {}),
            )
        )
        return self

    @property
    def content(self) -> bytes:
        return self._bytes.getvalue()
