"""Load and change expected deliveries; every change is an event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from contracts.stock import ExpectedDeliveryChanged
from kernel.base.problems import FieldProblem, Invalid
from kernel.messaging.outbox import Command, EventItem, outbox_event
from kernel.store.items import Item
from kernel.store.read import fetch_one, query_all, query_page
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.orders.inbound.items import ExpectedDeliveryItem, expected_key, expected_pk
from services.orders.vocabulary import RESERVE_QUEUE, PiecesOnDay

#: SKU, SKU index and pieces.
DeliveryRow = tuple[str, int, int]


#: Labels of the delivery and of its event in a transaction.
DELIVERY_LABEL = "expected"


DELIVERY_EVENT_LABEL = "expected event"


#: Furthest day a delivery can be planned for.
_HORIZON = timedelta(days=730)


class Delivery(NamedTuple):
    """An expected delivery. `item` is None while nothing is expected; `version` is 0 before the first change."""

    warehouse: str
    reference: str
    item: ExpectedDeliveryItem | None
    version: int


def load_delivery(warehouse: str, reference: str) -> Delivery:
    """Load an expected delivery; consistent read."""
    item = fetch_one(ExpectedDeliveryItem, expected_key(warehouse, reference))
    if item is not None:
        return Delivery(warehouse, reference, item, item.version)
    last = query_page(
        EventItem,
        expected_pk(warehouse),
        sk=EventItem.sk.startswith(f"EVENT#{delivery_subject(warehouse, reference)}#"),
        limit=1,
        newest_first=True,
        consistent=True,
    ).items
    return Delivery(warehouse, reference, None, last[0].envelope.sequence if last else 0)


def expected_deliveries(warehouse: str, *, consistent: bool = True) -> list[ExpectedDeliveryItem]:
    """Load the expected deliveries of a warehouse, the earliest first."""
    deliveries = Item.sk.startswith("DELIVERY#")
    found = query_all(ExpectedDeliveryItem, expected_pk(warehouse), sk=deliveries, consistent=consistent)
    return sorted(found, key=lambda item: (item.expected_on, item.reference))


def inbound_by_sku_index(deliveries: Iterable[ExpectedDeliveryItem]) -> dict[int, list[PiecesOnDay]]:
    """Return expected pieces and days by SKU index."""
    inbound: dict[int, list[PiecesOnDay]] = defaultdict(list)
    for item in deliveries:
        for sku_index, pieces in item.by_sku_index.items():
            inbound[sku_index].append(PiecesOnDay(item.expected_on, pieces))
    return inbound


def change_delivery(
    transaction: Transaction,
    before: Delivery,
    rows: Sequence[DeliveryRow],
    expected_on: str,
    *,
    reason: str,
    by: str,
    renew: bool = True,
) -> ExpectedDeliveryItem | None:
    """Add a change of a delivery to the transaction, if no other change came since.

    Args:
        rows: what is expected afterwards; none removes the delivery.
        renew: whether promise dates are renewed; False if another event of the transaction does so.

    Returns:
        The item as it is after the transaction.
    """
    version = before.version + 1
    key = expected_key(before.warehouse, before.reference)
    as_read = ExpectedDeliveryItem.version == before.version if before.item else Item.pk.does_not_exist()
    after = None
    if rows:
        after = ExpectedDeliveryItem(
            *key,
            reference=before.reference,
            expected_on=expected_on,
            goods=[list(row) for row in rows],
            version=version,
            changed_by=by,
            reason=reason,
        )
        transaction.put(after, DELIVERY_LABEL, as_read)
    elif before.item:
        transaction.delete(ExpectedDeliveryItem, key, as_read, DELIVERY_LABEL)
    event = ExpectedDeliveryChanged(
        warehouse=before.warehouse,
        reference=before.reference,
        expected_on=expected_on if rows else None,
        was_expected_on=before.item.expected_on if before.item else None,
        skus=len(rows),
        pieces=sum(pieces for _, _, pieces in rows),
        reason=reason,
        by=by,
    )
    transaction.create(
        outbox_event(
            event,
            pk=expected_pk(before.warehouse),
            subject=delivery_subject(before.warehouse, before.reference),
            sequence=version,
            command=Command(RESERVE_QUEUE, before.warehouse) if renew else None,
        ),
        DELIVERY_EVENT_LABEL,
    )
    return after


def record_delivery_received(
    transaction: Transaction, before: Delivery, came: dict[int, int], *, reason: str, by: str
) -> ExpectedDeliveryItem | None:
    """Add a receipt of a delivery to the transaction: what came in is no longer expected, the rest is.

    Args:
        came: received pieces by SKU index.
    """
    assert before.item
    rest = [(sku, sku_index, pieces - came.get(sku_index, 0)) for sku, sku_index, pieces in before.item.goods]
    rows = [row for row in rest if row[2] > 0]
    return change_delivery(transaction, before, rows, before.item.expected_on, reason=reason, by=by, renew=False)


def delivery_subject(warehouse: str, reference: str) -> str:
    """Subject of the events of a delivery."""
    return f"{warehouse}-expected-{reference}"


def check_expected_day(day: date) -> None:
    """Check the day of an expected delivery.

    Raises:
        Invalid: the day is over, or more than two years away.
    """
    today = clock.business_date(clock.now())
    if not today <= day <= today + _HORIZON:
        detail = "须为今天起两年内的日期 / must be a day from today on, within two years"
        raise Invalid([FieldProblem(field="expected_on", code="out-of-range", detail=detail)])
