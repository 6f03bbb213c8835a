"""Transactions whose refusal is an expected result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynamodb.expressions.condition import Condition

from kernel.store.items import Item
from kernel.store.transaction import Transaction, TransactionRefused


def try_commit(transaction: Transaction) -> bool:
    """Commit the transaction; return False, with nothing written, if one of its conditions fails."""
    try:
        transaction.commit()
    except TransactionRefused:
        return False
    return True


def update_of(
    item: Item,
    values: Mapping[str, Any],
    *,
    expected: Mapping[str, Any] | None = None,
    condition: Condition | None = None,
) -> Transaction:
    """Return a transaction that changes one stored item, as `Transaction.update_fields` does."""
    transaction = Transaction()
    transaction.update_fields(
        type(item), (item.pk, item.sk), values, expected=expected, condition=condition, label="item"
    )
    return transaction
