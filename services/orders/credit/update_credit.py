"""Apply ledger events to the amount a dealer has committed."""

from __future__ import annotations

from contracts.reconciliation import JournalReversed, PaymentPosted
from kernel.messaging.events import Envelope
from kernel.store.transaction import Transaction, TransactionRefused
from services.orders.credit.items import AppliedLedgerEventItem, OrderingAccountItem, ordering_account_key


def update_credit(message: Envelope) -> None:
    """Apply a payment or a reversal to the amount a dealer has committed, once per event.

    A shipment changes nothing: its amount was committed when it was ordered.
    """
    event = message.event
    if isinstance(event, PaymentPosted):
        _apply(message.id, event.dealer_id, -event.amount_fen)
    elif isinstance(event, JournalReversed):
        _apply(message.id, event.dealer_id, event.owed_change_fen)


def _apply(event_id: str, dealer_id: str, change_fen: int) -> None:
    account = ordering_account_key(dealer_id)
    transaction = Transaction()
    transaction.create(AppliedLedgerEventItem(account[0], f"LEDGER_EVENT#{event_id}", change_fen=change_fen), "event")
    transaction.update_fields(
        OrderingAccountItem, account, {}, increments={"committed_fen": change_fen}, label="account"
    )
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if "event" not in refused:
            raise
