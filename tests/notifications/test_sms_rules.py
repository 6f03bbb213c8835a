"""Tests of the content of text messages: length, variables, no free text, no amounts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.orders import OrderReservationExpiring
from contracts.reconciliation import PaymentPosted
from kernel.messaging.events import Event
from services.notifications.inbox.rendering import render_messages, template_values
from services.notifications.sms.rules import sms_text, sms_variables
from tests.notifications.sample_events import EVENTS, IN_REVIEW, order_shipped

MAX_CHARACTERS_OF_ONE_PART = 70


def rendered_sms(event: Event) -> str:
    message = next(message for message in render_messages(event) if message.sms_roles)
    return sms_text(message.template, sms_variables(message.template, template_values(event)))


def test_sms_about_a_shipment_shows_order_pieces_and_waybill() -> None:
    assert rendered_sms(order_shipped()) == "【渠道】订单D0001-000123于2026-11-23发货12件,运单SF1234567890123。"


def test_sms_about_an_expiring_reservation_names_the_order() -> None:
    event = OrderReservationExpiring(**IN_REVIEW, reserved_until="2026-11-26T17:30:00.000Z", reserved=9)
    assert rendered_sms(event) == "【渠道】您的订单D0001-000123预留即将到期,如仍需要请登录续期。"


@given(
    order_id=st.from_regex(r"[A-Z0-9]{2,16}-[0-9]{6}", fullmatch=True),
    pieces=st.integers(1, 1_000_000),
    waybill=st.text(max_size=120),
)
def test_sms_fits_into_one_part_and_contains_no_free_text(order_id: str, pieces: int, waybill: str) -> None:
    text = rendered_sms(order_shipped(waybill=waybill, order_id=order_id, shipped_pieces=pieces))
    assert len(text) <= MAX_CHARACTERS_OF_ONE_PART
    assert set(text) <= set("【渠道】订单于发货件,运。见站内._-") | set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    )


@pytest.mark.parametrize(
    "waybill", ["http://evil.example/x", "请加微信 123", "a b", "", "=cmd|' /C calc'!A0", "A" * 21, "{0}"]
)
def test_sms_replaces_values_that_are_not_plain(waybill: str) -> None:
    assert "运单见站内" in rendered_sms(order_shipped(waybill=waybill))


def has_sms(event: Event) -> bool:
    return any(message.sms_roles for message in render_messages(event))


@pytest.mark.parametrize("event", [event for event in EVENTS if has_sms(event)], ids=lambda event: event.TYPE)
def test_sms_contains_no_amount(event: Event) -> None:
    assert "¥" not in rendered_sms(event) and "元" not in rendered_sms(event)
    assert len(rendered_sms(event)) <= MAX_CHARACTERS_OF_ONE_PART


def test_sms_about_a_payment_shows_no_amount_and_inbox_does() -> None:
    payment = PaymentPosted(payment_id="pay_1", dealer_id="D0001", amount_fen=123_450, received_on="2026-11-20")
    (message,) = render_messages(payment)
    assert rendered_sms(payment) == "【渠道】您的往来账户有更新,请登录查看。"
    assert "¥1,234.50" in message.title_zh
