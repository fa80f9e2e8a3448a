"""A WordPress site by its REST interface, asked as an editor asks it (``context=edit``)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from flows.destinations.client import Answered, Client, Refused, Unanswered
from flows.destinations.names import as_step
from flows.destinations.remote import Conflict
from flows.sources.cms_wordpress import body_of

# Without "rendered", which would fetch embeds; and without the excerpt, of which WordPress renders one where there is none.
FIELDS = "id,link,status,title.raw,content.raw,content.protected,modified_gmt,featured_media,cleancopy,_links"
STATUSES = "publish,future,draft,pending,private"
ROLE = "Give its account the role Editor"


@dataclass
class Site:
    """WordPress's REST interface. Everything is asked as an editor asks (``context=edit``)."""

    client: Client
    name: str
    url: str
    secret: str = field(repr=False)

    def ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        also: Sequence[int] = (),
    ) -> tuple[int, Any]:
        """Status and JSON. Raises PublishError."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=True).encode()
        query = urlencode({"context": "edit", **(params or {})})
        headers = {"Authorization": "Basic " + base64.b64encode(self.secret.encode()).decode("ascii")}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answered = self.client.ask(method, f"{self.url}/wp-json/{path}?{query}", content, headers, also)
        except Refused as refused:
            if refused.status in (401, 403):
                raise Refused(f"{refused}. {_hint(refused)}", refused.status) from refused
            raise
        return answered.status, self._json(answered)

    def _json(self, answered: Answered) -> Any:
        try:
            return json.loads(answered.body)
        except (ValueError, RecursionError):
            raise Unanswered(
                f"{self.name}: {answered.url.partition('?')[0]} answers with no JSON. Is url the address of the site, and are its "
                "permalinks not plain (Settings, Permalinks)?"
            ) from None

    def get(self, id: str, fields: str = FIELDS) -> Mapping[str, Any] | None:
        """The post; None: there is none, or it lies in the bin."""
        status, item = self.ask("GET", path_of(id), {"_fields": fields}, also=(404, 410))
        if status in (404, 410) or item.get("status") == "trash":
            return None
        return self.checked(item)

    def post(
        self, id: str, changes: Mapping[str, Any], expects: str | None, gone: Sequence[int] = (404, 409, 410)
    ) -> Mapping[str, Any]:
        """Change it, in this version if one is named. Raises Conflict."""
        body = {**changes, **({"cleancopy_expects": expects} if expects else {})}
        return self._conflicting(lambda: self.ask("POST", path_of(id), {"_fields": FIELDS}, body), gone)

    def _conflicting(self, ask: Callable[[], tuple[int, Any]], statuses: Sequence[int]) -> Mapping[str, Any]:
        try:
            _, item = ask()
        except Refused as refused:
            if refused.status in statuses:
                raise Conflict(str(refused)) from refused
            raise
        return self.checked(item)

    def checked(self, item: Any) -> Mapping[str, Any]:
        """The post, which has its body as it was written. Raises Unanswered."""
        if not isinstance(item, Mapping) or body_of(item) is None:
            raise Unanswered(
                f"{self.name}: WordPress does not give the post as it was written (content.raw). {ROLE}"
            )
        return item

    @cached_property
    def me(self) -> int:
        """The number of our account."""
        _, said = self.ask("GET", "wp/v2/users/me", {"_fields": "id"})
        return int(said["id"]) if isinstance(said, Mapping) and "id" in said else 0

    @cached_property
    def has_plugin(self) -> bool:
        """Whether our plugin is there, and can lock rows."""
        status, said = self.ask("GET", "cleancopy/v1/plugin", also=(404,))
        return status == 200 and isinstance(said, Mapping) and said.get("locks") is True


def path_of(id: str) -> str:
    """Where a post stands in the interface. Raises PublishError."""
    return f"wp/v2/posts/{as_step(id)}"


def raw_of(item: Any, key: str) -> str:
    """What was written as the ``key`` (title, content, caption) of a post or a file; empty where WordPress does not give it."""
    part = item.get(key) if isinstance(item, Mapping) else None
    raw = part.get("raw") if isinstance(part, Mapping) else None
    return raw if isinstance(raw, str) else ""


def _hint(refused: Refused) -> str:
    if refused.status == 403:
        return ROLE
    return (
        "Make a new application password in WordPress and put it into the variable; without TLS WordPress takes none, but where "
        "WP_ENVIRONMENT_TYPE is local"
    )
