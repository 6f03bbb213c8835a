"""Text an invitation to the user's phone. It has no inbox message: the user cannot sign in yet."""

from __future__ import annotations

from contracts.dealers import HOUSE, UserRegistered
from kernel.messaging.events import Envelope
from kernel.store.transaction import Transaction, TransactionRefused
from reads.dealers import user_with_mobile
from services.notifications.sms.items import ComputedCode, queue_sms

_TEMPLATE = "user_invited"


def text_invitation(envelope: Envelope) -> None:
    """Queue the text message of an invitation, once: a second delivery of the event changes nothing."""
    event = envelope.event
    assert isinstance(event, UserRegistered)
    if event.invitation is None or not event.texted:
        return
    user = user_with_mobile(event.dealer_id, event.username)
    if user is None:
        return
    transaction = Transaction()
    values, code = {"username": event.username}, ComputedCode(invitation=event.invitation)
    queue_sms(transaction, envelope, event.dealer_id or HOUSE, user, _TEMPLATE, values, code=code)
    try:
        transaction.commit()
    except TransactionRefused:
        return  # each item of it must be new, so a refusal means that all of them exist
