"""Tests of replays: one extra, marked attempt of a finished delivery."""

from __future__ import annotations

from unittest.mock import patch

from services.notifications.deliveries import replay_delivery
from tests.notifications.fixtures import hold_released, publish
from tests.notifications.webhook_client import (
    advance_and_retry,
    fail_until_exhausted,
    only_delivery,
    outcomes_of,
    register,
    replay,
    shown_endpoint,
    verify_event,
)
from tests.notifications.webhook_receiver import Receiver
from tests.support.world import World


def test_replay_sends_same_event_marked_once_per_idempotency_key(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    envelope = publish(webhook_world, hold_released(1))
    answers = [replay(webhook_world, endpoint, envelope.id, "again-1") for _ in range(3)]
    assert [answer.status for answer in answers] == [202, 202, 202]
    assert answers[0].json == {"endpoint_id": endpoint["endpoint_id"], "event_id": envelope.id}
    assert len({answer.text for answer in answers}) == 1
    webhook_world.drain()
    first, second = receiver.received
    assert (first.event_id, first.body) == (second.event_id, second.body)
    assert second.headers["qudao-replay"] == "true" and "qudao-replay" not in first.headers
    verify_event(second, endpoint["secret"], webhook_world)
    delivery = only_delivery(webhook_world, endpoint)
    assert [attempt["replay"] for attempt in delivery["attempts"]] == [False, True]
    webhook_world.redeliver_everything()
    advance_and_retry(webhook_world, hours=1)
    assert len(receiver.received) == 2


def test_replay_is_sent_by_the_schedule_when_the_queue_loses_it(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    envelope = publish(webhook_world, hold_released(1))
    with patch.object(replay_delivery, "schedule_dispatch"):
        assert replay(webhook_world, endpoint, envelope.id).status == 202
    advance_and_retry(webhook_world, seconds=1)
    assert len(receiver.received) == 2


def test_failed_replay_changes_neither_delivery_nor_endpoint(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    envelope = publish(webhook_world, hold_released(1))
    receiver.answer(410)
    replay(webhook_world, endpoint, envelope.id)
    webhook_world.drain()
    delivery = only_delivery(webhook_world, endpoint)
    assert delivery["state"] == "delivered" and outcomes_of(delivery) == ["2xx", "410"]
    assert delivery["next_attempt_at"] is None, "a replay is one attempt"
    assert shown_endpoint(webhook_world, endpoint)["state"] == "active"
    assert shown_endpoint(webhook_world, endpoint)["failing_since"] is None


def test_successful_replay_marks_an_exhausted_delivery_as_delivered(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    receiver.answer(*[500] * 10)
    envelope = publish(webhook_world, hold_released(1))
    fail_until_exhausted(webhook_world, endpoint, receiver)
    assert only_delivery(webhook_world, endpoint)["state"] == "exhausted"
    replay(webhook_world, endpoint, envelope.id)
    webhook_world.drain()
    assert only_delivery(webhook_world, endpoint)["state"] == "delivered"
    assert shown_endpoint(webhook_world, endpoint)["failing_since"], "a replay does not change the health"


def test_replay_is_refused_for_pending_and_unknown_deliveries(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url, "order.hold-released.v1")
    receiver.answer(500)
    envelope = publish(webhook_world, hold_released(1))
    before = webhook_world.snapshot()
    answer = replay(webhook_world, endpoint, envelope.id)
    assert (answer.status, answer.json["code"]) == (409, "still-in-delivery")
    for event_id in ("evt_none_1", "x" * 3_000, "%00"):
        assert replay(webhook_world, endpoint, event_id).status == 404
    assert replay(webhook_world, {"endpoint_id": "whe_none"}, envelope.id).status == 404
    assert webhook_world.snapshot() == before and len(receiver.received) == 1
