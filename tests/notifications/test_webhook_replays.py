"""Tests of replays: one extra, marked attempt of a finished delivery."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from kernel.time import clock
from services.notifications.deliveries import replay_delivery
from tests.notifications.fixtures import hold_released, publish
from tests.notifications.webhook_client import (
    advance_and_retry,
    call_as_admin,
    fail_until_exhausted,
    only_delivery,
    outcomes_of,
    register,
    replay,
    shown_endpoint,
    verify_event,
)
from tests.notifications.webhook_receiver import Receiver
from tests.support.gateway import Response
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


def replay_hour(world: World, endpoint: Any, start: datetime, *, key: str | None = None, **more: Any) -> Response:
    """Request a replay of the events of one hour."""
    body = {"from": clock.stamp(start), "to": clock.stamp(start + timedelta(hours=1)), **more}
    return call_as_admin(world, "POST", f"/webhook-endpoints/{endpoint['endpoint_id']}/replay", body, key=key)


def test_period_replay_sends_each_event_of_the_period_once(
    webhook_world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_delivery, "MOST_REPLAYS", 2)
    endpoint = register(webhook_world, receiver.url)
    publish(webhook_world, hold_released(9), "D0001-000009")
    webhook_world.clock.advance(hours=1)
    start = clock.now()
    envelopes = []
    for number in range(3):
        envelopes.append(publish(webhook_world, hold_released(number), f"D0001-{number:06d}"))
        webhook_world.clock.advance(seconds=1)
    webhook_world.clock.advance(hours=1)
    publish(webhook_world, hold_released(8), "D0001-000008")
    first = replay_hour(webhook_world, endpoint, start, key="period-1")
    assert first.status == 202 and first.json["event_ids"] == [event.id for event in envelopes[:2]]
    advance_and_retry(webhook_world, seconds=1)
    again = replay_hour(webhook_world, endpoint, start, key="period-1")
    assert again.text == first.text
    rest = replay_hour(webhook_world, endpoint, start, cursor=first.json["next_cursor"])
    assert rest.json["event_ids"] == [envelopes[2].id] and rest.json["next_cursor"] is None
    for _ in range(3):
        advance_and_retry(webhook_world, minutes=1)
    replayed = [request.event_id for request in receiver.received if "qudao-replay" in request.headers]
    assert sorted(replayed) == sorted(event.id for event in envelopes)


def test_period_replay_leaves_out_deliveries_that_are_not_finished(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url, "order.hold-released.v1")
    start = clock.now()
    receiver.answer(500)
    publish(webhook_world, hold_released(1))
    answer = replay_hour(webhook_world, endpoint, start)
    assert (answer.json["event_ids"], answer.json["still_in_delivery"]) == ([], 1)
    assert only_delivery(webhook_world, endpoint)["state"] == "pending"


def test_period_that_ends_before_it_begins_is_refused(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    body = {"from": "2026-11-02T00:00:00Z", "to": "2026-11-02T00:00:00Z"}
    answer = call_as_admin(webhook_world, "POST", f"/webhook-endpoints/{endpoint['endpoint_id']}/replay", body)
    assert answer.status == 422 and answer.json["errors"][0]["field"] == "to"
