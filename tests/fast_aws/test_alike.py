"""The fast store and moto are asked the same, and say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests import world as worlds
from tests.depth import depth
from tests.fast_aws import alike
from tests.fast_aws.fast import FastCloud
from tests.fast_aws.in_moto import MotoCloud
from tests.fast_aws.wanted import REGION
from tests.orders.client import Desk
from tests.shop import open_shop, order_of
from tests.world import MONDAY_MORNING, World

TABLE = f"qudao-{worlds.STAGE}"


@pytest.fixture
def both(world: World) -> Iterator[tuple[Any, MotoCloud, FastCloud]]:
    """A client that moto answers, and its cloud; within `fast.answering()` the fast one does."""
    moto = world.cloud
    assert isinstance(moto, MotoCloud)
    yield boto3.Session(region_name=REGION).client("dynamodb"), moto, FastCloud(world.wanted, lambda: MONDAY_MORNING)


def test_the_fast_store_answers_refuses_and_stores_as_moto_does(both: tuple[Any, MotoCloud, FastCloud]) -> None:
    client, moto, fast = both
    at_moto, at_fast = moto.save(), fast.save()
    outcomes: Counter[str] = Counter()
    for seed in range(depth(200, 5_000)):
        moto.restore(at_moto)
        fast.restore(at_fast)
        steps = alike.script(seed, TABLE)
        told = alike.told(client, TABLE, steps)
        with fast.answering():
            retold = alike.told(client, TABLE, steps)
        for step, here, there in zip([*steps, "the table"], told, retold, strict=True):
            assert here == there, f"seed {seed}, {step}"
        outcomes.update(answer[0] if isinstance(answer, tuple) else "answered" for answer in told[:-1])
    # Every kind of refusal was among them, and nothing was refused nearly always.
    assert outcomes.keys() >= {
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
        "IdempotentParameterMismatchException",
        "ValidationException",
    }
    assert outcomes["answered"] > sum(outcomes.values()) / 3


def test_the_whole_system_leaves_the_same_in_both() -> None:
    told = []
    for fast in (False, True):
        with worlds.opened(fast=fast) as world:
            told.append(_an_order_is_lived_through(world))
    assert told[0] == told[1]
    assert len(told[0]) > 20


def _an_order_is_lived_through(world: World) -> list[Any]:
    """What stands in the table after an order; what is drawn by lot is left out."""
    open_shop(stock=12)
    desk = Desk(world)
    desk.accepted(order_of((1, 2), (2, 20)), dealer="D0002")
    order_id = desk.approved(order_of((1, 10), (3, 5)))
    assert desk.ship(order_id).status == 201
    assert desk.act(order_id, "cancel", {"reason": "不要了"}).status in (200, 409)
    assert desk.receive("DN-1", ("L00001", 7)).status == 201
    world.drain()
    world.clock.advance(hours=30)
    for service, app in world.apps.items():
        for periodic in app.periodics:
            world.periodic(service, periodic.function)
    world.drain()
    world.redeliver_everything()
    return [{name: value for name, value in item.items() if name not in _BY_LOT} for item in world.items()]


_BY_LOT = {"edition"}
