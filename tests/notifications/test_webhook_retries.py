"""Tests of webhook retries: schedule, disabling of endpoints, and independence of endpoints."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from itertools import pairwise
from unittest.mock import patch

import pytest

from kernel.time import clock
from services.notifications.deliveries import dispatch_webhooks, list_deliveries, retry_webhooks
from services.notifications.deliveries.rules import RETRY_SECONDS
from services.notifications.webhooks import signed_post
from tests.notifications.fixtures import hold_released, publish, store_event
from tests.notifications.webhook_client import (
    advance_and_retry,
    deliveries_of,
    fail_until_exhausted,
    only_delivery,
    outcomes_of,
    register,
    shown_endpoint,
    verify_event,
)
from tests.notifications.webhook_receiver import Receiver, closed_port, run_receiver
from tests.support.world import World


def test_retry_sends_same_bytes_under_same_id(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    receiver.answer(500, 503)
    publish(webhook_world, hold_released(1))
    assert only_delivery(webhook_world, endpoint)["state"] == "pending"
    assert shown_endpoint(webhook_world, endpoint)["failing_since"]
    advance_and_retry(webhook_world, seconds=4)
    assert len(receiver.received) == 1, "not before it is due"
    advance_and_retry(webhook_world, seconds=2)
    assert len(receiver.received) == 2
    advance_and_retry(webhook_world, minutes=6)
    first, second, third = receiver.received
    assert first.body == second.body == third.body
    assert first.event_id == second.event_id == third.event_id
    stamps = [int(request.headers["webhook-timestamp"]) for request in receiver.received]
    assert stamps == sorted(stamps) and len(set(stamps)) == 3
    for request in receiver.received[2:]:
        verify_event(request, endpoint["secret"], webhook_world)
    delivery = only_delivery(webhook_world, endpoint)
    assert delivery["state"] == "delivered" and outcomes_of(delivery) == ["5xx", "5xx", "2xx"]
    assert shown_endpoint(webhook_world, endpoint)["failing_since"] is None
    advance_and_retry(webhook_world, days=2)
    assert len(receiver.received) == 3, "none after success"


def test_short_wait_is_spent_in_the_queue(webhook_world: World, receiver: Receiver) -> None:
    register(webhook_world, receiver.url)
    receiver.answer(500)
    with patch.object(dispatch_webhooks, "schedule_dispatch") as schedule:
        envelope = publish(webhook_world, hold_released(1))
        ((body, seconds), _) = schedule.call_args
    assert seconds == 6 and json.loads(body)["id"] == envelope.id
    webhook_world.clock.advance(seconds=seconds)
    dispatch_webhooks.dispatch_webhooks(envelope)
    assert len(receiver.received) == 2


def test_delivery_is_exhausted_after_ten_failures_over_three_days(
    webhook_world: World, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = register(webhook_world, receiver.url)
    receiver.answer(*[500] * 20)
    publish(webhook_world, hold_released(1))
    fail_until_exhausted(webhook_world, endpoint, receiver)
    delivery = only_delivery(webhook_world, endpoint)
    assert delivery["state"] == "exhausted" and outcomes_of(delivery) == ["5xx"] * 10
    assert delivery["next_attempt_at"] is None
    times = [clock.parse_stamp(attempt["at"]) for attempt in delivery["attempts"]]
    waits = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert all(wait >= scheduled for wait, scheduled in zip(waits, RETRY_SECONDS, strict=True))
    assert timedelta(days=3) < times[-1] - times[0] < timedelta(days=4)
    advance_and_retry(webhook_world, days=1)
    assert len(receiver.received) == 10
    assert '"WebhookExhausted":[1.0]' in capsys.readouterr().out.replace(" ", "")


def test_retry_waits_for_the_retry_after_header(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    receiver.answer(429, Retry_After="1800")
    publish(webhook_world, hold_released(1))
    advance_and_retry(webhook_world, minutes=29)
    assert len(receiver.received) == 1
    advance_and_retry(webhook_world, minutes=2)
    assert len(receiver.received) == 2 and only_delivery(webhook_world, endpoint)["state"] == "delivered"


def test_endpoint_is_disabled_when_it_answers_410(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    receiver.answer(500, 410)
    publish(webhook_world, hold_released(1), sequence=1)
    publish(webhook_world, hold_released(1), sequence=2)  # left to the schedule, because the endpoint has just failed
    advance_and_retry(webhook_world, seconds=10)
    assert shown_endpoint(webhook_world, endpoint)["state"] == "disabled"
    assert shown_endpoint(webhook_world, endpoint)["disabled_reason"] == "gone"
    advance_and_retry(webhook_world, minutes=5)
    publish(webhook_world, hold_released(1), sequence=3)
    assert [delivery["state"] for delivery in deliveries_of(webhook_world, endpoint)] == ["disabled", "disabled"]
    advance_and_retry(webhook_world, days=1)
    assert len(receiver.received) == 2


def test_endpoint_is_disabled_when_it_fails_for_five_days(webhook_world: World) -> None:
    endpoint = register(webhook_world, f"http://127.0.0.1:{closed_port()}/")
    publish(webhook_world, hold_released(1), sequence=1)
    advance_and_retry(webhook_world, days=3)
    publish(webhook_world, hold_released(1), sequence=2)
    advance_and_retry(webhook_world, days=1)
    assert shown_endpoint(webhook_world, endpoint)["state"] == "active"
    advance_and_retry(webhook_world, days=1, minutes=1)
    shown = shown_endpoint(webhook_world, endpoint)
    assert (shown["state"], shown["disabled_reason"]) == ("disabled", "failing")
    advance_and_retry(webhook_world, minutes=1)
    assert {delivery["state"] for delivery in deliveries_of(webhook_world, endpoint)} == {"disabled"}


def test_redirect_is_a_failure_and_is_not_followed(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    with run_receiver() as other_receiver:
        receiver.answer(307, Location=other_receiver.url)
        publish(webhook_world, hold_released(1))
        assert outcomes_of(only_delivery(webhook_world, endpoint)) == ["3xx"] and other_receiver.received == []


# ---- one endpoint does not delay another ----


def test_silent_endpoint_delays_one_event_once_and_no_other_endpoint(
    webhook_world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_post, "DEADLINE_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts connections and never answers
        failing = register(webhook_world, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        healthy = register(webhook_world, receiver.url)
        for number in range(8):
            store_event(hold_released(number), f"D0001-{number:06d}")
        with patch.object(signed_post, "post", side_effect=signed_post.post) as sent:
            webhook_world.drain()
        urls = [call.args[0] for call in sent.call_args_list]
        assert len(receiver.received) == 8
        assert len([url for url in urls if url != receiver.url]) == 1, "the schedule sends the other seven"
        assert {delivery["state"] for delivery in deliveries_of(webhook_world, healthy)} == {"delivered"}
        with patch.object(signed_post, "post", side_effect=signed_post.post) as sent:
            advance_and_retry(webhook_world, minutes=1)
        assert sent.call_count == 1, "one attempt per run without an answer"
        assert len(deliveries_of(webhook_world, failing)) == 8
        silent.listen(0)


def test_run_sends_the_whole_backlog_when_the_endpoint_recovers(
    webhook_world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_deliveries, "PAGE_SIZE", 8)
    endpoint = register(webhook_world, receiver.url)
    receiver.answer(500)
    for number in range(12):
        store_event(hold_released(number), f"D0001-{number:06d}")
    webhook_world.drain()
    assert len(receiver.received) == 1
    advance_and_retry(webhook_world, minutes=1)
    assert len(receiver.received) == 13
    token = webhook_world.token(role="admin")
    path = f"/webhook-endpoints/{endpoint['endpoint_id']}/deliveries"
    first = webhook_world.call("notifications", "GET", path, token=token).json
    second = webhook_world.call("notifications", "GET", path, token=token, query={"cursor": first["next_cursor"]}).json
    shown = first["deliveries"] + second["deliveries"]
    assert len(shown) == 12 and {delivery["state"] for delivery in shown} == {"delivered"}
    times = [delivery["event_time"] for delivery in shown]
    assert times == sorted(times, reverse=True)


def test_run_starts_no_attempt_after_its_time_limit(
    webhook_world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(webhook_world, receiver.url)
    receiver.answer(500)
    for number in range(5):
        store_event(hold_released(number), f"D0001-{number:06d}")
    webhook_world.drain()
    monkeypatch.setattr(retry_webhooks, "RUN_SECONDS", 0)
    advance_and_retry(webhook_world, minutes=1)
    assert len(receiver.received) == 1
