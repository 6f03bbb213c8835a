"""Money came in: what the dealer may order grows again."""

from __future__ import annotations

from contracts.reconciliation import ReceiptPosted
from kernel.events import Envelope
from kernel.table import Transaction, TransactionRefused
from services.orders.table import AccountItem, CountedReceiptItem, account_key


def free_credit(message: Envelope) -> None:
    """Take a receipt off the dealer's commitments, once however often it is told."""
    receipt = message.event
    if not isinstance(receipt, ReceiptPosted):
        return
    account = account_key(receipt.dealer_id)
    transaction = Transaction()
    transaction.create(
        CountedReceiptItem(account[0], f"RECEIPT#{receipt.receipt_id}", amount_fen=receipt.amount_fen), "receipt"
    )
    transaction.update(AccountItem, account, [AccountItem.committed_fen.add(-receipt.amount_fen)], None, "account")
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if "receipt" not in refused:
            raise
