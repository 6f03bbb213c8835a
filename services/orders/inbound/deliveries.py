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
from kernel.store.table import Transaction, fetch_one, query_all, query_page
from kernel.time import clock
from services.orders.inbound.items import ExpectedDeliveryItem, expected_key, expected_pk
from services.orders.vocabulary import RESERVE_QUEUE, PiecesOnDay

#: A SKU, its sku_index and pieces.
DeliveryRow = tuple[str, int, int]


#: Under this label a delivery stands in a transaction, its event under the next.
DELIVERY_LABEL = "expected"


DELIVERY_EVENT_LABEL = "expected event"


#: Nobody plans deliveries further ahead.
_HORIZON = timedelta(days=730)


class Delivery(NamedTuple):
    """A delivery as it stands. `item`: None while nothing of it is expected; `version`: of its last change, 0 before
    the first."""

    warehouse: str
    reference: str
    item: ExpectedDeliveryItem | None
    version: int


def load_delivery(warehouse: str, reference: str) -> Delivery:
    """A delivery, read consistently."""
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


def expected_deliveries(warehouse: str) -> list[ExpectedDeliveryItem]:
    """All that a warehouse expects, the earliest first, read consistently."""
    found = query_all(ExpectedDeliveryItem, expected_pk(warehouse), sk=Item.sk.startswith("DELIVERY#"))
    return sorted(found, key=lambda item: (item.expected_on, item.reference))


def inbound_by_sku_index(deliveries: Iterable[ExpectedDeliveryItem]) -> dict[int, list[PiecesOnDay]]:
    """Pieces expected per sku_index and day."""
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
    """Let the transaction make this what is expected, if nobody changed it meanwhile; the delivery as it then stands.

    Args:
        rows: what is now expected; none takes it off the list.
        renew: whether promises are to be renewed by it; not where another event of the transaction does that.
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


def receive_delivery(
    transaction: Transaction, before: Delivery, came: dict[int, int], *, reason: str, by: str
) -> ExpectedDeliveryItem | None:
    """Let the transaction take what came in, by sku_index, off what is expected: the rest stays expected for its day."""
    assert before.item
    rest = [(sku, sku_index, pieces - came.get(sku_index, 0)) for sku, sku_index, pieces in before.item.goods]
    rows = [row for row in rest if row[2] > 0]
    return change_delivery(transaction, before, rows, before.item.expected_on, reason=reason, by=by, renew=False)


def delivery_subject(warehouse: str, reference: str) -> str:
    """How a delivery is called in its events."""
    return f"{warehouse}-expected-{reference}"


def check_expected_day(day: date) -> None:
    """Goods are expected from today on.

    Raises:
        Invalid: that day is over, or too far away.
    """
    today = clock.business_date(clock.now())
    if not today <= day <= today + _HORIZON:
        detail = "须为今天起两年内的日期 / must be a day from today on, within two years"
        raise Invalid([FieldProblem(field="expected_on", code="out-of-range", detail=detail)])
