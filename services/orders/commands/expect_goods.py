"""What is on its way: announced, moved to another day, given up; every change stays in its history."""

from __future__ import annotations

import re
from datetime import date, timedelta

from kernel.base.problems import FieldProblem, Invalid, NotFound, Stale
from kernel.http.principal import Principal
from kernel.messaging.outbox import history
from kernel.store.table import Transaction, TransactionRefused
from kernel.time import clock
from services.orders import inbound
from services.orders.api import (
    DELIVERY_REFERENCE,
    ExpectedDelivery,
    ExpectedHistory,
    ExpectedList,
    ExpectGoods,
)
from services.orders.commands.stock_rules import require_warehouse_id
from services.orders.goods import resolve_lines
from services.orders.table.stock import expected_pk
from services.orders.views import delivery_change, delivery_view

#: Nobody knows further ahead than this what will come.
_HORIZON = timedelta(days=730)


def expect_goods(caller: Principal, warehouse: str, reference: str, request: ExpectGoods) -> ExpectedDelivery:
    """Say what a warehouse expects under a reference; no lines: nothing any more.

    Asked again after a lost answer, it changes nothing and answers the same.

    Raises:
        NotFound: no warehouse or delivery can be called that, or what is given up was not expected.
        Invalid: unknown SKUs, or a day that is over.
        Refusal: more buckets than a receipt can take.
        Stale: it is no longer of that version.
    """
    _check_names(warehouse, reference)
    if request.lines:
        check_day(request.expected_on)
    goods = resolve_lines(request.lines)
    rows = [(sku, goods.sku_indexes[sku], pieces) for sku, pieces in goods.by_sku.items()]
    before = inbound.load_delivery(warehouse, reference)
    if before.version == request.version + 1 and _already_applied(before, rows, request):
        return delivery_view(before)
    if before.version != request.version:
        raise Stale
    if not rows and before.item is None:
        raise NotFound
    transaction = Transaction()
    after = inbound.change(
        transaction, before, rows, request.expected_on.isoformat(), reason=request.reason, by=caller.name
    )
    try:
        transaction.commit()
    except TransactionRefused:
        raise Stale from None
    return delivery_view(inbound.Delivery(warehouse, reference, after, before.version + 1))


def list_expected(warehouse: str) -> ExpectedList:
    """What a warehouse expects, the earliest first.

    Raises:
        NotFound: no warehouse can be called that.
    """
    require_warehouse_id(warehouse)
    deliveries = [
        inbound.Delivery(warehouse, item.reference, item, item.version)
        for item in inbound.expected_deliveries(warehouse)
    ]
    return ExpectedList(
        warehouse=warehouse, as_of=clock.stamp(), deliveries=[delivery_view(delivery) for delivery in deliveries]
    )


def show_expected(warehouse: str, reference: str) -> ExpectedHistory:
    """A delivery, also one that is received or given up, and how it changed.

    Raises:
        NotFound: nothing was ever expected under that reference.
    """
    _check_names(warehouse, reference)
    delivery = inbound.load_delivery(warehouse, reference)
    if not delivery.version:
        raise NotFound
    told = history(expected_pk(warehouse), inbound.delivery_subject(warehouse, reference))
    return ExpectedHistory(
        **delivery_view(delivery).model_dump(), changes=[delivery_change(message) for message in told]
    )


def check_day(day: date) -> None:
    """Goods are expected from today on.

    Raises:
        Invalid: that day is over, or too far away.
    """
    today = clock.business_date(clock.now())
    if not today <= day <= today + _HORIZON:
        detail = "须为今天起两年内的日期 / must be a day from today on, within two years"
        raise Invalid([FieldProblem(field="expected_on", code="out-of-range", detail=detail)])


def _check_names(warehouse: str, reference: str) -> None:
    require_warehouse_id(warehouse)
    if not re.fullmatch(DELIVERY_REFERENCE, reference):
        raise NotFound


def _already_applied(before: inbound.Delivery, rows: list[inbound.Row], request: ExpectGoods) -> bool:
    if before.item is None:
        return not rows
    as_asked = before.item.goods == [list(row) for row in rows] and before.item.reason == request.reason
    return as_asked and before.item.expected_on == request.expected_on.isoformat()
