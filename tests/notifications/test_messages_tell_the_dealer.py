"""Messages name days, and every act on a dealer's money or goods reaches the dealer with its reason."""

from __future__ import annotations

from dataclasses import fields

import pytest

from contracts.dealers import DealerItem
from contracts.orders import OrderBackordersFilled, OrderCreditHoldPlaced, OrderReserved
from contracts.promises import MovedPromise, OrderPromiseSlipped
from kernel.messaging.events import Event
from services.dealers.rules import Dealer
from services.notifications.inbox.mailboxes import Mailbox
from services.notifications.inbox.rendering import TERMS, RenderedMessage, render_messages
from services.notifications.inbox.rules import MONEY_TERMS, NOT_NOTIFIED, NOTIFICATION_RULES
from services.notifications.inbox.templates import TEMPLATES
from services.notifications.sms.rules import sms_text, sms_variables
from services.notifications.webhooks.event_types import published_events
from tests.notifications.fixtures import PHONES, publish, recorded_sms, suspend_dealer
from tests.notifications.sample_events import CONFIRMED, EVENTS, IN_REVIEW, ORDER, order_shipped, terms_changed
from tests.support.world import World

#: What this service publishes is for itself.
ABOUT_DEALERS = [
    event for event in published_events() if "dealer_id" in event.model_fields and event.SOURCE != "notifications"
]


def text_of(message: RenderedMessage) -> str:
    return sms_text(message.template, sms_variables(message.template, message.values))


# ---- every event ----


@pytest.mark.parametrize("event", ABOUT_DEALERS, ids=lambda event: event.TYPE)
def test_event_about_a_dealer_has_a_dealer_rule_or_a_reason(event: type[Event]) -> None:
    has_rule = any(rule.mailbox.belongs_to_dealer for rule in NOTIFICATION_RULES.get(event, ()))
    assert has_rule != (event in NOT_NOTIFIED), f"{event.TYPE}: add a rule, or the reason in NOT_NOTIFIED"


def test_exceptions_are_events_with_a_reason() -> None:
    assert NOT_NOTIFIED.keys() <= set(ABOUT_DEALERS)
    assert all(NOT_NOTIFIED.values())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TYPE)
def test_reason_of_an_event_is_in_its_message_to_the_dealer(event: Event) -> None:
    reason = getattr(event, "reason", None)
    for message in render_messages(event):
        if reason and message.mailbox.belongs_to_dealer:
            assert reason in message.text_zh and reason in message.text_en


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TYPE)
def test_promised_day_of_an_event_is_in_its_message_to_the_dealer(event: Event) -> None:
    promised = getattr(event, "promised_on", None)
    for message in render_messages(event):
        if promised and message.mailbox.belongs_to_dealer:
            assert promised in message.text_zh and promised in message.text_en


def test_every_sample_of_a_rule_is_tested() -> None:
    shown = {message.template for event in EVENTS for message in render_messages(event)}
    assert shown == set(TEMPLATES)


# ---- days ----


def test_reserved_order_names_its_promised_day_in_inbox_and_text() -> None:
    message = render_messages(OrderReserved(**ORDER, reserved=9, backordered=1, promised_on="2026-11-24"))[0]
    assert text_of(message) == "【渠道】您的订单D0001-000123已受理,审核后发货,发货日期2026-11-24。"


@pytest.mark.parametrize(
    "event",
    [
        OrderReserved(**ORDER, reserved=0, backordered=10),
        OrderBackordersFilled(**ORDER, filled=6, backordered=4, rule="quota"),
    ],
    ids=lambda event: event.TYPE,
)
def test_missing_day_is_named_as_not_known(event: Event) -> None:
    message = render_messages(event)[0]
    assert "待定" in message.text_zh and "not known yet" in message.text_en
    assert text_of(message).endswith("发货日期待定。")


@pytest.mark.parametrize(("new", "shown"), [("2026-12-03", "2026-12-03"), (None, "待定")])
def test_slip_names_old_and_new_day(new: str | None, shown: str) -> None:
    moved = (
        MovedPromise(lines=(1, 3), reserved=False, old="2026-11-26", new=new),
        MovedPromise(lines=(4,), reserved=False, old="2026-12-30", new="2026-12-29"),
    )
    (message,) = render_messages(OrderPromiseSlipped(**IN_REVIEW, moved=moved, promised_on="2026-11-26"))
    assert text_of(message) == f"【渠道】您的订单D0001-000123发货延期,原定2026-11-26,现为{shown}。"
    assert f"第 1、3 行:2026-11-26 改为 {shown}" in message.text_zh
    assert "第 4 行:2026-12-30 改为 2026-12-29" in message.text_zh


def test_slip_of_many_lines_counts_what_it_does_not_show() -> None:
    moved = tuple(
        MovedPromise(lines=(number,), reserved=False, old="2026-11-26", new=f"2026-12-{number + 1:02d}")
        for number in range(1, 13)
    )
    (message,) = render_messages(OrderPromiseSlipped(**IN_REVIEW, moved=moved, promised_on="2026-11-26"))
    assert "另有 4 行" in message.text_zh and "4 more lines" in message.text_en


def test_shipment_names_the_day_in_shanghai() -> None:
    (message,) = render_messages(order_shipped(shipped_at="2026-11-23T17:00:00.000Z"))
    assert message.text_zh.startswith("2026-11-24 发出")
    assert "2026-11-24" in text_of(message)


# ---- credit hold, terms, reversal ----


def test_credit_hold_is_named_to_the_dealer_finance_and_the_warehouse() -> None:
    messages = {message.mailbox: message for message in render_messages(OrderCreditHoldPlaced(**CONFIRMED, released=9))}
    assert messages.keys() == {Mailbox.DEALER, Mailbox.FINANCE, Mailbox.WAREHOUSE}
    assert "信用冻结" in messages[Mailbox.DEALER].title_zh and "credit hold" in messages[Mailbox.DEALER].title_en
    in_review = {message.mailbox for message in render_messages(OrderCreditHoldPlaced(**IN_REVIEW, released=0))}
    assert in_review == {Mailbox.DEALER, Mailbox.FINANCE}


@pytest.mark.parametrize("field", [field.name for field in fields(Dealer) if field.name != "dealer_id"])
def test_every_changed_term_is_named_and_money_only_to_the_accounts(field: str) -> None:
    assert field in TERMS and field in DealerItem.get_attributes()
    value = 5 if field in MONEY_TERMS else "neu"
    (message,) = render_messages(terms_changed({field: value}, {field: value}))
    assert message.mailbox is (Mailbox.ACCOUNTS if field in MONEY_TERMS else Mailbox.DEALER)
    assert TERMS[field][0] in message.text_zh and TERMS[field][1] in message.text_en


def test_suspended_dealer_reads_why_it_was_suspended(dealer_world: World) -> None:
    suspend_dealer("D0001")
    publish(dealer_world, terms_changed({"status": "active"}, {"status": "suspended"}), "D0001")
    token = dealer_world.token(role="dealer_buyer", dealer_id="D0001")
    (message,) = dealer_world.call("notifications", "GET", "/inbox", token=token).json["messages"]
    assert message["text_zh"] == "状态 active → suspended。原因:年度调整"
    assert recorded_sms(dealer_world) == []


def test_overdue_urgent_order_is_texted_to_administrators_and_not_to_the_dealer(dealer_world: World) -> None:
    (overdue,) = (event for event in EVENTS if event.TYPE == "order.overdue.v1")
    publish(dealer_world, overdue)
    assert recorded_sms(dealer_world) == [(PHONES["chief"], "【渠道】加急订单D0001-000123已超时未审核,请立即处理。")]
