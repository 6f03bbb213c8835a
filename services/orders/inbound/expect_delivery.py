"""Announce, move, cancel and show expected deliveries."""

from __future__ import annotations

from kernel.base.problems import NotFound, Stale
from kernel.http.models import Reference
from kernel.http.principal import Principal
from kernel.messaging.outbox import history
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from reads.warehouses import require_warehouse_of_path, warehouse_names
from services.orders.inbound.api import ExpectedDelivery, ExpectedHistory, ExpectedList, ExpectGoods
from services.orders.inbound.deliveries import (
    Delivery,
    DeliveryRow,
    change_delivery,
    check_expected_day,
    delivery_subject,
    expected_deliveries,
    load_delivery,
)
from services.orders.inbound.items import expected_pk
from services.orders.inbound.views import delivery_change_view, delivery_view, delivery_views
from services.orders.stock.document_lines import resolve_lines
from services.orders.vocabulary import require_code


def expect_delivery(caller: Principal, warehouse: str, reference: str, request: ExpectGoods) -> ExpectedDelivery:
    """Announce, move or cancel an expected delivery. A repeated request changes nothing and answers the same.

    Raises:
        NotFound: there is no such warehouse, the reference has another form, or there is nothing to cancel.
        Invalid: SKUs are unknown, or the day is over.
        Refusal: the warehouse is no longer used, or the delivery touches more buckets than a goods receipt can change.
        Stale: another version is stored.
    """
    _check_names(warehouse, reference, must_be_active=bool(request.lines))
    if request.lines:
        check_expected_day(request.expected_on)
    goods = resolve_lines(request.lines)
    rows = [(sku, goods.sku_indexes[sku], pieces) for sku, pieces in goods.by_sku.items()]
    before = load_delivery(warehouse, reference)
    if before.version == request.version + 1 and _already_applied(before, rows, request):
        return delivery_view(before)
    if before.version != request.version:
        raise Stale
    if not rows and before.item is None:
        raise NotFound
    transaction = Transaction()
    after = change_delivery(
        transaction, before, rows, request.expected_on.isoformat(), reason=request.reason, by=caller.name
    )
    try:
        transaction.commit()
    except TransactionRefused:
        raise Stale from None
    return delivery_view(Delivery(warehouse, reference, after, before.version + 1))


def list_expected(warehouse: str) -> ExpectedList:
    """List the expected deliveries of a warehouse, the earliest first.

    Raises:
        NotFound: there is no such warehouse.
    """
    require_warehouse_of_path(warehouse)
    deliveries = [Delivery(warehouse, item.reference, item, item.version) for item in expected_deliveries(warehouse)]
    return ExpectedList(
        warehouse=warehouse,
        **warehouse_names(warehouse),
        as_of=clock.stamp(),
        deliveries=delivery_views(deliveries),
    )


def show_expected(warehouse: str, reference: str) -> ExpectedHistory:
    """Show a delivery and its changes, also one that is received or cancelled.

    Raises:
        NotFound: there is no such warehouse, or nothing was ever expected under that reference.
    """
    _check_names(warehouse, reference)
    delivery = load_delivery(warehouse, reference)
    if not delivery.version:
        raise NotFound
    told = history(expected_pk(warehouse), delivery_subject(warehouse, reference))
    return ExpectedHistory(
        **delivery_view(delivery).model_dump(), changes=[delivery_change_view(message) for message in told]
    )


def _check_names(warehouse: str, reference: str, *, must_be_active: bool = False) -> None:
    require_warehouse_of_path(warehouse, must_be_active=must_be_active)
    require_code(Reference, reference)


def _already_applied(before: Delivery, rows: list[DeliveryRow], request: ExpectGoods) -> bool:
    if before.item is None:
        return not rows
    as_asked = before.item.goods == [list(row) for row in rows] and before.item.reason == request.reason
    return as_asked and before.item.expected_on == request.expected_on.isoformat()
