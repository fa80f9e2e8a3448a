"""An id comes with a story from outside. Whatever it is, it cannot lead a connector to another address of its server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from loopback import serving
from publications import publication, publish
from small_ghost import KEY

from cleaners.model import Raw
from cleaners.pipeline import Pipeline
from cleaners.write import record
from flows.destinations import Publication, PublishError
from flows.settings import CmsDestination, Destination, HttpDestination

CONNECTORS: dict[str, tuple[str, dict[str, Any], str]] = {
    "ghost": (KEY, {}, "/ghost/api/admin/posts/"),
    "wordpress": ("desk:abcd efgh", {}, "/wp-json/wp/v2/posts/"),
    "strapi": ("an-api-token", {"collection": "articles"}, "/api/articles/"),
    "http": ("an-api-token", {}, "/stories/"),
}
"""The secret of each, what else it is configured by, and under what its stories lie."""


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def server(asked: list[str]) -> Iterator[str]:
    """Has nothing, and remembers where it was looked for."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            asked.append(self.path)
            self.send_response(404)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url:
        yield url


def destination(api: str, server: str) -> Destination:
    _, more, beginning = CONNECTORS[api]
    if api == "http":
        return HttpDestination(
            kind="http",
            name="site",
            url=f"{server}{beginning}{{id}}",
            body="html",
            in_place=("cms",),
            secret_env="TEST_SITE",
        )
    return CmsDestination(
        kind="cms",
        name="site",
        api=api,  # type: ignore[arg-type]
        url=server,
        in_place=("cms",),
        secret_env="TEST_SITE",
        **more,
    )


@pytest.fixture
def acts(pipeline: Pipeline) -> list[Publication]:
    cleaned = pipeline.clean(Raw("1", "body", "<p>The ferry sailed at ten.</p>"))
    known = record(cleaned)
    return [replace(publication(2, act), record=known) for act in ("publish", "unpublish")]


@pytest.fixture(params=CONNECTORS)
def api(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TEST_SITE", CONNECTORS[request.param][0])
    return str(request.param)


@pytest.mark.parametrize(
    "id", ["../users/1", "%2e%2e", "..\\users", "1/../../users/1", "1?_method=DELETE", "1#x", "/", "\ud800"]
)
def test_an_id_cannot_lead_elsewhere(
    api: str, id: str, server: str, asked: list[str], acts: list[Publication], tmp_path: Path
) -> None:
    for act in acts:
        publish(destination(api, server), tmp_path, replace(act, story=f"cms:{id}"))
    assert asked
    beginning = CONNECTORS[api][2]
    for path, _, query in (one.partition("?") for one in asked):
        step, _, rest = path.removeprefix(beginning).partition("/")
        assert path.startswith(beginning)
        assert step not in ("", ".", "..", "users")
        assert rest == ""
        assert "_method" not in query


@pytest.mark.parametrize("id", ["..", ".", ""])
def test_an_id_that_is_a_way_is_refused(
    api: str, id: str, server: str, asked: list[str], acts: list[Publication], tmp_path: Path
) -> None:
    for act in acts:
        with pytest.raises(PublishError, match="leads to another address") as refused:
            publish(destination(api, server), tmp_path, replace(act, story=f"cms:{id}"))
        assert refused.value.final
    assert asked == []
