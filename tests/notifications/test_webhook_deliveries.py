"""Tests of webhook deliveries: signed, sent once, and safe against crashes and concurrent runs."""

from __future__ import annotations

import json
import threading
from typing import Any
from unittest.mock import patch

import pytest

from contracts.reconciliation import StatementRequested
from kernel.messaging.events import Event
from services.notifications.deliveries import (
    attempts,
    dispatch_webhooks,
)
from services.notifications.webhooks import signed_post
from services.notifications.webhooks.event_types import published_events
from services.notifications.webhooks.signed_post import Response as WebhookResponse
from tests.notifications.fixtures import hold_released, publish, store_event
from tests.notifications.sample_events import EVENTS, ORDER, order_shipped
from tests.notifications.webhook_client import (
    advance_and_retry,
    call_as_admin,
    only_delivery,
    outcomes_of,
    register,
    verify_event,
)
from tests.notifications.webhook_receiver import Receiver, closed_port, run_receiver, run_slow_server
from tests.support.interruptions import Killed, before_commit
from tests.support.log_capture import captured_log
from tests.support.world import World

# ---- what is sent ----


def test_webhook_sends_signed_event_as_published(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    envelope = publish(webhook_world, hold_released(1))
    (request,) = receiver.received
    assert verify_event(request, endpoint["secret"], webhook_world) == json.loads(
        envelope.model_dump_json(exclude_none=True)
    )
    assert request.event_id == envelope.id
    assert request.headers["content-type"] == "application/cloudevents+json"
    delivery = only_delivery(webhook_world, endpoint)
    assert delivery["state"] == "delivered" and delivery["next_attempt_at"] is None
    assert outcomes_of(delivery) == ["2xx"] and delivery["attempts"][0]["replay"] is False
    assert "secret words of the receiver" not in json.dumps(webhook_world.snapshot())


def test_endpoint_receives_only_subscribed_event_types(fast_webhook_world: World, receiver: Receiver) -> None:
    with run_receiver() as shipment_receiver:
        register(fast_webhook_world, shipment_receiver.url, "order.shipped.v1")
        public = [event for event in EVENTS if event.PUBLIC]
        register(fast_webhook_world, receiver.url, *sorted({event.TYPE for event in public} - {"order.shipped.v1"}))
        envelopes = [store_event(event, f"S-{number}") for number, event in enumerate(public)]
        fast_webhook_world.drain()
        shipments = {envelope.id for envelope in envelopes if envelope.type == "order.shipped.v1"}
        assert {request.event_id for request in shipment_receiver.received} == shipments
        others = {request.event_id for request in receiver.received}
        # The void shipment reverses its journal, and that is another event.
        assert others >= {envelope.id for envelope in envelopes} - shipments
        assert not others & shipments


#: Steps of our own work, and movements of stock: they may change without a word.
INTERNAL = {
    "day.reported.v1",
    "machine.changed.v1",
    "objection.answered.v1",
    "objection.raised.v1",
    "order.promise-moved.v1",
    "price-list.ending.v1",
    "price-list.scheduled.v1",
    "price-list.withdrawn.v1",
    "sms.queued.v1",
    "statement.requested.v1",
    "statement_run.started.v1",
    "stock.decreased.v1",
    "stock.expected-delivery-changed.v1",
    "stock.increased.v1",
    "user.registered.v1",
    "sign-in-code.requested.v1",
    "user.removed.v1",
}


def test_list_of_internal_events_names_published_ones() -> None:
    assert {event.TYPE for event in published_events()} > INTERNAL


@pytest.mark.parametrize("event", published_events(), ids=lambda event: event.TYPE)
def test_event_is_subscribable_only_if_it_is_public(
    event: type[Event], webhook_world: World, receiver: Receiver
) -> None:
    body = {"url": receiver.url, "types": [event.TYPE], "description": "ERP"}
    answer = call_as_admin(webhook_world, "POST", "/webhook-endpoints", body)
    if event.TYPE in INTERNAL:
        assert answer.status == 422 and answer.json["errors"][0]["code"] == "unknown-type"
        assert "order.shipped.v1" in answer.json["errors"][0]["detail"]
    else:
        assert answer.status == 201
    assert (event.TYPE not in INTERNAL) == event.PUBLIC


def test_endpoint_of_all_types_gets_no_internal_event(webhook_world: World, receiver: Receiver) -> None:
    register(webhook_world, receiver.url)
    store_event(StatementRequested(dealer_id="D0001", period="2026-10"), "R-1")
    webhook_world.drain()
    assert "statement.requested.v1" not in {json.loads(request.body)["type"] for request in receiver.received}


def test_webhook_sends_each_event_once_when_messages_are_redelivered(webhook_world: World, receiver: Receiver) -> None:
    register(webhook_world, receiver.url)
    for number in range(3):
        store_event(hold_released(number), f"D0001-{number:06d}")
    webhook_world.drain()
    assert len(receiver.received) == 3
    before = webhook_world.snapshot()
    webhook_world.redeliver_everything()
    advance_and_retry(webhook_world, hours=1)
    assert len(receiver.received) == 3
    assert webhook_world.snapshot() == before


def test_webhook_skips_events_published_before_endpoint_registration(webhook_world: World, receiver: Receiver) -> None:
    publish(webhook_world, hold_released(1))
    register(webhook_world, receiver.url)
    advance_and_retry(webhook_world, minutes=1)
    assert receiver.received == []


def test_unsubscribed_event_creates_no_delivery(webhook_world: World, receiver: Receiver) -> None:
    register(webhook_world, receiver.url, "statement.issued.v1")
    publish(webhook_world, order_shipped(**ORDER))
    assert webhook_world.items("DELIVERY#") == [] and receiver.received == []


def test_dispatch_sends_to_all_endpoints_at_the_same_time(webhook_world: World, receiver: Receiver) -> None:
    arrived = threading.Barrier(2, timeout=5)
    original = signed_post.post

    def post_together(*args: Any, **kwargs: Any) -> WebhookResponse:
        arrived.wait()  # fails unless both requests are in progress at the same time
        return original(*args, **kwargs)

    with run_receiver() as other_receiver:
        register(webhook_world, receiver.url)
        register(webhook_world, other_receiver.url)
        with patch.object(signed_post, "post", post_together):
            publish(webhook_world, hold_released(1))
        assert len(receiver.received) == len(other_receiver.received) == 1


# ---- crashes and concurrent runs ----


def test_interrupted_attempt_is_logged_and_retried(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    store_event(hold_released(1), "D0001-000123")
    with patch.object(signed_post, "post", side_effect=Killed), pytest.raises(Killed):
        webhook_world.drain()
    webhook_world.drain()
    assert receiver.received == [], "the claim has not ended"
    advance_and_retry(webhook_world, seconds=62)
    delivery = only_delivery(webhook_world, endpoint)
    assert outcomes_of(delivery) == ["started", "2xx"] and delivery["state"] == "delivered"
    assert len(receiver.received) == 1


def test_created_delivery_is_sent_when_the_first_dispatch_crashed(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    store_event(hold_released(1), "D0001-000123")
    with patch.object(dispatch_webhooks, "send_attempts", side_effect=Killed), pytest.raises(Killed):
        webhook_world.drain()
    assert only_delivery(webhook_world, endpoint)["state"] == "pending"
    webhook_world.redeliver_everything()
    advance_and_retry(webhook_world, seconds=1)
    assert len(receiver.received) == 1 and only_delivery(webhook_world, endpoint)["state"] == "delivered"


class SameThreadPool:
    """Thread pool that runs each task on the calling thread."""

    def __init__(self, max_workers: int) -> None: ...

    def __enter__(self) -> SameThreadPool:
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, task: Any, inputs: Any) -> list[Any]:
        return [task(value) for value in inputs]


def test_concurrent_runs_send_a_delivery_once(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    receiver.answer(500)
    publish(webhook_world, hold_released(1))
    webhook_world.clock.advance(minutes=1)
    original = signed_post.post
    runs: list[bool] = []

    def post_during_second_run(*args: Any, **kwargs: Any) -> WebhookResponse:
        if not runs:
            runs.append(True)
            webhook_world.periodic("notifications", "retry_webhooks")
            webhook_world.redeliver_everything()
        return original(*args, **kwargs)

    # The second run happens during the request of the first, and on this thread, because moto needs that.
    with (
        patch.object(signed_post, "post", post_during_second_run),
        patch.object(attempts, "ThreadPoolExecutor", SameThreadPool),
    ):
        webhook_world.periodic("notifications", "retry_webhooks")
    assert runs and len(receiver.received) == 2
    assert outcomes_of(only_delivery(webhook_world, endpoint)) == ["5xx", "2xx"]


def test_second_run_sends_nothing_when_the_first_claimed_the_delivery(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    receiver.answer(500)
    publish(webhook_world, hold_released(1))
    webhook_world.clock.advance(minutes=1)
    with before_commit(0, lambda: webhook_world.periodic("notifications", "retry_webhooks")):
        webhook_world.periodic("notifications", "retry_webhooks")
    assert outcomes_of(only_delivery(webhook_world, endpoint)) == ["5xx", "2xx"]
    assert len(receiver.received) == 2, "the second claim was refused, and nothing was sent for it"


def test_late_response_changes_nothing_when_its_claim_has_ended(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)

    def post_slowly(*_: Any, **__: Any) -> WebhookResponse:
        webhook_world.clock.advance(seconds=61)
        with patch.object(signed_post, "post", original):
            webhook_world.periodic("notifications", "retry_webhooks")
        return WebhookResponse(500, None, 61.0)

    original = signed_post.post
    with patch.object(signed_post, "post", post_slowly), patch.object(attempts, "ThreadPoolExecutor", SameThreadPool):
        publish(webhook_world, hold_released(1))
    delivery = only_delivery(webhook_world, endpoint)
    assert delivery["state"] == "delivered" and outcomes_of(delivery) == ["started", "2xx"]


# ---- what the log shows ----


def test_log_shows_no_answer_for_open_closed_and_silent_ports(
    webhook_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_post, "DEADLINE_SECONDS", 0.3)
    with run_slow_server(b"SSH-2.0-OpenSSH\r\n", b"") as ssh, run_slow_server(b"", b"") as silent:
        ports = [ssh, silent, closed_port()]
        endpoints = [register(webhook_world, f"http://127.0.0.1:{port}/") for port in ports]
        publish(webhook_world, hold_released(1))
        assert [outcomes_of(only_delivery(webhook_world, endpoint)) for endpoint in endpoints] == [["no-answer"]] * 3


def test_log_contains_no_secret_and_no_endpoint_address(
    webhook_world: World, receiver: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    with captured_log() as lines:
        endpoint = register(webhook_world, receiver.url + "&token=url-canary")
        rotated = call_as_admin(
            webhook_world, "POST", f"/webhook-endpoints/{endpoint['endpoint_id']}/rotate-secret"
        ).json
        receiver.answer(500)
        publish(webhook_world, hold_released(1))
        advance_and_retry(webhook_world, minutes=1)
        with patch.object(attempts, "finish_attempt", side_effect=RuntimeError("boom")):
            store_event(hold_released(1), "D0001-000124")
            webhook_world.drain(may_fail=True)
    printed = capfd.readouterr()
    output = lines.getvalue() + printed.out + printed.err
    assert '"outcome"' in output and "WebhookAge" in output and "boom" in output, "the log is captured"
    for canary in (endpoint["secret"], rotated["secret"], "url-canary", "127.0.0.1"):
        assert canary.removeprefix("whsec_") not in output
