"""JSON that means one thing: anything else is refused with a sentence, and nothing escapes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.webhook.refusal import Refused
from flows.webhook.strict_json import DEEPEST, read_object


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "broken-json"),
        (b"{", "broken-json"),
        (b'{"a": 1,}', "broken-json"),
        (b"{'a': 1}", "broken-json"),
        (b'{"a": 1} {"a": 2}', "broken-json"),
        (b'{"a": "line\nbreak"}', "broken-json"),
        (b'\xef\xbb\xbf{"a": 1}', "broken-json"),
        (b'{"a": "\xff"}', "not-utf-8"),
        (b'{"a": "\xed\xa0\x80"}', "not-utf-8"),
        (b"[]", "no-object"),
        (b"null", "no-object"),
        (b'"a story"', "no-object"),
        (b'{"a": 1, "b": 2, "a": 3}', "duplicate-key"),
        (b'{"post": {"a": 1, "\\u0061": 3}}', "duplicate-key"),
        (b'{"a": NaN}', "bad-number"),
        (b'{"a": -Infinity}', "bad-number"),
        (b'{"a": 1e999}', "bad-number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "bad-number"),
        (b'{"a": "\\ud83d alone"}', "lone-surrogate"),
        (b'{"\\udc00": 1}', "lone-surrogate"),
        (b'{"a": "\\u0000"}', "nul"),
        (b'{"a": [[["\\u0000"]]]}', "nul"),
        (b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}", "too-deep"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "too-deep"),
        (b"[" * 500_000, "too-deep"),
    ],
)
def test_refused(body: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        read_object(body)
    assert (caught.value.status, caught.value.code) == (400, code)
    assert caught.value.error.endswith(".")
    caught.value.error.encode()


def test_the_place_is_named() -> None:
    with pytest.raises(Refused) as caught:
        read_object(b'{"id": 1,\n "text" "x"}')
    assert "line 2, column 9" in caught.value.error


def test_what_cms_send_is_taken() -> None:
    body = '{"a": "Zoë 🎈 \\ud83c\\udf88", "b": [1, -2.5e3, true, null], "c": {"a": "a again, elsewhere"}}'.encode()
    assert read_object(body)["a"] == "Zoë 🎈 🎈"


def test_nesting_up_to_the_limit_is_taken() -> None:
    levels = DEEPEST - 1
    assert read_object(b'{"a":' + b"[" * levels + b"1" + b"]" * levels + b"}")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4), st.booleans())
def test_an_object_is_read_as_it_was_written(value: dict[str, object], escaped: bool) -> None:
    body = json.dumps(value, ensure_ascii=escaped).encode()
    if "\\u0000" in json.dumps(value):
        return
    assert read_object(body) == value


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,\\ud0e19aN \n', max_size=60).map(str.encode))
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    try:
        outcome: object = read_object(body)
    except Refused as refusal:
        outcome = refusal.status
    assert outcome == 400 or isinstance(outcome, dict)
