"""Helpers of the tests of stock documents."""

from __future__ import annotations

from typing import Any

from contracts.stock import BucketPosition, QuarantineItem, quarantine_key
from kernel.messaging.outbox import EventItem
from kernel.store.read import fetch_one, query_all
from services.orders.inbound.items import ExpectedDeliveryItem, expected_pk
from services.orders.stock.items import MovementItem, movements_pk
from tests.support.fixtures import WAREHOUSE
from tests.support.gateway import Response

TODAY = "2026-11-23"


def aside(number: int) -> int:
    """Quarantined pieces of a product."""
    sku_index = BucketPosition.of(number)
    item = fetch_one(QuarantineItem, quarantine_key(WAREHOUSE, sku_index.bucket))
    return int(item.pieces[sku_index.position]) if item else 0


def moved(warehouse: str = WAREHOUSE) -> list[tuple[str, str, dict[int, int]]]:
    """Movements of documents that day: kind, reference, pieces by SKU index."""
    found = query_all(MovementItem, movements_pk(warehouse, TODAY))
    return [(item.move, item.reference, item.by_sku_index) for item in found if not item.reference.startswith("D0")]


def events_of(kind: str) -> list[dict[str, Any]]:
    """Data of the stock events of a type."""
    items = (EventItem.get(*key) for key in _events())
    return [item.envelope.data for item in items if item.envelope.type == f"stock.{kind}.v1"]


def _events() -> list[tuple[str, str]]:
    pks = [f"STOCK#{WAREHOUSE}", "STOCK#SH", expected_pk(WAREHOUSE), expected_pk("SH")]
    return [(pk, item.sk) for pk in pks for item in query_all(EventItem, pk, sk=EventItem.sk.startswith("EVENT#"))]


def expected(warehouse: str = WAREHOUSE) -> list[tuple[str, str, dict[int, int]]]:
    """Expected deliveries of a warehouse: reference, day, pieces by SKU index."""
    found = query_all(ExpectedDeliveryItem, expected_pk(warehouse), sk=ExpectedDeliveryItem.sk.startswith("DELIVERY#"))
    return [(item.reference, item.expected_on, item.by_sku_index) for item in found]


def codes(answer: Response) -> list[tuple[str, str]]:
    """Field and code of each problem."""
    return [(problem["field"], problem["code"]) for problem in answer.json["errors"]]
