"""Warn staff of price lists that end without a successor."""

from __future__ import annotations

from datetime import date

from contracts.catalog import PRICE_LISTS, PriceListItem
from contracts.price_events import PriceListEnding
from kernel.base import observability
from kernel.messaging.outbox import outbox_event
from kernel.store.read import query_all
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.catalog.price_notices.rules import first_day_without_prices

#: Days before the last one with prices from which on staff are warned.
WARNING_DAYS = 7


def watch_price_lists() -> None:
    """Publish the end of each price list whose last day is at most `WARNING_DAYS` ahead, once for each such day."""
    today = clock.business_date(clock.now())
    for price_list in query_all(PriceListItem, PRICE_LISTS, on_index=True):
        day = first_day_without_prices(price_list, today)
        if day is not None and (day - today).days - 1 <= WARNING_DAYS:
            observability.count("PriceListEnding")
            _publish_end(price_list, day)


def _publish_end(price_list: PriceListItem, day: date) -> None:
    event = PriceListEnding(
        price_list_id=price_list.price_list_id, name=price_list.name, without_prices_from=day.isoformat()
    )
    subject = f"{price_list.price_list_id}-ends-{day.isoformat()}"
    transaction = Transaction()
    transaction.create(outbox_event(event, pk=price_list.pk, subject=subject, sequence=1), "event")
    try:
        transaction.commit()
    except TransactionRefused:
        return  # the event is the mark that this day was published before
