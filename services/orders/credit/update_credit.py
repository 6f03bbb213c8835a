"""Apply shipments and ledger events to the credit of a dealer."""

from __future__ import annotations

from kernel.messaging.events import Envelope
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.orders.credit.items import (
    AppliedLedgerEventItem,
    OrderingAccountItem,
    ReceivablesItem,
    ordering_account_key,
    receivables_key,
)
from services.orders.credit.receivables import Receivables, change_receivables, open_debts, pack_debts
from services.orders.credit.rules import CreditChange, credit_change

#: Other events of the dealer may change its receivables first.
_ATTEMPTS = 8


def update_credit(message: Envelope) -> None:
    """Apply a shipment, a payment or a reversal to what a dealer has committed and owes, once per event.

    Raises:
        Busy: other events of the dealer were always first; the message is delivered again.
    """
    change = credit_change(message.event)
    if change is not None:
        _apply(message.id, change)


def _apply(event_id: str, change: CreditChange) -> None:
    applied = AppliedLedgerEventItem(
        ordering_account_key(change.dealer_id)[0], f"LEDGER_EVENT#{event_id}", change_fen=change.committed_fen
    )
    try:
        retry_on_conflict(_ATTEMPTS, lambda: _commit(applied, change), retry_if=lambda refused: "event" not in refused)
    except TransactionRefused:
        return  # the event was applied before


def _commit(applied: AppliedLedgerEventItem, change: CreditChange) -> None:
    transaction = Transaction()
    transaction.create(applied, "event")
    _change_credit(transaction, change)
    transaction.commit()


def _change_credit(transaction: Transaction, change: CreditChange) -> None:
    stored = fetch_one(ReceivablesItem, receivables_key(change.dealer_id))
    before = Receivables(stored.by_due_day, stored.covered_fen) if stored else Receivables({})
    today = clock.business_date(clock.now())
    after = change_receivables(before, change.owed_fen, change.due_on, today)
    transaction.put(
        ReceivablesItem(
            *receivables_key(change.dealer_id),
            version=stored.version + 1 if stored else 1,
            by_due_day=after.by_due_day,
            covered_fen=after.covered_fen,
        ),
        "receivables",
        ReceivablesItem.version == stored.version if stored else ReceivablesItem.pk.does_not_exist(),
    )
    transaction.update_fields(
        OrderingAccountItem,
        ordering_account_key(change.dealer_id),
        {"debts": pack_debts(open_debts(after)) or None},
        increments={"committed_fen": change.committed_fen},
        label="account",
    )
