"""Tests of the event log: every public event once, in the order of writing, and no cursor passes over one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from contracts.orders import OrderHoldReleased
from contracts.reconciliation import PaymentPosted, StatementRequested
from kernel.messaging.events import Envelope, Event
from kernel.time import clock
from services.notifications.app import app
from services.notifications.event_log.items import log_once
from services.notifications.event_log.rules import SETTLING_TIME
from tests.notifications.fixtures import hold_released, publish, store_event
from tests.notifications.sample_events import ORDER
from tests.notifications.webhook_client import register, replay
from tests.notifications.webhook_receiver import Receiver
from tests.support.gateway import Response
from tests.support.read_units import metered
from tests.support.world import World


def read_log(world: World, role: str = "dealer_admin", dealer_id: str | None = "D0001", **query: Any) -> Response:
    """Read a page of the event log as a user of a dealer, or of head office."""
    token = world.token(role=role, dealer_id=None if role == "admin" else dealer_id)
    return world.call("notifications", "GET", "/events", token=token, query=query)


def settle(world: World) -> None:
    """Let all positions be settled."""
    world.clock.advance(minutes=2)


def ids_of(answer: Response) -> list[str]:
    """Return the ids of the events on a page."""
    assert answer.status == 200, answer.json
    return [event["id"] for event in answer.json["events"]]


def publish_holds(world: World, *numbers: int) -> list[Envelope]:
    """Publish one event for each of these orders, each at another moment."""
    envelopes = []
    for number in numbers:
        envelopes.append(publish(world, hold_released(number), f"D0001-{number:06d}"))
        world.clock.advance(seconds=1)
    return envelopes


def test_partner_reads_missed_events_as_webhooks_send_them(webhook_world: World, receiver: Receiver) -> None:
    register(webhook_world, receiver.url)
    first, second, third = publish_holds(webhook_world, 1, 2, 3)
    settle(webhook_world)
    page = read_log(webhook_world, limit=2)
    assert ids_of(page) == [first.id, second.id] and page.json["has_more"]
    assert page.json["events"] == [json.loads(request.body) for request in receiver.received[:2]]
    rest = read_log(webhook_world, after=page.json["next_after"])
    assert ids_of(rest) == [third.id] and not rest.json["has_more"]
    assert ids_of(read_log(webhook_world, after=first.id)) == [second.id, third.id]
    assert ids_of(read_log(webhook_world, "admin")) == [first.id, second.id, third.id]


def test_cursor_of_the_last_page_continues_with_later_events(webhook_world: World) -> None:
    publish_holds(webhook_world, 1)
    settle(webhook_world)
    cursor = read_log(webhook_world).json["next_after"]
    for _ in range(3):
        page = read_log(webhook_world, after=cursor)
        assert ids_of(page) == []
        cursor = page.json["next_after"]
    (later,) = publish_holds(webhook_world, 2)
    settle(webhook_world)
    page = read_log(webhook_world, "dealer_buyer", after=cursor)
    assert ids_of(page) == [later.id], "the cursor is the dealer's, not the user's"
    webhook_world.clock.advance(days=29)
    assert ids_of(read_log(webhook_world, after=page.json["next_after"])) == []


def test_event_that_arrives_late_is_listed_after_cursors_read_before(webhook_world: World) -> None:
    late = store_event(hold_released(1), "D0001-000001")
    with webhook_world.held_back("dispatch-webhooks"):
        webhook_world.drain()
        webhook_world.clock.advance(days=3)
        cursor = read_log(webhook_world).json["next_after"]
    (earlier_in_log,) = publish_holds(webhook_world, 2)
    settle(webhook_world)
    assert sorted(ids_of(read_log(webhook_world, after=cursor))) == sorted([late.id, earlier_in_log.id])


def test_event_of_slow_writer_is_not_passed_over(webhook_world: World) -> None:
    slow, fast = store_event(hold_released(1), "D0001-000001"), store_event(hold_released(2), "D0001-000002")
    taken_first = clock.now()
    webhook_world.clock.advance(seconds=10)
    log_once(fast, clock.now())
    webhook_world.clock.advance(seconds=49)
    page = read_log(webhook_world)
    assert ids_of(page) == [], "a writer may still be at work before this event"
    log_once(slow, taken_first)
    settle(webhook_world)
    assert ids_of(read_log(webhook_world, after=page.json["next_after"])) == [slow.id, fast.id]


def test_settling_time_is_longer_than_the_writer_may_run() -> None:
    (writer,) = (spec for spec in app.consumers if spec.function == "dispatch_webhooks")
    assert timedelta(seconds=writer.timeout_seconds) < SETTLING_TIME


def test_event_is_logged_once_when_it_is_delivered_and_replayed_again(webhook_world: World, receiver: Receiver) -> None:
    endpoint = register(webhook_world, receiver.url)
    (envelope,) = publish_holds(webhook_world, 1)
    webhook_world.redeliver_everything()
    replay(webhook_world, endpoint, envelope.id)
    webhook_world.drain()
    settle(webhook_world)
    assert ids_of(read_log(webhook_world, "admin")) == [envelope.id]


def test_replay_after_the_retention_logs_no_event_anew(webhook_world: World) -> None:
    event = store_event(hold_released(1), "D0001-000001")
    with webhook_world.held_back("dispatch-webhooks"):
        webhook_world.drain()
        webhook_world.clock.advance(days=31)
    webhook_world.drain()
    assert not webhook_world.items(f"EVENTLOG#EVENT#{event.id}")


def test_dealer_reads_no_event_of_another_and_no_internal_one(webhook_world: World) -> None:
    publish(webhook_world, StatementRequested(dealer_id="D0001", period="2026-10"), "R-1")
    own = publish_holds(webhook_world, 1)[0]
    foreign_order = ORDER | {"order_id": "D0002-000001", "dealer_id": "D0002"}
    foreign = publish(webhook_world, OrderHoldReleased(**foreign_order, hold="manual", reason="已核实"), "D0002-000001")
    settle(webhook_world)
    assert ids_of(read_log(webhook_world)) == [own.id]
    assert ids_of(read_log(webhook_world, dealer_id="D0002")) == [foreign.id]
    assert ids_of(read_log(webhook_world, "admin")) == [own.id, foreign.id]
    cursor = read_log(webhook_world).json["next_after"]
    assert read_log(webhook_world, dealer_id="D0002", after=cursor).json["code"] == "bad-cursor"
    answers = [read_log(webhook_world, dealer_id="D0002", after=after) for after in (own.id, "evt_none_1")]
    assert [answer.json["errors"][0]["code"] for answer in answers] == ["unknown-event"] * 2
    assert answers[0].json["errors"] == answers[1].json["errors"]


@pytest.mark.parametrize(("role", "count"), [("dealer_admin", 2), ("dealer_accountant", 2), ("dealer_buyer", 1)])
def test_buyer_reads_no_event_about_money(webhook_world: World, role: str, count: int) -> None:
    event: Event = PaymentPosted(payment_id="P-1", dealer_id="D0001", amount_fen=100, received_on="2026-11-20")
    payment = store_event(event, "D0001-PAY-1")
    with webhook_world.held_back("update-credit"):
        webhook_world.drain()
    publish_holds(webhook_world, 1)
    settle(webhook_world)
    assert len(ids_of(read_log(webhook_world, role))) == count
    assert read_log(webhook_world, role, after=payment.id).status == (422 if count == 1 else 200)
    first = read_log(webhook_world, role, limit=1)
    assert first.json["has_more"], "a page with a hidden event goes on"


def test_position_older_than_the_retention_is_refused(webhook_world: World) -> None:
    (envelope,) = publish_holds(webhook_world, 1)
    settle(webhook_world)
    cursor = read_log(webhook_world).json["next_after"]
    webhook_world.clock.advance(days=30, minutes=5)
    for after in (cursor, envelope.id):
        answer = read_log(webhook_world, after=after)
        assert answer.status == 422 and answer.json["errors"][0]["code"] == "too-old"
    assert ids_of(read_log(webhook_world)) == []


def test_cost_of_a_page_does_not_grow_with_the_log(webhook_world: World) -> None:
    units = []
    for start in (1, 30):
        publish_holds(webhook_world, *range(start, start + 20))
        settle(webhook_world)
        with metered() as meter:
            assert len(ids_of(read_log(webhook_world, limit=5))) == 5
        units.append(meter.units)
    assert units[0] == units[1]
