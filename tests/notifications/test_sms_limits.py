"""Tests of the limits of text messages: per phone and minute, per phone and day, per event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.orders import OrderReserved
from kernel.invariants.snapshot import Finding
from kernel.store.transaction import MAX_ACTIONS
from kernel.time import clock
from services.notifications.inbox import notify_recipients
from services.notifications.invariants.sms import ALWAYS
from services.notifications.sms import claims
from services.notifications.sms.items import phone_day_key
from tests.notifications.fixtures import (
    PHONES,
    add_user,
    create_dealers,
    publish,
    recorded_sms,
    sms_states,
    store_event,
)
from tests.notifications.sample_events import EVENTS, ORDER, order_shipped
from tests.support.snapshots import snapshot
from tests.support.world import World, opened


def ship_many(world: World, *numbers: int) -> None:
    """Publish the shipments of several orders at once."""
    for number in numbers:
        store_event(order_shipped(order_id=f"D0001-{number:06d}"), f"D0001-{number:06d}")
    world.drain()


def release_texts(world: World) -> None:
    """Run the schedule twice, as if one run were doubled, and deliver what it queues."""
    world.periodic("notifications", "release_texts")
    world.periodic("notifications", "release_texts")
    world.drain()


def find_violations(world: World) -> list[Finding]:
    """Return the findings of the rules about text messages that always hold."""
    stored = snapshot(world)
    return [finding for rule in ALWAYS for finding in rule(stored)]


@contextmanager
def opened_dealer_world() -> Iterator[World]:
    """Open a fast world with two dealers and their users."""
    with opened(fast=True) as world, create_dealers(world):
        yield world


def states(world: World) -> Counter[str]:
    """Return the number of stored text messages in each state."""
    return Counter(item["state"] for item in world.items("SMS#sms_") if item["sk"] == "SMS")


def test_burst_of_one_template_ends_in_one_text_with_their_number(dealer_world: World) -> None:
    ship_many(dealer_world, *range(10))
    assert len(recorded_sms(dealer_world)) == 2
    assert states(dealer_world) == {"accepted": 2, "waiting": 2, "merged": 16}
    dealer_world.clock.advance(seconds=59)
    release_texts(dealer_world)
    assert len(recorded_sms(dealer_world)) == 2, "a phone gets a template once in a minute"
    dealer_world.clock.advance(seconds=1)
    release_texts(dealer_world)
    texts = [text for phone, text in recorded_sms(dealer_world) if phone == PHONES["boss"]]
    assert len(texts) == 2
    assert any(text.startswith("【渠道】您有9批货已发出,如订单D0001-00000") for text in texts)
    assert states(dealer_world) == {"accepted": 4, "merged": 16}
    assert find_violations(dealer_world) == []


def test_single_text_that_waited_keeps_its_wording(dealer_world: World) -> None:
    ship_many(dealer_world, 1, 2)
    dealer_world.clock.advance(seconds=60)
    release_texts(dealer_world)
    texts = [text for phone, text in recorded_sms(dealer_world) if phone == PHONES["boss"]]
    assert len(texts) == 2 and not any("您有" in text for text in texts)


def test_no_text_is_sent_at_night_and_the_morning_sends_one(dealer_world: World) -> None:
    dealer_world.clock.advance(hours=16, minutes=50)  # 02:50 in Shanghai
    ship_many(dealer_world, 1, 2, 3)
    assert (recorded_sms(dealer_world), states(dealer_world)) == ([], {"waiting": 2, "merged": 4})
    dealer_world.clock.advance(hours=5, minutes=9)
    release_texts(dealer_world)
    assert recorded_sms(dealer_world) == []
    dealer_world.clock.advance(minutes=1)
    release_texts(dealer_world)
    assert [phone for phone, text in recorded_sms(dealer_world) if text.startswith("【渠道】您有3批货已发出")] == [
        PHONES["boss"],
        PHONES["buyer"],
    ]
    before = dealer_world.snapshot()
    dealer_world.redeliver_everything()
    assert dealer_world.snapshot() == before
    assert find_violations(dealer_world) == []


def test_urgent_text_is_sent_at_night(dealer_world: World) -> None:
    dealer_world.clock.advance(hours=16, minutes=50)
    (overdue,) = (event for event in EVENTS if event.TYPE == "order.overdue.v1")
    publish(dealer_world, overdue)
    assert len(recorded_sms(dealer_world)) == 1


def test_text_released_before_the_night_and_sent_in_it_waits_again(dealer_world: World) -> None:
    dealer_world.clock.advance(hours=11, minutes=58)  # 21:58
    ship_many(dealer_world, 1, 2, 3)
    dealer_world.clock.advance(minutes=1)
    dealer_world.periodic("notifications", "release_texts")
    dealer_world.clock.advance(minutes=1)
    dealer_world.drain()
    ship_many(dealer_world, 4)
    assert len(recorded_sms(dealer_world)) == 2, "those of 21:58"
    dealer_world.clock.advance(hours=10)
    release_texts(dealer_world)
    assert sum(text.startswith("【渠道】您有3批货已发出") for _, text in recorded_sms(dealer_world)) == 2
    assert find_violations(dealer_world) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 240), st.integers(1, 3)), min_size=1, max_size=8), st.integers(0, 23))
def test_every_event_is_in_one_text_and_none_is_sent_at_night(steps: list[tuple[int, int]], hour: int) -> None:
    with opened_dealer_world() as world:
        world.clock.advance(hours=hour)
        numbers = count(1)
        shipped = 0
        for minutes, orders in steps:
            ship_many(world, *(next(numbers) for _ in range(orders)))
            shipped += orders
            release_texts(world)
            world.clock.advance(minutes=minutes)
        world.clock.advance(hours=12)
        for _ in range(3):
            release_texts(world)
            world.clock.advance(hours=6)
        told = Counter[str]()
        for item in world.items("SMS#sms_"):
            if item["sk"] == "SMS" and item["state"] == "accepted":
                told[item["username"]] += item.get("texts", 1)
        assert told == {"boss": shipped, "buyer": shipped}
        sent = [item["at"] for item in world.items("SMS#sms_") if item["sk"].startswith("RECORD")]
        local = [clock.parse_stamp(at).astimezone(clock.BUSINESS_ZONE).hour for at in sent]
        assert all(8 <= hour < 22 for hour in local)
        assert find_violations(world) == []


def test_shared_phone_gets_one_sms_for_two_users(dealer_world: World) -> None:
    add_user("D0001", "partner", "dealer_buyer", PHONES["boss"])
    publish(dealer_world, order_shipped())
    assert [phone for phone, _ in recorded_sms(dealer_world)] == [PHONES["boss"], PHONES["buyer"]]
    assert sms_states(dealer_world)["partner"] == ("skipped", "collapsed")


def test_different_templates_in_one_minute_are_each_sent(dealer_world: World) -> None:
    publish(dealer_world, OrderReserved(**ORDER, reserved=1, backordered=0), sequence=1)
    publish(dealer_world, order_shipped(), sequence=2)
    assert len(recorded_sms(dealer_world)) == 4


def test_daily_limit_of_a_phone_counts_days_in_shanghai(dealer_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "SMS_PER_DAY", 2)

    def ship(number: int) -> None:
        dealer_world.clock.advance(minutes=2)
        publish(dealer_world, order_shipped(order_id=f"D0001-{number:06d}"), f"D0001-{number:06d}")

    for number in range(4):
        ship(number)
    sent = [phone for phone, _ in recorded_sms(dealer_world)]
    assert sent.count(PHONES["boss"]) == sent.count(PHONES["buyer"]) == 2
    stored = [item for item in dealer_world.items("SMS#sms_") if item["sk"] == "SMS"]
    assert [item.get("reason") for item in stored if item["state"] == "skipped"] == ["daily-limit"] * 4
    inbox = [item for item in dealer_world.items("INBOX#D0001") if item["sk"].startswith("MSG#")]
    assert len(inbox) == 4, "the inbox has all messages"
    dealer_world.clock.advance(hours=22)
    ship(100)
    assert len(recorded_sms(dealer_world)) == 6


def test_day_of_a_phone_begins_at_midnight_in_shanghai() -> None:
    before, after = (datetime(2026, 11, 23, hour, 30, tzinfo=UTC) for hour in (15, 16))
    assert phone_day_key("+8613800000001", before) != phone_day_key("+8613800000001", after)


def test_one_event_sends_sms_to_limited_number_of_users(dealer_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify_recipients, "MAX_RECIPIENTS", 3)
    for number in range(5):
        add_user("D0001", f"u{number:02d}", "dealer_buyer", f"+86150{number:08d}")
    publish(dealer_world, order_shipped())
    assert len(recorded_sms(dealer_world)) == 3
    actions = 2 * 2 + 3 * 20
    assert actions < MAX_ACTIONS, (
        "messages, counters, and twenty text messages with pointers and events fit one transaction"
    )
