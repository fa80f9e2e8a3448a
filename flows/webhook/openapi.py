"""The receiver's OpenAPI description, made of its doors: ``GET /openapi.json``.

Made by hand and not by FastAPI: a body is not parsed before its signature is verified, so there is no model of it to take a schema from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, cast

from flows.settings import WebhookSource
from flows.sources.mapping import CONTENT_KEYS, LONGEST_FIELD

Schema = dict[str, Any]

# At least one sign that is no space: copy of spaces alone is no story.
_WORDS: Schema = {"type": "string", "minLength": 1, "pattern": r"[0-9A-Za-z]"}
_FIELD: Schema = {"type": ["string", "null"], "maxLength": LONGEST_FIELD}
_ADDRESS: Schema = {
    "type": ["string", "null"],
    "format": "uri",
    "pattern": "^https?://[0-9A-Za-z]",
    "maxLength": LONGEST_FIELD,
}
_ID: Schema = {
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": LONGEST_FIELD, "pattern": "[0-9A-Za-z]"},
        {"type": "integer"},
    ]
}
_PARTS: dict[str, Schema] = {
    "id": _ID,
    "lines": {"type": "array", "minItems": 1, "items": _WORDS},
    **{key: _WORDS for key in CONTENT_KEYS if key != "lines"},
    "url": _ADDRESS,
    "updated": {"type": ["string", "number", "null"], "maxLength": LONGEST_FIELD},
}

_PROOFS: dict[str, tuple[str, ...]] = {
    "standard": ("webhook-id", "webhook-timestamp", "webhook-signature"),
    "wordpress": ("webhook-id", "webhook-timestamp", "webhook-signature"),
    "ghost": ("x-ghost-signature",),
    "superdesk": ("x-superdesk-signature",),
    "strapi": ("authorization",),
}
"""The headers that each system proves an event with."""

_SYSTEMS: dict[str, str] = {
    "ghost": "An event of Ghost's webhooks: post, with current and previous.",
    "wordpress": "A post as WordPress's REST interface gives it to editors: post, with previous_status beside it.",
    "strapi": "An event of Strapi's webhooks: event, model and entry.",
}

_SAID: dict[str, str] = {
    "webhook-id": "The event's id: the same whenever it is sent again. 1 to 200 plain characters without spaces.",
    "webhook-timestamp": "When it was signed: whole seconds since 1970, within five minutes of now.",
    "webhook-signature": "v1, and the base64 of the HMAC-SHA256 of id, timestamp and body (standardwebhooks.com).",
    "x-ghost-signature": "sha256=<hex>, t=<milliseconds>: the HMAC-SHA256 of the body and the time after it.",
    "x-superdesk-signature": "sha1=<hex>: the HMAC-SHA1 of the body.",
    "authorization": "Bearer, and the source's secret.",
}

_REFUSALS: dict[str, str] = {
    "400": "The body is no story, or no JSON that means one thing. Nothing is stored.",
    "401": "The signature is missing, wrong or too old. Nothing is stored.",
    "404": "There is no such source.",
    "405": "Another method than these.",
    "408": "The body came too slowly.",
    "413": "The body is larger than the source's limit.",
    "415": "The body is not announced as plain JSON.",
    "422": "The event is of something that is no story in this CMS, such as a page. Nothing is stored.",
    "503": "The event could not be stored just now: send it again, with the same id, after Retry-After.",
}


def describe(sources: Iterable[WebhookSource]) -> Schema:
    """OpenAPI 3.1 of a receiver with these sources."""
    paths: Schema = {f"/webhooks/{source.name}": {"post": _door(source)} for source in sources}
    paths |= {
        "/healthz": {"get": _get("Whether the process runs.", {"200": _json("It does.", _status("alive"))})},
        "/readyz": {
            "get": _get(
                "Whether the ledger can be read.",
                {
                    "200": _json("It can.", _status("ready")),
                    "503": _refusal("It cannot: senders are told to come again."),
                },
            )
        },
        "/metrics": {
            "get": _get(
                "Counters for Prometheus.",
                {
                    "200": {
                        "description": "Prometheus's text format.",
                        "content": {"text/plain": {"schema": {"type": "string"}}},
                    }
                },
            )
        },
        "/openapi.json": {
            "get": _get("This description.", {"200": _json("OpenAPI 3.1.", {"type": "object"})})
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cleancopy webhook receiver",
            "version": version("cleancopy"),
            "description": "Signed events of a CMS in, durable rows of the ledger's inbox out.",
        },
        "paths": paths,
        "components": {
            "schemas": {
                "Taken": {
                    "type": "object",
                    "required": ["id", "status"],
                    "properties": {
                        "id": {"type": "string", "description": "The event's id."},
                        "status": {"enum": ["accepted", "duplicate", "ignored"]},
                    },
                    "additionalProperties": False,
                },
                "Refused": {
                    "type": "object",
                    "required": ["error", "next"],
                    "properties": {
                        "error": {"type": "string", "description": "What was wrong."},
                        "next": {"type": "string", "description": "What to do now."},
                    },
                    "additionalProperties": False,
                },
            }
        },
    }


def _door(source: WebhookSource) -> Schema:
    return {
        "operationId": f"receive-{source.name}",
        "summary": f"An event of {source.name} ({source.adapter}).",
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": _SAID[name],
                "schema": {"type": "string"},
            }
            for name in _PROOFS[source.adapter]
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _body(source)}}},
        "responses": {
            "202": _json(
                "It is stored (accepted), was stored before (duplicate), or tells of no story (ignored).",
                {"$ref": "#/components/schemas/Taken"},
            ),
            **{status: _refusal(told) for status, told in _REFUSALS.items()},
        },
    }


def _body(source: WebhookSource) -> Schema:
    """What an event of the source looks like, as far as it is read."""
    paths = cast(Mapping[str, str], source.map)
    if source.adapter == "superdesk":
        # Its own business, too; but what has no guid, or no copy, is refused.
        content = [{"required": [key]} for key in ("body_html", "body_text")]
        parts = {"guid": _ID["anyOf"][0], "body_html": _WORDS, "body_text": _WORDS}
        return {"type": "object", "required": ["guid"], "properties": parts, "anyOf": content}
    if source.adapter in _SYSTEMS:
        # What such an event holds is the system's own business: its documentation says it.
        return {"type": "object", "description": _SYSTEMS[source.adapter]}
    if paths:
        return _tree(paths)
    content = [{"required": [key]} for key in CONTENT_KEYS]
    return {"type": "object", "required": ["id"], "properties": _PARTS, "anyOf": content}


def _tree(paths: Mapping[str, str]) -> Schema:
    """The schema of an object in which our keys stand at these dotted paths; one with a list in it is left open."""
    root: Schema = {"type": "object"}
    for key, path in paths.items():
        needed = key in ("id", *CONTENT_KEYS)
        steps = path.split(".")
        if any(step.isdecimal() for step in steps):
            continue
        here = root
        for number, step in enumerate(steps, start=1):
            properties = here.setdefault("properties", {})
            if needed and step not in here.setdefault("required", []):
                here["required"].append(step)
            if number == len(steps):
                properties[step] = _PARTS.get(key, _FIELD)
            else:
                here = properties.setdefault(step, {"type": "object"})
    return root


def _get(summary: str, responses: Schema) -> Schema:
    return {"summary": summary, "responses": responses}


def _json(told: str, schema: Schema) -> Schema:
    return {"description": told, "content": {"application/json": {"schema": schema}}}


def _refusal(told: str) -> Schema:
    return _json(told, {"$ref": "#/components/schemas/Refused"})


def _status(word: str) -> Schema:
    return {"type": "object", "required": ["status"], "properties": {"status": {"const": word}}}
