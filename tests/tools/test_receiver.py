"""Sample webhook receiver: it stores each genuine message once and refuses all others."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator

import httpx
import pytest
from standardwebhooks import Webhook

from tools.receiver import InvalidSignature, Receiver, verify

SECRET = "whsec_" + base64.b64encode(b"an old secret of thirty two bytes").decode()
NEXT_SECRET = "whsec_" + base64.b64encode(b"a new secret of thirty two bytes.").decode()
MESSAGE = {"type": "order.shipped.v1", "id": "evt_1", "data": {"note": "已发货"}}


def signed(body: bytes, message_id: str = "evt_1", secret: str = SECRET, age_seconds: int = 0) -> dict[str, str]:
    """Return headers computed from the specification, so that the library is not tested with itself only."""
    import hashlib
    import hmac

    timestamp = str(int(time.time()) - age_seconds)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def raw(message: object = MESSAGE) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(secrets=[SECRET]) as running:
        yield running


def post(receiver: Receiver, body: bytes, headers: dict[str, str]) -> int:
    return httpx.post(receiver.url, content=body, headers=headers, trust_env=False).status_code


def test_signed_message_is_accepted(receiver: Receiver) -> None:
    assert post(receiver, raw(), signed(raw())) == 204
    assert receiver.messages == [MESSAGE]


def test_message_signed_with_another_secret_is_refused(receiver: Receiver) -> None:
    assert post(receiver, raw(), signed(raw(), secret=NEXT_SECRET)) == 401
    assert receiver.messages == [] and receiver.refused == 1


def test_message_with_a_changed_byte_is_refused(receiver: Receiver) -> None:
    assert post(receiver, raw() + b" ", signed(raw())) == 401
    assert receiver.messages == []


# A message from the future is a minute beyond the limit, because the receiver's real clock approaches it.
@pytest.mark.parametrize("age_seconds", [301, -360])
def test_message_older_or_newer_than_five_minutes_is_refused(receiver: Receiver, age_seconds: int) -> None:
    assert post(receiver, raw(), signed(raw(), age_seconds=age_seconds)) == 401
    assert receiver.messages == []


def test_repeated_message_is_acknowledged_and_stored_once(receiver: Receiver) -> None:
    assert [post(receiver, raw(), signed(raw())) for _ in range(3)] == [204, 204, 204]
    assert len(receiver.messages) == 1 and receiver.duplicates == 2


def test_both_secrets_are_valid_during_rotation(receiver: Receiver) -> None:
    receiver.trust(NEXT_SECRET)
    assert post(receiver, raw(), signed(raw(), "evt_1")) == 204
    assert post(receiver, raw(), signed(raw(), "evt_2", NEXT_SECRET)) == 204


def test_message_signed_by_the_reference_library_is_accepted(receiver: Receiver) -> None:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign("evt_9", now, raw().decode())
    headers = {"webhook-id": "evt_9", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    assert verify(raw(), headers, [SECRET]) == MESSAGE


MALFORMED = {
    "no headers": {},
    "no signature": {"webhook-signature": ""},
    "no comma": {"webhook-signature": "v1"},
    "two commas": {"webhook-signature": "v1,a,b"},
    "not base64": {"webhook-signature": "v1,é"},
    "bad padding": {"webhook-signature": "v1,abc"},
    "other version": {"webhook-signature": "v2,YWJj"},
    "time in words": {"webhook-timestamp": "now"},
    "endless time": {"webhook-timestamp": "1" * 400},
    "not a number": {"webhook-timestamp": "nan"},
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED)
def test_malformed_headers_are_an_invalid_signature(change: dict[str, str]) -> None:
    headers = signed(raw()) | change if change else {}
    with pytest.raises(InvalidSignature):
        verify(raw(), headers, [SECRET])


@pytest.mark.parametrize("body", [b"\xff\xfe", b"not json", b"[1, 2]", b""])
def test_signed_body_that_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidSignature):
        verify(body, signed(body), [SECRET])


def test_message_is_accepted_again_after_its_handler_failed() -> None:
    attempts: list[str] = []

    def fail_at_first(message: dict[str, object]) -> None:
        attempts.append("try")
        if len(attempts) == 1:
            raise OSError("disk full")

    with Receiver(secrets=[SECRET], handle=fail_at_first) as receiver:
        assert post(receiver, raw(), signed(raw())) == 500
        assert receiver.messages == []
        assert post(receiver, raw(), signed(raw())) == 204
        assert receiver.messages == [MESSAGE] and receiver.duplicates == 0


def test_too_large_body_is_refused_unread(receiver: Receiver) -> None:
    assert post(receiver, b"x" * 300_000, signed(b"x")) == 413
    assert receiver.messages == []


def test_wait_for_returns_the_message_or_none_after_its_timeout(receiver: Receiver) -> None:
    post(receiver, raw(), signed(raw()))
    assert receiver.wait_for(lambda message: message["id"] == "evt_1", 5) == MESSAGE
    assert receiver.wait_for(lambda message: message["id"] == "evt_2", 0.05) is None
