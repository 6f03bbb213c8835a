"""Commit of a transaction whose refusal is an expected result."""

from __future__ import annotations

from kernel.store.transaction import Transaction, TransactionRefused


def try_commit(transaction: Transaction) -> bool:
    """Commit the transaction; return False, with nothing written, if one of its conditions fails."""
    try:
        transaction.commit()
    except TransactionRefused:
        return False
    return True
