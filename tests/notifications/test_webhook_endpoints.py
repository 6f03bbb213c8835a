"""Tests of webhook endpoints: secrets, allowed addresses, limits and roles."""

from __future__ import annotations

import json
import socket
import zlib
from typing import Any
from unittest.mock import patch

import pytest

from services.notifications.webhooks import manage_endpoints, signed_post
from services.notifications.webhooks.signed_post import is_loopback_allowed
from tests.notifications.fixtures import hold_released, override_settings, publish
from tests.notifications.webhook_client import (
    advance_and_retry,
    call_as_admin,
    only_delivery,
    outcomes_of,
    register,
    replay,
    verify_event,
)
from tests.notifications.webhook_receiver import Receiver
from tests.support.world import World


def test_secret_is_shown_only_to_the_request_that_created_it(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url, key="make-1")
    secret = endpoint["secret"]
    assert secret.startswith("whsec_") and endpoint["state"] == "active" and endpoint["version"] == 1
    assert register(webhook_world, receiver.url, key="make-1") == endpoint, "a repeated request gets the same answer"
    assert len(call_as_admin(webhook_world, "GET", "/webhook-endpoints").json["endpoints"]) == 1
    assert secret not in call_as_admin(webhook_world, "GET", "/webhook-endpoints").text
    assert secret.removeprefix("whsec_") not in json.dumps(webhook_world.snapshot())
    recorded = [zlib.decompress(bytes(record["answer"])).decode() for record in webhook_world.items("IDEMPOTENCY#")]
    assert len(recorded) == 1 and secret not in recorded[0]
    reused = call_as_admin(
        webhook_world,
        "POST",
        "/webhook-endpoints",
        {"url": receiver.url, "types": ["*"], "description": "x"},
        key="make-1",
    )
    assert (reused.status, reused.json["code"]) == (422, "idempotency-key-reused")


def test_old_secret_signs_for_one_more_day_after_rotation(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    path = f"/webhook-endpoints/{endpoint['endpoint_id']}/rotate-secret"
    rotated = call_as_admin(webhook_world, "POST", path, key="rotate-1").json
    assert rotated["secret"] not in (None, endpoint["secret"]) and rotated["version"] == 2
    assert call_as_admin(webhook_world, "POST", path, key="rotate-1").json == rotated
    publish(webhook_world, hold_released(1), sequence=1)
    for secret in (rotated["secret"], endpoint["secret"]):
        verify_event(receiver.received[-1], secret, webhook_world)
    webhook_world.clock.advance(hours=24)
    publish(webhook_world, hold_released(1), sequence=2)
    verify_event(receiver.received[-1], rotated["secret"], webhook_world)
    with pytest.raises(AssertionError):
        verify_event(receiver.received[-1], endpoint["secret"], webhook_world)
    third = call_as_admin(webhook_world, "POST", path, key="rotate-2").json
    assert third["version"] == 3
    assert call_as_admin(webhook_world, "POST", path, key="rotate-1").json["secret"] is None, "replaced meanwhile"


def test_deleted_endpoint_receives_nothing_and_stores_no_address_or_secret(
    webhook_world: World, receiver: Receiver
) -> None:
    endpoint = register(webhook_world, receiver.url)
    receiver.answer(500)
    publish(webhook_world, hold_released(1), sequence=1)
    path = f"/webhook-endpoints/{endpoint['endpoint_id']}"
    assert call_as_admin(webhook_world, "DELETE", path).json == {"endpoint_id": endpoint["endpoint_id"]}
    assert call_as_admin(webhook_world, "DELETE", path).status == 404
    publish(webhook_world, hold_released(1), sequence=2)
    advance_and_retry(webhook_world, hours=1)
    assert len(receiver.received) == 1
    assert call_as_admin(webhook_world, "GET", "/webhook-endpoints").json == {"endpoints": []}
    assert call_as_admin(webhook_world, "GET", f"{path}/deliveries").status == 404
    assert call_as_admin(webhook_world, "POST", f"{path}/rotate-secret").status == 404
    (stored,) = webhook_world.items("WEBHOOK#ENDPOINTS")
    assert receiver.url not in json.dumps(stored, default=str) and stored["secret"] == "-"
    assert {item["state"] for item in webhook_world.items("DELIVERY#") if item["sk"].startswith("AT#")} == {"disabled"}


INVALID_CHANGES: list[tuple[dict[str, Any], str, str]] = [
    ({"url": "http://hooks.example.com/"}, "url", "url-not-allowed"),
    ({"url": "https://169.254.169.254/latest"}, "url", "url-not-allowed"),
    ({"url": "https://inside.example.com/"}, "url", "url-not-allowed"),
    ({"url": "https://unknown.example.com/"}, "url", "url-not-allowed"),
    ({"types": ["order.shiped.v1"]}, "types.0", "unknown-type"),
    ({"types": ["*", "sms.queued.v1"]}, "types.1", "unknown-type"),
    ({"types": []}, "types", "too_short"),
    ({"types": "order.shipped.v1"}, "types", "tuple_type"),
    ({"url": 1}, "url", "string_type"),
    ({"url": "https://" + "a" * 3_000}, "url", "string_too_long"),
    ({"description": ""}, "description", "string_too_short"),
    ({"secret": "whsec_mine"}, "secret", "extra_forbidden"),
    ({"state": "active"}, "state", "extra_forbidden"),
]


def test_invalid_endpoint_is_refused_by_field_and_writes_nothing(webhook_world: World) -> None:
    def resolve(host: str, port: int) -> list[str]:
        if host == "unknown.example.com":
            raise socket.gaierror
        return ["10.0.0.8"] if host == "inside.example.com" else ["8.8.8.8"]

    before = webhook_world.snapshot()
    for change, field, code in INVALID_CHANGES:
        body = {"url": "https://hooks.example.com/", "types": ["*"], "description": "ERP"} | change
        with patch.object(signed_post, "resolve", resolve):
            answer = call_as_admin(webhook_world, "POST", "/webhook-endpoints", body)
        assert answer.status == 422, answer.json
        assert [(error["field"], error["code"]) for error in answer.json["errors"]] == [(field, code)]
    assert webhook_world.snapshot() == before


def test_refusal_is_the_same_for_unknown_and_forbidden_addresses(webhook_world: World) -> None:
    def resolve(host: str, port: int) -> list[str]:
        if host == "unknown.example.com":
            raise socket.gaierror
        return ["10.0.0.8"]

    answers = set()
    with patch.object(signed_post, "resolve", resolve):
        for host in ("unknown.example.com", "inside.example.com", "127.0.0.1"):
            body = {"url": f"https://{host}/", "types": ["*"], "description": "ERP"}
            answers.add(call_as_admin(webhook_world, "POST", "/webhook-endpoints", body).text)
    assert len(answers) == 1


def test_loopback_is_allowed_only_in_local_and_test_stages(world: World, receiver: Receiver) -> None:
    for stage, allowed, expected in (
        ("test", "false", False),
        ("prod", "true", False),
        ("localhost", "true", False),
        ("local", "true", True),
        ("test2", "true", True),
    ):
        with override_settings(stage=stage, webhook_allow_loopback=allowed):
            assert is_loopback_allowed() is expected, stage
    body = {"url": receiver.url, "types": ["*"], "description": "ERP"}
    assert call_as_admin(world, "POST", "/webhook-endpoints", body).status == 422, "this stage does not allow loopback"


def test_host_name_is_checked_again_before_every_attempt(webhook_world: World) -> None:
    addresses = ["8.8.8.8"]
    connected: list[Any] = []

    def connect(address: Any, *_: Any, **__: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    with (
        patch.object(signed_post, "resolve", lambda host, port: addresses),
        patch.object(socket, "create_connection", connect),
    ):
        endpoint = register(webhook_world, "https://hooks.example.com/")
        addresses[:] = ["169.254.169.254"]
        publish(webhook_world, hold_released(1))
        advance_and_retry(webhook_world, minutes=1)
        event_id = only_delivery(webhook_world, endpoint)["event_id"]
        assert replay(webhook_world, endpoint, event_id).status == 409
    assert connected == []
    assert outcomes_of(only_delivery(webhook_world, endpoint)) == ["no-answer", "no-answer"]


def test_webhook_routes_refuse_all_roles_except_admin(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    path = f"/webhook-endpoints/{endpoint['endpoint_id']}"
    routes = [
        ("GET", "/webhook-endpoints"),
        ("POST", "/webhook-endpoints"),
        ("DELETE", path),
        ("POST", f"{path}/rotate-secret"),
        ("GET", f"{path}/deliveries"),
        ("POST", f"{path}/deliveries/evt_1/replay"),
    ]
    before = webhook_world.snapshot()
    for role, dealer in (("assistant", None), ("finance", None), ("warehouse", None), ("dealer_admin", "D0001")):
        for method, route in routes:
            token = webhook_world.token(role=role, dealer_id=dealer)
            assert webhook_world.call("notifications", method, route, token=token, key="k").status == 403, (role, route)
    assert webhook_world.snapshot() == before


def test_registration_is_refused_when_the_endpoint_limit_is_reached(
    webhook_world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manage_endpoints, "MAX_ENDPOINTS", 2)
    for _ in range(2):
        register(webhook_world, receiver.url)
    body = {"url": receiver.url, "types": ["*"], "description": "ERP"}
    answer = call_as_admin(webhook_world, "POST", "/webhook-endpoints", body)
    assert (answer.status, answer.json["code"]) == (409, "too-many-endpoints")
