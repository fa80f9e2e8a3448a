"""Signatures: what a secret may be, what a header may be, and that nothing odd gets past."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from receiving import OLD_SECRET, SECRET, STRANGER

from flows.webhook.refusal import Refused
from flows.webhook.signature import SecretError, check_headers, read_secrets, sign, verify

BODY = b'{"id": "1", "text": "The ferry is back."}'


def signed(secret: str = SECRET, ago: int = 0) -> tuple[str, str, str]:
    headers = sign(secret, "evt_1", int(time.time()) - ago, BODY.decode())
    return check_headers(headers.items())


def test_each_live_secret_opens() -> None:
    secrets = read_secrets(f"{OLD_SECRET}  {SECRET}\n", "X")
    for secret in (OLD_SECRET, SECRET):
        verify(secrets, signed(secret), BODY)


def test_one_good_signature_among_several_is_enough() -> None:
    event_id, timestamp, signature = signed()
    other = signed(STRANGER)[2]
    verify(read_secrets(SECRET, "X"), (event_id, timestamp, f"v1a,xyz= {other} {signature}"), BODY)


def test_a_secret_without_prefix_or_padding_is_the_same_secret() -> None:
    bare = base64.b64encode(b"x" * 25).decode()
    for written in (bare, bare.rstrip("="), f"whsec_{bare}", f"whsec_{bare.rstrip('=')}"):
        verify(read_secrets(written, "X"), signed(bare), BODY)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "CMS_SECRET is not set"),
        ("   ", "CMS_SECRET is not set"),
        ("whsec_", "CMS_SECRET, secret 1 has 0 bytes"),
        (f"{SECRET} whsec_c2hvcnQ=", "CMS_SECRET, secret 2 has 5 bytes: make it 24"),
        ("whsec_" + base64.b64encode(b"x" * 23).decode(), "has 23 bytes"),
        ("whsec_correct-horse-battery-staple", "secret 1 is not base64"),
        ("whsec_" + "ä" * 40, "secret 1 is not base64"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_not_shown(value: str, message: str) -> None:
    with pytest.raises(SecretError) as caught:
        read_secrets(value, "CMS_SECRET")
    assert message in str(caught.value)
    assert caught.value.__cause__ is None
    for word in value.split():
        shown = word.removeprefix("whsec_")
        assert not shown or shown not in str(caught.value)


def test_nothing_but_the_signed_bytes_passes() -> None:
    secrets = read_secrets(SECRET, "X")
    with pytest.raises(Refused) as caught:
        verify(secrets, signed(), BODY.replace(b"ferry", b"Ferry"))
    assert (caught.value.status, caught.value.code) == (401, "wrong-signature")


@pytest.mark.parametrize("ago", [301, 86_400, -305])
def test_a_timestamp_far_from_now_is_refused(ago: int) -> None:
    with pytest.raises(Refused) as caught:
        verify(read_secrets(f"{OLD_SECRET} {SECRET}", "X"), signed(ago=ago), BODY)
    assert caught.value.code == "stale-timestamp"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", ""),
        ("webhook-id", "two words"),
        ("webhook-id", "évt"),
        ("webhook-id", "x" * 201),
        ("webhook-id", "a\nforged log line"),
        ("webhook-timestamp", "1700000000.5"),
        ("webhook-timestamp", "1e9"),
        ("webhook-timestamp", "nan"),
        ("webhook-timestamp", "-1700000000"),
        ("webhook-timestamp", " 1700000000"),
        ("webhook-timestamp", "١٧٠٠٠٠٠٠٠٠"),
        ("webhook-timestamp", "1" * 400),
        ("webhook-signature", ""),
        ("webhook-signature", "v1," + "A" * 5000),
    ],
)
def test_headers_that_are_not_well_formed(name: str, value: str) -> None:
    headers = {**sign(SECRET, "evt_1", int(time.time()), BODY.decode()), name: value}
    with pytest.raises(Refused) as caught:
        check_headers(headers.items())
    assert caught.value.status == 401
    assert name in caught.value.error


def test_a_header_that_is_there_twice_is_refused() -> None:
    headers = [*sign(SECRET, "evt_1", int(time.time()), BODY.decode()).items(), ("Webhook-Id", "evt_2")]
    with pytest.raises(Refused, match="two-headers"):
        check_headers(headers)


@given(st.text(max_size=60), st.binary(max_size=60), st.integers(0, 10**12 - 1))
def test_whatever_else_comes_is_a_401(signature: str, body: bytes, timestamp: int) -> None:
    secrets = read_secrets(SECRET, "X")
    for when in (timestamp, int(time.time())):
        with pytest.raises(Refused) as caught:
            verify(secrets, ("evt_1", str(when), signature), body)
        assert caught.value.status == 401
