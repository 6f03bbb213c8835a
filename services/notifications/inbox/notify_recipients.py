"""Notify the recipients of an event: store its messages and queue its text messages in one transaction."""

from __future__ import annotations

from contracts.dealers import HOUSE
from kernel.base import observability
from kernel.messaging.events import Envelope
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.notifications.inbox.items import add_message
from services.notifications.inbox.rendering import RenderedMessage, render_messages
from services.notifications.sms.items import queue_sms
from services.notifications.sms.recipients import is_active_dealer, text_recipients
from services.notifications.sms.rules import MAX_RECIPIENTS


def notify_recipients(envelope: Envelope) -> None:
    """Store the messages and text messages of an event, once: a second delivery of the event changes nothing.

    An event about no dealer is stored under HOUSE.

    A suspended or unknown dealer gets no message, except of what was done to its terms or its account; the staff
    mailboxes do.
    """
    dealer_id = str(envelope.data.get("dealer_id", HOUSE))
    transaction = Transaction()
    texted: set[str] = set()
    dealer_is_active = dealer_id != HOUSE and is_active_dealer(dealer_id)
    for message in render_messages(envelope.event):
        if message.mailbox.belongs_to_dealer and not (dealer_is_active or message.to_suspended):
            observability.logger().info("dealer not notified", event_id=envelope.id, dealer_id=dealer_id)
            continue
        add_message(transaction, envelope, dealer_id, message)
        _add_sms(transaction, envelope, dealer_id, message, texted)
    if not len(transaction):
        return
    try:
        transaction.commit()
    except TransactionRefused:
        return  # each item of it must be new, so a refusal means that all of them exist
    observability.record_duration("NoticeAge", (clock.now() - clock.parse_stamp(envelope.time)).total_seconds())


def _add_sms(
    transaction: Transaction, envelope: Envelope, dealer_id: str, message: RenderedMessage, texted: set[str]
) -> None:
    """Queue the text messages; a user who reads two messages about the event gets one text."""
    if not message.sms_roles:
        return
    employer = dealer_id if message.mailbox.belongs_to_dealer else HOUSE
    contact = message.values.get("escalation_contact", "")
    recipients = text_recipients(employer, message.template, message.sms_roles, contact)
    for user in recipients[:MAX_RECIPIENTS]:
        if user.username not in texted:
            texted.add(user.username)
            queue_sms(transaction, envelope, employer, user, message.template, message.values)
