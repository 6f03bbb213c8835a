"""Notify: store the messages and text messages of an event in one transaction."""

from __future__ import annotations

from kernel.base import observability
from kernel.messaging.events import Envelope
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.notifications.inbox.items import add_message
from services.notifications.inbox.rules import Notice, notices, template_values
from services.notifications.sms.items import add_text, new_text
from services.notifications.sms.people import is_active, with_phones
from services.notifications.sms.rules import MAX_RECIPIENTS


def notify(message: Envelope) -> None:
    """Tell everybody concerned, once: a later delivery of the same event finds its messages there and changes nothing.

    A dealer that is suspended or unknown is not told; the desks of the house are.
    """
    dealer_id = str(message.data["dealer_id"])
    transaction = Transaction()
    dealer_is_told = is_active(dealer_id)
    for notice in notices(message.event):
        if notice.box.is_a_dealers and not dealer_is_told:
            observability.logger().info("dealer not told", event_id=message.id, dealer_id=dealer_id)
            continue
        add_message(transaction, message, dealer_id, notice)
        _add_texts(transaction, message, dealer_id, notice)
    if not len(transaction):
        return
    try:
        transaction.commit()
    except TransactionRefused:
        return  # everything in it is made new, so a refusal means that all of it is there
    observability.seconds("NoticeAge", (clock.now() - clock.parse_stamp(message.time)).total_seconds())


def _add_texts(transaction: Transaction, message: Envelope, dealer_id: str, notice: Notice) -> None:
    if not notice.texts:
        return
    words = template_values(message.event)
    for person in with_phones(dealer_id, notice.texts)[:MAX_RECIPIENTS]:
        add_text(transaction, new_text(message, dealer_id, person, notice.template, words))
