"""The read units of a quote stay within a limit; `make bench` measures its CPU beside a submit."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.orders.client import OrdersClient
from tests.orders.promise_helpers import WEDNESDAY, expect
from tests.support.fixtures import open_shop, sku
from tests.support.read_units import metered
from tests.support.world import opened

_MOST_UNITS = 20


@pytest.fixture(scope="module")
def client() -> Iterator[OrdersClient]:
    with opened(fast=True) as world:
        open_shop(products=2_000, stock=1_000, credit_limit_fen=10**14)
        client = OrdersClient(world)
        for delivery in range(10):
            expect(client, f"PO-{delivery}", WEDNESDAY, *((number * 7 + delivery, 50) for number in range(50)))
        everything = {"lines": [{"sku": sku(number), "quantity": 1} for number in range(0, 2_000, 2)]}
        assert client.quote(everything).status == 200  # the process caches price pages and assortment
        yield client


@pytest.mark.parametrize("lines", [1, 5, 120, 500, 1_000])
def test_quote_costs_at_most_twenty_read_units(client: OrdersClient, lines: int) -> None:
    drawn = random.Random(lines).sample(range(2_000), lines)
    body = {"lines": [{"sku": sku(number), "quantity": 3} for number in drawn]}
    with metered() as meter:
        answer = client.quote(body)
    assert answer.status == 200 and answer.json["orderable"]
    assert meter.units <= _MOST_UNITS, meter.reads
    assert meter.calls <= 3, meter.reads


def test_two_neighbouring_buckets_and_distant_ones_are_read_alike(client: OrdersClient) -> None:
    for numbers in ((0, 80), (0, 1_999), (5,)):
        body = {"lines": [{"sku": sku(number), "quantity": 3} for number in numbers]}
        assert {line["available"] for line in client.quote(body).json["lines"]} == {1_000}
