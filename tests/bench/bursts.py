"""Measure fifty concurrent orders of 120 lines for the same scarce SKUs, and one shipment."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.stock import SKUS_PER_BUCKET, StockBucketItem, stock_bucket_key
from tests.bench.meter import metered
from tests.bench.order_path import Bench, evenly
from tests.bench.yardsticks import PLENTY
from tests.support.fixtures import WAREHOUSE, open_shop
from tests.support.world import opened

ORDERS = 50
LINES = 120
_SCARCE_SKUS = 500
#: Pieces of each SKU. A line takes three, so about a third of the ordered pieces is not available.
_STOCK = 24


@dataclass(frozen=True)
class Burst:
    """Cost of fifty concurrent orders.

    `attempts` counts reserving transactions, `refused` those without enough stock, `wasted_units` the write units of
    refused ones. `least_pieces` is the lowest counter of a bucket afterwards; below zero, a piece was sold twice.
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
    """Cost of shipping a whole order. `noted_…` is the cost of its event and of recording its punctuality."""

    lines: int
    write_units: float
    calls: int
    noted_write_units: float
    noted_calls: int


def burst() -> Burst:
    """Submit all orders, then let the single consumer of the warehouse reserve them."""
    with opened(fast=True) as world:
        open_shop(products=_SCARCE_SKUS, stock=_STOCK, credit_limit_fen=10**14)
        bench = Bench(world, evenly(_SCARCE_SKUS))
        for _ in range(ORDERS):
            bench.submit(LINES)
        world.relay_once()
        with metered(world) as bill:
            while world.waiting("reserve-stock"):
                world.consume_once("orders", "reserve_stock")
        world.drain()
        headers = [item for item in world.items("ORDERS#") if item["kind"] == "order"]
        buckets = [
            StockBucketItem.get(*stock_bucket_key(WAREHOUSE, bucket))
            for bucket in range(-(-_SCARCE_SKUS // SKUS_PER_BUCKET))
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
    """Ship a whole approved order."""
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
