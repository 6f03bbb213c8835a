"""Tests of the notification rules: mailboxes, templates and text messages of each event."""

from __future__ import annotations

import pytest

from contracts.escalation import OrderOverdue
from contracts.orders import (
    OrderBackordersFilled,
    OrderCancelled,
    OrderLinesCancelled,
    OrderReservationExpired,
    OrderReservationExpiring,
    OrderReserved,
    OrderSubmitted,
)
from contracts.reconciliation import JournalReversed, PaymentPosted, StatementIssued
from contracts.tickets import TicketProgressed
from kernel.http.principal import DEALER_ROLES, STAFF_ROLES, Role
from kernel.messaging.events import Event
from services.notifications.inbox.mailboxes import READERS, Mailbox, mailboxes_read_by
from services.notifications.inbox.rendering import TICKET_STEPS, render_messages
from services.notifications.inbox.rules import NOTIFICATION_RULES
from services.notifications.inbox.templates import TEMPLATES
from services.notifications.sms.templates import SMS_TEMPLATES
from services.tickets.vocabulary import Step
from tests.notifications.sample_events import EVENTS, IN_REVIEW, ORDER, ticket_progressed


def mailboxes_of(event: Event) -> list[Mailbox]:
    return [message.mailbox for message in render_messages(event)]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TYPE)
def test_event_has_one_message_per_mailbox_in_both_languages(event: Event) -> None:
    messages = render_messages(event)
    assert messages
    assert len({message.mailbox for message in messages}) == len(messages)
    for message in messages:
        for text in (message.title_zh, message.title_en, message.text_zh, message.text_en):
            assert text and "{" not in text
        assert any("\u4e00" <= character <= "\u9fff" for character in message.title_zh)
        assert all(ord(character) < 0x2E80 for character in message.title_en)


def test_rules_use_every_template() -> None:
    used = {rule.template for rules in NOTIFICATION_RULES.values() for rule in rules}
    assert used == set(TEMPLATES)


def test_sms_goes_to_users_of_the_mailboxs_company_with_approved_wording() -> None:
    for rules in NOTIFICATION_RULES.values():
        for rule in rules:
            assert rule.sms_roles <= (DEALER_ROLES if rule.mailbox.belongs_to_dealer else STAFF_ROLES)
            assert not rule.sms_roles or rule.sms_roles & READERS[rule.mailbox], (
                "a reader of the text reads the message"
            )
            assert not rule.sms_roles or SMS_TEMPLATES[rule.template].contact_roles <= READERS[rule.mailbox]
            assert bool(rule.sms_roles) == (rule.template in SMS_TEMPLATES)
    assert SMS_TEMPLATES.keys() <= TEMPLATES.keys()


def test_reserved_order_notifies_dealer_and_assistant() -> None:
    reserved = OrderReserved(**IN_REVIEW, reserved=90, backordered=10)
    to_dealer, to_staff = render_messages(reserved)
    assert to_dealer.mailbox is Mailbox.DEALER and to_staff.mailbox is Mailbox.ASSISTANT
    assert "90" in to_dealer.text_zh and "10" in to_dealer.text_en
    assert "D0001" in to_staff.text_zh


def test_cancelled_order_notifies_dealer_and_warehouse() -> None:
    assert mailboxes_of(OrderCancelled(**ORDER, cancelled=5, reason="重复下单")) == [Mailbox.DEALER, Mailbox.WAREHOUSE]
    lines_cancelled = OrderLinesCancelled(**ORDER, cancelled=5, cancelled_lines=(2,), released=3, reason="停产")
    assert mailboxes_of(lines_cancelled) == [Mailbox.DEALER, Mailbox.WAREHOUSE]


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
def test_reservation_event_notifies_dealer_and_staff_who_handle_the_order(
    event: Event, in_review: list[Mailbox], confirmed: list[Mailbox]
) -> None:
    assert mailboxes_of(event.model_copy(update={"state": "in_review"})) == in_review
    assert mailboxes_of(event.model_copy(update={"state": "confirmed"})) == confirmed
    to_dealer, *to_staff = render_messages(event.model_copy(update={"state": "confirmed"}))
    assert to_dealer.sms_roles == {Role.DEALER_ADMIN, Role.DEALER_BUYER}
    assert not any(message.sms_roles for message in to_staff)


def test_overdue_urgent_order_notifies_assistants_only() -> None:
    (message,) = render_messages(OrderOverdue(**IN_REVIEW, due_at="2026-11-23T02:30:00.000Z"))
    assert (message.mailbox, message.sms_roles) == (Mailbox.ASSISTANT, {Role.ADMIN})
    assert "2026-11-23 10:30" in message.text_zh and "2026-11-23 10:30" in message.text_en


def test_message_shows_reservation_end_in_shanghai_time() -> None:
    event = OrderReservationExpiring(**IN_REVIEW, reserved_until="2026-11-26T17:30:00.000Z", reserved=9)
    to_dealer = render_messages(event)[0]
    assert "2026-11-27 01:30" in to_dealer.text_zh and "2026-11-27 01:30" in to_dealer.text_en


@pytest.mark.parametrize(
    ("step", "mailboxes"),
    [
        ("registered", [Mailbox.DEALER, Mailbox.AFTERSALES]),
        ("asked", [Mailbox.DEALER]),
        ("answered", [Mailbox.DEALER, Mailbox.AFTERSALES]),
        ("completed", [Mailbox.DEALER]),
        ("rated", []),
        ("unknown-step", [Mailbox.DEALER]),
    ],
)
def test_ticket_step_notifies_the_mailboxes_concerned(step: str, mailboxes: list[Mailbox]) -> None:
    assert mailboxes_of(ticket_progressed(step)) == mailboxes


def test_ticket_step_sends_sms_only_when_completed() -> None:
    steps = ("registered", "asked", "completed")
    assert [step for step in steps if render_messages(ticket_progressed(step))[0].sms_roles] == ["completed"]


def test_event_without_rules_has_no_messages() -> None:
    class OrderWeighed(OrderSubmitted):
        pass

    assert render_messages(OrderWeighed(**ORDER)) == []


def test_braces_in_user_text_are_shown_unchanged() -> None:
    event = ticket_progressed("registered").model_dump() | {"title": "{reason} {0} %s"}
    (message, _) = render_messages(TicketProgressed(**event))
    assert "{reason} {0} %s" in message.text_zh


def test_mailbox_is_read_by_its_own_roles_only() -> None:
    for mailbox in Mailbox:
        assert READERS[mailbox] <= (DEALER_ROLES if mailbox.belongs_to_dealer else STAFF_ROLES)
    assert mailboxes_read_by(frozenset({Role.ADMIN})) == [
        Mailbox.ASSISTANT,
        Mailbox.FINANCE,
        Mailbox.WAREHOUSE,
        Mailbox.AFTERSALES,
        Mailbox.ADMIN,
    ]
    assert mailboxes_read_by(frozenset({Role.ASSISTANT, Role.FINANCE})) == [Mailbox.ASSISTANT, Mailbox.FINANCE]
    assert mailboxes_read_by(frozenset({Role.FINANCE})) == [Mailbox.FINANCE]


def test_buyer_does_not_read_messages_about_payments_and_statements() -> None:
    assert mailboxes_read_by(frozenset({Role.DEALER_BUYER})) == [Mailbox.DEALER]
    assert mailboxes_read_by(frozenset({Role.DEALER_ACCOUNTANT})) == [Mailbox.DEALER, Mailbox.ACCOUNTS]
    for event in EVENTS:
        if isinstance(event, PaymentPosted | StatementIssued | JournalReversed):
            assert mailboxes_of(event) == [Mailbox.ACCOUNTS]
            assert Role.DEALER_BUYER not in render_messages(event)[0].sms_roles


def test_every_step_of_a_ticket_that_dealers_read_has_its_text() -> None:
    assert TICKET_STEPS.keys() == set(Step) - {Step.OVERDUE}  # an overdue ticket is a separate event
