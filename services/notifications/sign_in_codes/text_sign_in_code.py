"""Text the code to sign in with to the user's phone. It has no inbox message: the user is not signed in yet."""

from __future__ import annotations

from contracts.dealers import HOUSE, SignInCodeRequested
from kernel.messaging.events import Envelope
from kernel.store.transaction import Transaction, TransactionRefused
from reads.dealers import user_with_mobile
from services.notifications.sms.items import ComputedCode, queue_sms

_TEMPLATE = "sign_in_code"


def text_sign_in_code(envelope: Envelope) -> None:
    """Queue the text message of a code, once: a second delivery of the event changes nothing."""
    event = envelope.event
    assert isinstance(event, SignInCodeRequested)
    user = user_with_mobile(event.dealer_id, event.username)
    if user is None:
        return
    transaction = Transaction()
    code = ComputedCode(sign_in_request=event.request, valid_until=event.valid_until)
    queue_sms(transaction, envelope, event.dealer_id or HOUSE, user, _TEMPLATE, {"username": event.username}, code=code)
    try:
        transaction.commit()
    except TransactionRefused:
        return  # each item of it must be new, so a refusal means that all of them exist
