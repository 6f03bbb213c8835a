"""Put an order on credit hold whose action was refused because of credit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.orders.credit.rules import CreditRefusal
from services.orders.reservation.place_credit_hold import place_credit_hold


@contextmanager
def hold_if_refused_for_credit(order_id: str) -> Iterator[None]:
    """Put an order on credit hold if credit stops the action inside. The refusal names the figures either way.

    The hold comes before the answer, so a repeat after a crash finds it, or the same refusal and places it then.

    Raises:
        CreditRefusal: credit stops the order, which is on hold now.
    """
    try:
        yield
    except CreditRefusal:
        place_credit_hold(order_id)
        raise
