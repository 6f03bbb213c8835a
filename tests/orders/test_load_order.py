"""Loading of orders: one moment, although a batched read is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from kernel.store.items import Item, Key
from services.orders.order import load_order
from services.orders.order.items import FulfilmentItem, order_part_key
from tests.orders.client import OrdersClient
from tests.support.fixtures import counters, open_shop, order_of
from tests.support.world import World


@pytest.fixture
def client(fast_world: World) -> OrdersClient:
    return OrdersClient(fast_world)


@contextmanager
def others_acting_while_it_is_read(last: str, act: Callable[[], object]) -> Iterator[None]:
    """Change the first order that is read, after all its parts but one were read."""
    fetch, once = load_order.fetch, iter([True])

    def torn(keys: Iterable[Key], **more: Any) -> dict[Key, Item]:
        keys = list(keys)
        if not next(once, False):
            return fetch(keys, **more)
        early = fetch([key for key in keys if not key[1].startswith(last)], **more)
        act()
        return early | fetch([key for key in keys if key[1].startswith(last)], **more)

    with patch.object(load_order, "fetch", torn):
        yield


@pytest.mark.parametrize("read_last", ["HEADER", "FULFILMENT"])
@pytest.mark.parametrize("shipped_before", [0, 1])
def test_concurrent_shipments_are_both_counted_in_any_read_order(
    client: OrdersClient, read_last: str, shipped_before: int
) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10), (2, 10)))
    for _ in range(shipped_before):
        assert client.ship(order_id, (2, 1)).status == 201
    with others_acting_while_it_is_read(read_last, lambda: client.ship(order_id, (1, 4), key="other")):
        answer = client.ship(order_id, (1, 4), key="one")
        if answer.status != 201:
            assert answer.json["code"] == "busy"
            answer = client.ship(order_id, (1, 4), key="one")
    assert answer.status == 201
    line = client.show(order_id).json["lines"][0]
    assert (line["reserved"], line["shipped"]) == (2, 8)
    assert sum(one["pieces"] for one in client.shipments(order_id)) == 8 + shipped_before
    assert counters(1) == (90, 2)


def test_load_order_is_busy_when_the_order_keeps_changing(client: OrdersClient) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10), (2, 10)))
    assert client.ship(order_id, (1, 4)).status == 201
    FulfilmentItem.get(*order_part_key("FULFILMENT", order_id)).delete()
    assert client.ship(order_id).json["code"] == "busy"
