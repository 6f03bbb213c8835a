"""Fifty orders of 120 lines at once for the same scarce goods, and what it costs to ship one."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.stock import SKUS_PER_BUCKET, StockBucketItem, stock_bucket_key
from tests.bench.meter import metered
from tests.bench.order_path import Bench, evenly
from tests.bench.yardsticks import PLENTY
from tests.shop import WAREHOUSE, open_shop
from tests.world import opened

ORDERS = 50
LINES = 120
_HOT = 500
#: Pieces of each: a line takes three, so about a third of what is wanted is not there.
_STOCK = 24


@dataclass(frozen=True)
class Burst:
    """`attempts` to reserve in one transaction, those refused because goods were short, and units these were billed.

    `least_pieces`: the lowest counter of a bucket afterwards; below zero something was sold twice.
    """

    orders: int
    attempts: int
    refused: int
    wasted_units_per_order: float
    write_units_per_order: float
    short_orders: int
    least_pieces: int


@dataclass(frozen=True)
class Shipping:
    """One shipment of a whole order; `noted_…`: until the relay told of it and orders noted how promises were kept."""

    lines: int
    write_units: float
    calls: int
    noted_write_units: float
    noted_calls: int


def burst() -> Burst:
    """Sent within a moment, reserved by the one writer of the warehouse."""
    with opened(fast=True) as world:
        open_shop(products=_HOT, stock=_STOCK, credit_limit_fen=10**14)
        bench = Bench(world, evenly(_HOT))
        for _ in range(ORDERS):
            bench.submit(LINES)
        world.relay_once()
        with metered(world) as bill:
            while world.waiting("reserve-stock"):
                world.consume_once("orders", "reserve_stock")
        world.drain()
        headers = [item for item in world.items("ORDERS#") if item["kind"] == "order"]
        buckets = [
            StockBucketItem.get(*stock_bucket_key(WAREHOUSE, bucket)) for bucket in range(-(-_HOT // SKUS_PER_BUCKET))
        ]
    return Burst(
        orders=ORDERS,
        attempts=bill.calls["dynamodb.TransactWriteItems"],
        refused=bill.refused,
        wasted_units_per_order=bill.wasted / ORDERS,
        write_units_per_order=bill.write_units / ORDERS,
        short_orders=sum(bool(header["backordered"]) for header in headers),
        least_pieces=min(int(pieces) for bucket in buckets for pieces in bucket.available),
    )


def shipping() -> Shipping:
    """An approved order leaves whole."""
    with opened(fast=True) as world:
        open_shop(products=2_000, stock=PLENTY, credit_limit_fen=10**14)
        order_id = Bench(world, evenly(2_000)).submit(LINES)
        world.drain()
        clerk = world.token(role="assistant")
        approved = world.call("orders", "POST", f"/orders/{order_id}/approve", body={}, token=clerk, key="a")
        assert approved.status == 200, approved.json
        world.drain()
        body = {"carrier": "顺丰", "waybill": "SF-1"}
        with metered(world) as bill:
            shipped = world.call("orders", "POST", f"/orders/{order_id}/shipments", body=body, token=clerk, key="s")
        assert shipped.status == 201, shipped.json
        with metered(world) as noted:
            world.relay_once()
            world.consume_once("orders", "record_on_time_shipments")
    return Shipping(LINES, bill.write_units, bill.calls.total(), noted.write_units, noted.calls.total())
