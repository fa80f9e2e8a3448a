"""Fields and pictures of pages that were made to take long: they take no longer than other large pages (law 9)."""

from __future__ import annotations

from time import process_time

import pytest

from cleaners.model import Raw
from cleaners.read import read

PARAGRAPHS = "".join(
    f"<p>Paragraph {number} of the story says that the ferry left the pier of Norrby, as it does on every other day.</p>"
    for number in range(6)
)


def _page(head: str = "", body: str = "") -> str:
    return f"<html><head><title>Ferry</title>{head}</head><body><article><h1>The ferry of Norrby sails again</h1>{body}{PARAGRAPHS}</article></body></html>"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(_page(body='<span class="author">3 boats</span>' * 10_000), id="authors"),
        pytest.param(_page(body="<time>on 3 of 2026, or so</time>" * 10_000), id="times"),
        pytest.param(_page(body='<figure><img src="quay.jpg"></figure>' * 8_000), id="figures"),
        pytest.param(_page(body="".join(f'<img src="quay-at-{n}-oclock.jpg">' for n in range(10_000))), id="images"),
        pytest.param(_page(body="<figure><img src=a.jpg>" + "<cite>x</cite>" * 12_000 + "</figure>"), id="credits"),
        pytest.param(_page(body=f'<img srcset="{"a b " * 100_000}">'), id="srcset"),
        pytest.param(_page(f'<script type="application/ld+json">{"/*" * 90_000}</script>'), id="comments"),
        pytest.param(_page(f'<script type="application/ld+json">{"-->" * 300_000}</script>'), id="wrappers"),
        pytest.param(_page(f'<script type="application/ld+json">{"[" * 100_000}</script>'), id="brackets"),
        pytest.param(_page(f'<meta name="author" content="{"Ana and Per, " * 20_000}">'), id="names"),
        pytest.param(_page('<meta name="author" content="3 boats">' * 10_000), id="metas"),
    ],
)  # fmt: skip
def test_it_ends_soon(html: str) -> None:
    began = process_time()
    read(Raw("hostile", "page", html, url="https://beacon.example/ferry", language="en"))
    assert process_time() - began < 20
