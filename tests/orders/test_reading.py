"""An order is read as of one moment, though a batched read of its parts is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from kernel.store.items import Item, Key
from services.orders.order import load_order
from services.orders.order.items import FulfilmentItem, part_key
from tests.orders.desk import Desk
from tests.shop import counters, open_shop, order_of
from tests.world import World


@pytest.fixture
def desk(fast_world: World) -> Desk:
    return Desk(fast_world)


@contextmanager
def others_acting_while_it_is_read(last: str, act: Callable[[], object]) -> Iterator[None]:
    """The first order read in it is changed after all its parts but one were read."""
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
def test_two_shipments_at_once_are_both_counted_whatever_part_of_the_order_was_read_last(
    desk: Desk, read_last: str, shipped_before: int
) -> None:
    open_shop()
    order_id = desk.approved(order_of((1, 10), (2, 10)))
    for _ in range(shipped_before):
        assert desk.ship(order_id, (2, 1)).status == 201
    with others_acting_while_it_is_read(read_last, lambda: desk.ship(order_id, (1, 4), key="other")):
        answer = desk.ship(order_id, (1, 4), key="one")
        if answer.status != 201:
            assert answer.json["code"] == "busy"
            answer = desk.ship(order_id, (1, 4), key="one")
    assert answer.status == 201
    line = desk.show(order_id).json["lines"][0]
    assert (line["reserved"], line["shipped"]) == (2, 8)
    assert sum(one["pieces"] for one in desk.shipments(order_id)) == 8 + shipped_before
    assert counters(1) == (90, 2)


def test_an_order_that_keeps_changing_while_it_is_read_is_told_to_come_again(desk: Desk) -> None:
    open_shop()
    order_id = desk.approved(order_of((1, 10), (2, 10)))
    assert desk.ship(order_id, (1, 4)).status == 201
    FulfilmentItem.get(*part_key("FULFILMENT", order_id)).delete()
    assert desk.ship(order_id).json["code"] == "busy"
