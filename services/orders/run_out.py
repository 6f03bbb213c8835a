"""Cancel pieces of run-out products that an order cannot have: no goods come in for which they could wait."""

from __future__ import annotations

from typing import Any, NamedTuple

from kernel.store.transaction import Transaction
from services.orders.credit.items import OrderingAccountItem, ordering_account_key
from services.orders.order.items import Order
from services.orders.order.rules import Progress, cancel_backordered, sum_progress, value_without_cancelled


class CutOrder(NamedTuple):
    """Progress of the lines without backordered pieces of run-out products, and its totals.

    `cancelled`: pieces that were cancelled for that, by line number.
    """

    progress: tuple[Progress, ...]
    cancelled: dict[int, int]
    totals: Progress

    @property
    def facts(self) -> dict[str, Any]:
        """Fields of the event that reports the cancelled pieces; empty if there are none."""
        if not self.cancelled:
            return {}
        return {"cancelled": sum(self.cancelled.values()), "cancelled_lines": tuple(self.cancelled)}

    @property
    def has_open_pieces(self) -> bool:
        """Return whether the order waits for or has pieces after its stock is decided."""
        return bool(self.totals.reserved or self.totals.backordered)


def cut_run_out(transaction: Transaction, order: Order, progress: tuple[Progress, ...]) -> CutOrder:
    """Cancel backordered pieces of run-out products, and add the release of their credit to the transaction.

    Args:
        progress: progress of the lines once stock is decided. The order itself is not on credit hold.
    """
    after, cancelled = progress, dict[int, int]()
    if order.run_out:
        after = cancel_backordered(order.demands, progress, order.run_out)
        cancelled = {
            number: cut.cancelled - before.cancelled
            for number, (before, cut) in enumerate(zip(progress, after, strict=True), 1)
            if cut != before
        }
    decided = CutOrder(after, cancelled, sum_progress(after))
    if cancelled:
        freed_fen = value_without_cancelled(order.lines, progress) - value_without_cancelled(order.lines, after)
        transaction.update_fields(
            OrderingAccountItem,
            ordering_account_key(order.header.dealer_id),
            {},
            increments={"committed_fen": -freed_fen},
            label="account",
        )
    return decided
