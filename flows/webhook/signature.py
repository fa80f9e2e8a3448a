"""Standard-Webhooks signatures (https://www.standardwebhooks.com): who sent this, and when.

The library ``standardwebhooks`` signs and compares (in constant time, five minutes of tolerance). Around it stands what
it lets through: it takes a one-byte secret and a timestamp with a fraction, and a signature without a comma, bad base64
or a body that is no UTF-8 leave it as exceptions of other kinds. Whatever it raises is a 401 here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks import Webhook, WebhookVerificationError

from flows.settings.signing_secrets import SecretError, read_secrets
from flows.webhook.refusal import Refused

__all__ = ["ID", "SIGNATURE", "TIMESTAMP", "SecretError", "check_headers", "read_secrets", "sign", "verify"]

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"

LONGEST_SIGNATURES = 4096
"""Characters of the header ``webhook-signature``: room for some eighty signatures."""

_EVENT_ID = re.compile(r"[\x21-\x7e]{1,200}")
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}")
_SIGN_AGAIN = "Sign the event with its source's secret and send it again."


def check_headers(headers: Iterable[tuple[str, str]]) -> tuple[str, str, str]:
    """Event id, timestamp and signatures of a request, each there once and well formed; raises Refused (401).

    Needs no body, so an event that cannot be right is refused before its body is read.
    """
    found: dict[str, list[str]] = {ID: [], TIMESTAMP: [], SIGNATURE: []}
    for name, value in headers:
        if name.lower() in found:
            found[name.lower()].append(value)
    for name, values in found.items():
        if not values or not values[0]:
            raise _unsigned("no-signature", f"The header {name} is missing.")
        if len(values) > 1:
            raise _unsigned("two-headers", f"The header {name} is there {len(values)} times.")
    (event_id,), (timestamp,), (signatures,) = found[ID], found[TIMESTAMP], found[SIGNATURE]
    if not _EVENT_ID.fullmatch(event_id):
        raise _unsigned("bad-event-id", f"The header {ID} is not 1 to 200 plain characters without spaces.")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise _unsigned(
            "bad-timestamp", f"The header {TIMESTAMP} is not a number of whole seconds since 1970."
        )
    if len(signatures) > LONGEST_SIGNATURES:
        raise _unsigned(
            "long-signature", f"The header {SIGNATURE} is longer than {LONGEST_SIGNATURES} characters."
        )
    return event_id, timestamp, signatures


def verify(secrets: Iterable[Webhook], signed: tuple[str, str, str], body: bytes) -> str:
    """The event's id, when one of the secrets signed these bytes within five minutes of now; raises Refused (401)."""
    event_id, timestamp, signatures = signed
    headers = {ID: event_id, TIMESTAMP: timestamp, SIGNATURE: signatures}
    refusal = _unsigned("wrong-signature", "The signature does not fit the body.")
    for secret in secrets:
        try:
            secret.verify(body, headers, json_parse=False)
        except WebhookVerificationError as error:
            if "timestamp" in str(error):
                raise Refused(
                    401,
                    "stale-timestamp",
                    "The event's timestamp is more than five minutes away from now.",
                    "Set the sender's clock, sign the event anew with the present time and send it again.",
                ) from None
        except UnicodeDecodeError:
            refusal = _unsigned("not-utf-8", "The body is not UTF-8, so no signature can fit it.")
        except Exception:
            # "v1;abc" raises ValueError, "v1,?" binascii.Error, a year beyond 9999 OverflowError: all are no signature.
            refusal = _unsigned("bad-signature", f"The header {SIGNATURE} cannot be read.")
        else:
            return event_id
    raise refusal


def sign(secret: str, event_id: str, timestamp: int, body: str) -> dict[str, str]:
    """The three headers for an event, signed with the first of the secrets in ``secret``; raises SecretError.

    >>> sign("whsec_" + "A" * 32, "evt_1", 1700000000, "{}")["webhook-signature"]
    'v1,48roMzMozBa0y9GY6W+3OUs/G/ve9mXwQEyceR2g0tA='
    """
    first = read_secrets(secret, "the secret")[0]
    signature = first.sign(event_id, datetime.fromtimestamp(timestamp, tz=UTC), body)
    return {ID: event_id, TIMESTAMP: str(timestamp), SIGNATURE: signature}


def _unsigned(code: str, error: str) -> Refused:
    return Refused(401, code, error, _SIGN_AGAIN)
