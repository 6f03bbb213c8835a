"""Tests of the limits of text messages: per phone and minute, per phone and day, per event."""

from __future__ import annotations

import pytest

from contracts.orders import OrderReserved
from kernel.store.transaction import MAX_ACTIONS
from services.notifications.inbox import notify_recipients
from services.notifications.sms import claims
from tests.notifications.fixtures import PHONES, add_user, publish, recorded_sms, sms_states, store_event
from tests.notifications.sample_events import ORDER, order_shipped
from tests.support.world import World


def test_burst_of_one_template_sends_one_sms_per_phone(dealer_world: World) -> None:
    for number in range(3):
        order_id = f"D0001-{number:06d}"
        store_event(order_shipped(order_id=order_id), order_id)
    dealer_world.drain()
    assert len(recorded_sms(dealer_world)) == 2
    stored = [item for item in dealer_world.items("SMS#sms_") if item["sk"] == "SMS"]
    assert sorted((item["state"], item.get("reason")) for item in stored).count(("skipped", "collapsed")) == 4
    dealer_world.clock.advance(seconds=61)
    publish(dealer_world, order_shipped(order_id="D0001-000009"), "D0001-000009")
    assert len(recorded_sms(dealer_world)) == 4, "sent again after a minute"


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
    dealer_world.clock.advance(hours=14)  # past midnight in Shanghai, the same day still in UTC
    ship(100)
    assert len(recorded_sms(dealer_world)) == 6


def test_one_event_sends_sms_to_limited_number_of_users(dealer_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify_recipients, "MAX_RECIPIENTS", 3)
    for number in range(5):
        add_user("D0001", f"u{number:02d}", "dealer_buyer", f"+86150{number:08d}")
    publish(dealer_world, order_shipped())
    assert len(recorded_sms(dealer_world)) == 3
    actions = 2 * 2 + 2 * 20
    assert actions < MAX_ACTIONS, "messages, counters, and twenty text messages with their events fit one transaction"
