"""Who is told what, and when a webhook is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.orders import (
    OrderBackordersFilled,
    OrderCancelled,
    OrderOverdue,
    OrderReservationExpired,
    OrderReservationExpiring,
    OrderReserved,
    OrderSubmitted,
)
from contracts.reconciliation import PaymentPosted, StatementIssued
from contracts.tickets import TicketProgressed
from kernel.http.principal import DEALER_ROLES, STAFF_ROLES, Role
from kernel.messaging.events import Event
from services.notifications.inbox.rules import (
    NOTIFICATION_RULES,
    READERS,
    Mailbox,
    mailboxes_read_by,
    notices,
    template_values,
)
from services.notifications.inbox.templates import TEMPLATES
from services.notifications.sms.rules import sms_text, sms_variables
from services.notifications.webhooks.rules import (
    MAX_RETRY_AFTER,
    RETRY_SECONDS,
    DeliveryState,
    Outcome,
    is_subscribed,
    next_delivery,
    outcome_of,
    parse_retry_after,
    should_disable,
)
from tests.notifications.events import EVENTS, IN_REVIEW, ORDER, progressed, shipped

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ONE_PART = 70


def boxes(event: Event) -> list[Mailbox]:
    return [notice.box for notice in notices(event)]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TYPE)
def test_every_event_is_told_once_to_each_mailbox_in_both_languages(event: Event) -> None:
    found = notices(event)
    assert found
    assert len({notice.box for notice in found}) == len(found)
    for notice in found:
        for said in (notice.title_zh, notice.title_en, notice.text_zh, notice.text_en):
            assert said and "{" not in said
        assert any("\u4e00" <= character <= "\u9fff" for character in notice.title_zh)
        assert all(ord(character) < 0x2E80 for character in notice.title_en)


def test_every_template_is_used_and_every_rule_has_its_template() -> None:
    used = {rule.template for rules in NOTIFICATION_RULES.values() for rule in rules}
    assert used == set(TEMPLATES)


def test_only_dealers_people_are_texted_and_only_where_there_is_an_approved_wording() -> None:
    for rules in NOTIFICATION_RULES.values():
        for rule in rules:
            assert rule.texts <= DEALER_ROLES
            assert rule.box.is_a_dealers or not rule.texts
            assert bool(rule.texts) == (TEMPLATES[rule.template].sms is not None)


def test_a_reserved_order_is_told_to_the_dealer_and_waits_on_the_assistants_desk() -> None:
    reserved = OrderReserved(**ORDER, reserved=90, backordered=10)
    to_dealer, to_desk = notices(reserved)
    assert to_dealer.box is Mailbox.DEALER and to_desk.box is Mailbox.ASSISTANT
    assert "90" in to_dealer.text_zh and "10" in to_dealer.text_en
    assert "D0001" in to_desk.text_zh


def test_a_cancelled_order_stops_the_warehouse() -> None:
    assert boxes(OrderCancelled(**ORDER, cancelled=5, reason="重复下单")) == [Mailbox.DEALER, Mailbox.WAREHOUSE]


@pytest.mark.parametrize(
    ("event", "in_review", "confirmed"),
    [
        (
            OrderBackordersFilled(**ORDER, filled=6, backordered=4, rule="quota"),
            [Mailbox.DEALER],
            [Mailbox.DEALER, Mailbox.WAREHOUSE],
        ),
        (
            OrderReservationExpiring(**ORDER, reserved_until="2026-11-26T10:00:00.000Z", reserved=9),
            [Mailbox.DEALER, Mailbox.ASSISTANT],
            [Mailbox.DEALER, Mailbox.WAREHOUSE],
        ),
        (OrderReservationExpired(**ORDER, released=9), [Mailbox.DEALER], [Mailbox.DEALER, Mailbox.WAREHOUSE]),
    ],
    ids=lambda given: getattr(given, "TYPE", None),
)
def test_what_is_held_or_no_longer_held_is_told_to_the_dealer_and_the_desk_it_lies_on(
    event: Event, in_review: list[Mailbox], confirmed: list[Mailbox]
) -> None:
    assert boxes(event.model_copy(update={"state": "in_review"})) == in_review
    assert boxes(event.model_copy(update={"state": "confirmed"})) == confirmed
    to_dealer, *to_desk = notices(event.model_copy(update={"state": "confirmed"}))
    assert to_dealer.texts == {Role.DEALER_ADMIN, Role.DEALER_BUYER}
    assert not any(notice.texts for notice in to_desk)


def test_an_overdue_urgent_order_is_told_to_the_assistants_alone() -> None:
    (notice,) = notices(OrderOverdue(**IN_REVIEW, due_at="2026-11-23T02:30:00.000Z"))
    assert (notice.box, notice.texts) == (Mailbox.ASSISTANT, frozenset())
    assert "2026-11-23 10:30" in notice.text_zh and "2026-11-23 10:30" in notice.text_en


def test_a_dealer_reads_in_its_own_hours_until_when_its_pieces_are_held() -> None:
    event = OrderReservationExpiring(**IN_REVIEW, reserved_until="2026-11-26T17:30:00.000Z", reserved=9)
    to_dealer = notices(event)[0]
    assert "2026-11-27 01:30" in to_dealer.text_zh and "2026-11-27 01:30" in to_dealer.text_en
    assert text_of(event) == "【渠道】您的订单D0001-000123预留即将到期,如仍需要请登录续期。"


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("registered", [Mailbox.DEALER, Mailbox.AFTERSALES]),
        ("asked", [Mailbox.DEALER]),
        ("answered", [Mailbox.DEALER, Mailbox.AFTERSALES]),
        ("completed", [Mailbox.DEALER]),
        ("rated", []),
        ("a step of next year", [Mailbox.DEALER]),
    ],
)
def test_a_step_of_a_service_request_is_told_to_those_it_concerns(step: str, told: list[Mailbox]) -> None:
    assert boxes(progressed(step)) == told


def test_only_the_completion_of_a_service_request_is_texted() -> None:
    texted = [step for step in ("registered", "asked", "completed") if notices(progressed(step))[0].texts]
    assert texted == ["completed"]


def test_an_event_without_rules_is_told_to_nobody() -> None:
    class OrderWeighed(OrderSubmitted):
        pass

    assert notices(OrderWeighed(**ORDER)) == []


def test_every_box_is_read_by_its_own_side_only() -> None:
    for box in Mailbox:
        assert READERS[box] <= (DEALER_ROLES if box.is_a_dealers else STAFF_ROLES)
    assert mailboxes_read_by(frozenset({Role.ADMIN})) == [Mailbox.ASSISTANT, Mailbox.WAREHOUSE, Mailbox.AFTERSALES]
    assert mailboxes_read_by(frozenset({Role.ASSISTANT, Role.FINANCE})) == [Mailbox.ASSISTANT]
    assert mailboxes_read_by(frozenset({Role.FINANCE})) == []


def test_a_buyer_does_not_read_of_payments_and_statements() -> None:
    assert mailboxes_read_by(frozenset({Role.DEALER_BUYER})) == [Mailbox.DEALER]
    assert mailboxes_read_by(frozenset({Role.DEALER_ACCOUNTANT})) == [Mailbox.DEALER, Mailbox.ACCOUNTS]
    for event in EVENTS:
        if isinstance(event, PaymentPosted | StatementIssued):
            assert boxes(event) == [Mailbox.ACCOUNTS]
            assert Role.DEALER_BUYER not in notices(event)[0].texts


# ---- text messages ----


def text_of(event: Event) -> str:
    notice = next(notice for notice in notices(event) if notice.texts)
    return sms_text(notice.template, sms_variables(notice.template, template_values(event)))


def test_the_text_about_a_shipment_names_order_pieces_and_waybill() -> None:
    assert text_of(shipped()) == "【渠道】订单D0001-000123已发货12件,运单SF1234567890123,请查收。"


@given(
    order_id=st.from_regex(r"[A-Z0-9]{2,16}-[0-9]{6}", fullmatch=True),
    pieces=st.integers(1, 1_000_000),
    waybill=st.text(max_size=120),
)
def test_a_text_always_fits_into_one_part_and_carries_no_free_text(order_id: str, pieces: int, waybill: str) -> None:
    text = text_of(shipped(waybill=waybill, order_id=order_id, shipped_pieces=pieces))
    assert len(text) <= ONE_PART
    assert set(text) <= set("【渠道】订单已发货件,运请查收。见站内._-") | set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    )


@pytest.mark.parametrize(
    "waybill", ["http://evil.example/x", "请加微信 123", "a b", "", "=cmd|' /C calc'!A0", "A" * 21, "{0}"]
)
def test_what_is_not_a_plain_number_is_left_to_the_inbox(waybill: str) -> None:
    assert "运单见站内" in text_of(shipped(waybill=waybill))


@pytest.mark.parametrize("event", [one for one in EVENTS if any(n.texts for n in notices(one))], ids=lambda e: e.TYPE)
def test_texts_never_speak_of_amounts(event: Event) -> None:
    assert "¥" not in text_of(event) and "元" not in text_of(event)
    assert len(text_of(event)) <= ONE_PART


def test_the_text_about_a_payment_is_neutral_and_the_inbox_says_it_all() -> None:
    posted = PaymentPosted(payment_id="pay_1", dealer_id="D0001", amount_fen=123_450, received_on="2026-11-20")
    (notice,) = notices(posted)
    assert text_of(posted) == "【渠道】您的往来账户有更新,请登录查看。"
    assert "¥1,234.50" in notice.title_zh


def test_words_in_braces_said_by_people_are_only_words() -> None:
    (notice, _) = notices(TicketProgressed(**progressed("registered").model_dump() | {"title": "{reason} {0} %s"}))
    assert "{reason} {0} %s" in notice.text_zh


# ---- webhooks ----


def test_a_delivery_is_tried_ten_times_over_three_days() -> None:
    waits = [next_delivery(Outcome.FAULT, attempt, NOW, None, 0.0).due for attempt in range(1, 10)]
    seconds = [(due - NOW).total_seconds() for due in waits if due]
    assert seconds == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert next_delivery(Outcome.FAULT, 10, NOW, None, 0.0).state is DeliveryState.EXHAUSTED


@given(attempt=st.integers(1, 9), jitter=st.floats(0, 1), asked=st.none() | st.integers(0, 10**6))
def test_no_attempt_comes_before_its_slot_or_before_the_endpoint_asked(
    attempt: int, jitter: float, asked: int | None
) -> None:
    after = None if asked is None else timedelta(seconds=asked)
    verdict = next_delivery(Outcome.FAULT, attempt, NOW, after, jitter)
    sku_index = timedelta(seconds=RETRY_SECONDS[attempt - 1])
    assert verdict.state is DeliveryState.PENDING and verdict.due
    assert verdict.due - NOW >= sku_index
    assert verdict.due - NOW >= min(after or timedelta(), MAX_RETRY_AFTER)
    assert verdict.due - NOW <= max(sku_index * 1.11, MAX_RETRY_AFTER)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.SUCCESS),
        (204, Outcome.SUCCESS),
        (299, Outcome.SUCCESS),
        (301, Outcome.REDIRECT),
        (308, Outcome.REDIRECT),
        (400, Outcome.REFUSED),
        (410, Outcome.GONE),
        (429, Outcome.REFUSED),
        (500, Outcome.FAULT),
        (103, Outcome.NO_ANSWER),
        (999, Outcome.NO_ANSWER),
        (None, Outcome.NO_ANSWER),
    ],
)
def test_only_a_two_hundred_is_a_success(status: int | None, outcome: Outcome) -> None:
    assert outcome_of(status) is outcome
    assert (next_delivery(outcome_of(status), 1, NOW, None, 0.5).state is DeliveryState.DELIVERED) == (
        outcome is Outcome.SUCCESS
    )


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("99999999999999999999", 86400),
        ("Mon, 23 Nov 2026 02:10:00 GMT", 600),
        ("Mon, 23 Nov 2026 01:10:00 GMT", None),
        ("-5", None),
        ("soon", None),
        ("Mon, 23 Nov 99999999999999999999 02:10:00 GMT", None),
        ("Mon, 23 Nov 2026 02:10:00 +99999999999999999999", None),
        ("", None),
        ("١٢", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(header: str | None, seconds: int | None) -> None:
    wait = parse_retry_after(header, NOW)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


@given(st.text(max_size=60) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,9} [A-Z][a-z]{2} [0-9]{1,9} [0-9:]{1,12} .{0,9}"))
def test_no_retry_after_is_too_odd_to_read(header: str) -> None:
    wait = parse_retry_after(header, NOW)
    assert wait is None or wait >= timedelta()


def test_an_endpoint_is_given_up_after_five_days_of_failing_only() -> None:
    assert not should_disable(None, NOW)
    assert not should_disable(NOW - timedelta(days=5), NOW)
    assert should_disable(NOW - timedelta(days=5, seconds=1), NOW)


def test_an_endpoint_hears_what_it_asked_for() -> None:
    assert is_subscribed(("*",), "order.shipped.v1")
    assert is_subscribed(("order.shipped.v1",), "order.shipped.v1")
    assert not is_subscribed(("order.shipped.v1",), "order.shipped.v2")
