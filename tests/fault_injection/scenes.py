"""What people do in the town before it gets interesting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from contracts.stock import SKUS_PER_BUCKET
from services.orders.order import rules
from tests.authorization.town import OWN, PRICE_LIST, WAREHOUSE, Town
from tests.fault_injection.scenario import Happening, Nowhere, Outside

#: SKU and pieces.
Lines = Sequence[tuple[str, int]]


def first(*happenings: Happening) -> Happening:
    """One after the other."""

    def happen(town: Town) -> None:
        for one in happenings:
            one(town)

    return happen


def submitted(*lines: tuple[str, int], dealer: str = OWN, name: str = "the order", **more: Any) -> Happening:
    """An order is submitted; nothing is carried anywhere yet."""

    def happen(town: Town) -> None:
        body = {"lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines], **more}
        answer = town.ask("orders", "POST", "/orders", body, role="dealer_buyer", dealer=dealer)
        assert answer.status == 202, answer.json
        town.things[name, OWN] = answer.json["order_id"]

    return happen


def all_happens(town: Town) -> None:
    """Everything is carried where it goes, and worked off."""
    town.world.drain()


def decided(*lines: tuple[str, int], **more: Any) -> Happening:
    """An order is submitted, and its stock decided."""
    return first(submitted(*lines, **more), all_happens)


def done(action: str, body: Any = None, *, role: str = "assistant", of: str = "the order") -> Happening:
    """Somebody does something to an order; nothing is carried anywhere yet."""

    def happen(town: Town) -> None:
        path = f"/orders/{town.things[of, OWN]}/{action}"
        answer = town.ask("orders", "POST", path, {"reason": "r"} if body is None else body, role=role)
        assert answer.status < 300, answer.json

    return happen


approved = first(done("approve", {"note": ""}), all_happens)
SHIPMENT = {"carrier": "顺丰", "waybill": "SF-7"}


def came_in(reference: str, *lines: tuple[str, int], warehouse: str = WAREHOUSE) -> Happening:
    """Goods come in; nothing is carried anywhere yet."""

    def happen(town: Town) -> None:
        received = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
        body = {"warehouse": warehouse, "reference": reference, "lines": received}
        answer = town.ask("orders", "POST", "/stock/goods-receipts", body, role="warehouse")
        assert answer.status == 201, answer.json

    return happen


def published(rule: str, *, version: int = 0, **more: Any) -> Happening:
    """A rule of sharing out is published."""

    def happen(town: Town) -> None:
        body = {"rule": rule, "reason": "旺季", "version": version, **more}
        town.do("orders", "PUT", f"/warehouses/{WAREHOUSE}/allocation-rule", body, role="admin")

    return happen


def helped_by(*alternates: str) -> Happening:
    """Other warehouses serve what ours is short of."""

    def happen(town: Town) -> None:
        body = {"alternates": list(alternates), "reason": "就近", "version": 0}
        town.do("orders", "PUT", f"/warehouses/{WAREHOUSE}/sourcing-rule", body, role="admin")

    return happen


def time_passes(**by: float) -> Happening:
    """It is later, and nothing happened."""
    return lambda town: town.world.clock.advance(**by)


def only_its_hold(*, hours: float) -> Happening:
    """So much later, and everything but the order was renewed meanwhile."""

    def happen(town: Town) -> None:
        town.world.clock.advance(hours=hours - 3)
        for held in town.world.items("ORDERS#"):
            if held["kind"] == "order" and held["reserved"] and held["order_id"] != town.things["the order", OWN]:
                town.do(
                    "orders",
                    "POST",
                    f"/orders/{held['order_id']}/extend-reservation",
                    {"reason": "r"},
                    role="assistant",
                )
        town.world.clock.advance(hours=3)

    return happen


# ---- orders over many buckets ----

BUCKETS = 4
#: One product on each bucket.
WIDE = tuple(f"W{number * SKUS_PER_BUCKET:03d}" for number in range(BUCKETS))


def _stocked_widely(town: Town) -> None:
    products = [_product(number) for number in range((BUCKETS - 1) * SKUS_PER_BUCKET + 1)]
    town.do("catalog", "POST", "/imports/products", {"products": products}, role="assistant")
    prices = [
        {"sku": sku, "unit_price": "12.50", "price_policy": "标准价"} for sku in (*WIDE, "L1", "L2", "L3", "L4", "L5")
    ]
    path = f"/price-lists/{PRICE_LIST}/drafts/2"
    town.do("catalog", "POST", f"{path}/prices", {"prices": prices}, role="assistant")
    town.do("catalog", "POST", f"{path}/publish", {"name": "一级价", "valid_from": "2026-01-01"}, role="assistant")


def stocked_widely(pieces: int = 100) -> Happening:
    """So many pieces of each product of `WIDE`."""
    return first(_stocked_widely, came_in("DN-W", *((sku, pieces) for sku in WIDE)), all_happens)


def _product(number: int) -> dict[str, Any]:
    names = {"name_zh": f"大单 {number}", "name_en": f"Wide {number}"}
    return {"sku": f"W{number:03d}", **names, "category": "灯带", "carton": 10}


@contextmanager
def one_bucket_a_step() -> Iterator[Outside]:
    """A transaction takes one bucket, so that an order over four is as long as one over hundreds."""
    with patch.object(rules, "BUCKETS_PER_TRANSACTION", 1):
        yield Nowhere()
