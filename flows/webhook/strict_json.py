"""JSON that means one thing: what ``json.loads`` lets through and a database or a parser later chokes on is refused."""

from __future__ import annotations

import json
import math
from typing import Any

from flows.webhook.refusal import Refused

DEEPEST = 64
"""Levels of arrays and objects within each other. A real CMS event has five to ten."""

_SEND_JSON = "Send one JSON object in UTF-8, signed as it is sent."


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``; raises Refused (400) for everything that is not exactly one.

    Refused beside broken JSON: a key twice, NaN and Infinity (also ``1e999``), half of a surrogate pair, the character
    NUL, numbers of thousands of digits, more than 64 levels, anything but an object on top.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise _bad(
            "broken-json", f"The body is not JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        ) from None
    except UnicodeDecodeError as error:
        raise _bad("not-utf-8", f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        # An integer of more than 4,300 digits: Python refuses to convert it.
        raise _bad("bad-number", "The body has a number that is too long.") from None
    if not _is_plain(body):
        _check(value)
    if not isinstance(value, dict):
        raise _bad("no-object", "The body is JSON, but not an object.")
    return value


def _is_plain(body: bytes) -> bool:
    """Whether nothing that ``_check`` looks for can be in there: most bodies need no walk through all that they hold.

    A bare NUL or half of a pair was no JSON and no UTF-8; escaped ones begin so. What has so few brackets is not so deep.
    """
    escaped = b"\\u0000" in body or b"\\ud" in body or b"\\uD" in body
    return not escaped and body.count(b"[") + body.count(b"{") <= DEEPEST


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _bad("duplicate-key", f"The body has the key {shown(twice)} twice in one object.")
    return value


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _bad("bad-number", "The body has a number that is too large.")
    return value


def _no_number(word: str) -> float:
    raise _bad("bad-number", f"The body has {word}, which is not JSON.")


def _check(value: Any) -> None:
    """Walk the value level by level (a stack of our own: depth is what is being checked)."""
    level = [value]
    for _ in range(DEEPEST + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return
        level = below
    raise _too_deep()


def _check_text(text: str) -> None:
    if "\0" in text:
        raise _bad("nul", "The body has a text with the character NUL (\\u0000).")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise _bad(
                "lone-surrogate", "The body has a text with half of a surrogate pair (\\ud800 to \\udfff)."
            ) from None


def shown(key: str) -> str:
    """A key of the body as it may stand in an answer: quoted, on one line, at most 60 characters."""
    short = key if len(key) <= 60 else key[:59] + "…"
    return json.dumps(short.encode("utf-8", "replace").decode("utf-8"), ensure_ascii=False)


def _too_deep() -> Refused:
    return _bad("too-deep", f"The body has more than {DEEPEST} levels of arrays and objects.")


def _bad(code: str, error: str) -> Refused:
    return Refused(400, code, error, _SEND_JSON)
