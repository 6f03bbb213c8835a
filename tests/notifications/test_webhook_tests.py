"""Tests of test events: signed and sent to one endpoint alone, through the way of every event."""

from __future__ import annotations

from tests.notifications.webhook_client import (
    advance_and_retry,
    call_as_admin,
    deliveries_of,
    only_delivery,
    outcomes_of,
    register,
    verify_event,
)
from tests.notifications.webhook_receiver import Receiver, run_receiver
from tests.support.world import World


def test_test_event_is_sent_signed_to_its_endpoint_alone(webhook_world: World, receiver: Receiver) -> None:
    with run_receiver() as other_receiver:
        other = register(webhook_world, other_receiver.url)
        endpoint = register(webhook_world, receiver.url, "order.shipped.v1")
        path = f"/webhook-endpoints/{endpoint['endpoint_id']}/test"
        answers = [call_as_admin(webhook_world, "POST", path, key="test-1") for _ in range(2)]
        assert [answer.status for answer in answers] == [202, 202] and answers[0].text == answers[1].text
        webhook_world.drain()
        webhook_world.redeliver_everything()
        (request,) = receiver.received
        event = verify_event(request, endpoint["secret"], webhook_world)
        assert event["type"] == "webhook.test.v1" and event["id"] == answers[0].json["event_id"]
        assert event["data"]["endpoint_id"] == endpoint["endpoint_id"]
        assert only_delivery(webhook_world, endpoint)["state"] == "delivered"
        assert other_receiver.received == [] and deliveries_of(webhook_world, other) == []
    webhook_world.clock.advance(minutes=2)
    assert call_as_admin(webhook_world, "GET", "/events").json["events"] == [], "no partner missed a test"


def test_test_event_is_retried_like_every_event(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    receiver.answer(500)
    call_as_admin(webhook_world, "POST", f"/webhook-endpoints/{endpoint['endpoint_id']}/test")
    webhook_world.drain()
    advance_and_retry(webhook_world, hours=1)
    assert outcomes_of(only_delivery(webhook_world, endpoint)) == ["5xx", "2xx"]


def test_test_is_refused_for_disabled_and_unknown_endpoints(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    receiver.answer(410)
    path = f"/webhook-endpoints/{endpoint['endpoint_id']}/test"
    call_as_admin(webhook_world, "POST", path)
    webhook_world.drain()
    answer = call_as_admin(webhook_world, "POST", path)
    assert (answer.status, answer.json["code"]) == (409, "endpoint-disabled")
    assert call_as_admin(webhook_world, "POST", "/webhook-endpoints/whe_none/test").status == 404
    webhook_world.drain()
    assert len(receiver.received) == 1
