"""What one order costs from the HTTP request until staff see it reserved, by its number of lines."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass

from tests import world as worlds
from tests.bench.meter import Bill, metered
from tests.shop import open_shop, sku
from tests.world import World

PRODUCTS = 2_000
SIZES = (5, 120, 500, 1_000)


@dataclass(frozen=True)
class OrderCost:
    """One size of order: units and calls of intake, relay and reservation together; CPU as median milliseconds."""

    lines: int
    write_units: float
    read_units: float
    calls: int
    intake_cpu_ms: float
    relay_cpu_ms: float
    reserve_cpu_ms: float


def measure(repeats: int) -> list[OrderCost]:
    """Every size of order over the same 2,000 products, lines drawn alike in every run."""
    with worlds.opened() as world:
        open_shop(products=PRODUCTS, stock=1_000_000, credit_limit_fen=10**14)
        for _ in range(3):
            _one_order(world, 5, random.Random(0))
        return [_measure(world, size, repeats) for size in SIZES]


def _measure(world: World, size: int, repeats: int) -> OrderCost:
    draw = random.Random(size)
    bills = [_one_order(world, size, draw) for _ in range(repeats)]
    last = bills[-1]
    return OrderCost(
        lines=size,
        write_units=sum(bill.write_units for bill in last),
        read_units=sum(bill.read_units for bill in last),
        calls=sum(sum(bill.calls.values()) for bill in last),
        intake_cpu_ms=statistics.median(bill[0].cpu_seconds for bill in bills) * 1e3,
        relay_cpu_ms=statistics.median(bill[1].cpu_seconds for bill in bills) * 1e3,
        reserve_cpu_ms=statistics.median(bill[2].cpu_seconds for bill in bills) * 1e3,
    )


def _one_order(world: World, size: int, draw: random.Random) -> tuple[Bill, Bill, Bill]:
    """Intake, relay of its announcement, reservation."""
    body = {"lines": [{"sku": sku(number), "quantity": 3} for number in draw.sample(range(PRODUCTS), size)]}
    token = world.token(role="dealer_buyer", dealer_id="D0001")
    with metered(world) as intake:
        answer = world.call("orders", "POST", "/orders", body=body, token=token, key=f"key-{draw.random()}")
    assert answer.status == 202, answer.json
    with metered(world) as relay:
        world.relay_once()
    with metered(world) as reserve:
        world.consume_once("orders", "reserve_stock")
    world.drain()
    return intake, relay, reserve
