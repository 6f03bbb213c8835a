"""The fast cloud and moto give the same answers, errors and items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.fast_aws.cloud import REGION
from tests.fast_aws.fast_cloud import FastCloud
from tests.fast_aws.moto_cloud import MotoCloud
from tests.fast_aws.random_calls import random_steps
from tests.fast_aws.run_steps import run_steps
from tests.orders.client import OrdersClient
from tests.support import world as worlds
from tests.support.clock import MONDAY_MORNING
from tests.support.depth import depth
from tests.support.fixtures import open_shop, order_of
from tests.support.functions import STAGE
from tests.support.world import World

TABLE = f"qudao-{STAGE}"


@pytest.fixture
def both_clouds(world: World) -> Iterator[tuple[Any, MotoCloud, FastCloud]]:
    """A client, the moto cloud that answers it, and the fast cloud that answers it within `fast.answer_calls()`."""
    moto = world.cloud
    assert isinstance(moto, MotoCloud)
    client = boto3.Session(region_name=REGION).client("dynamodb")
    yield client, moto, FastCloud(world.cloud_setup, lambda: MONDAY_MORNING)


def test_fast_dynamodb_equals_moto_for_random_calls(both_clouds: tuple[Any, MotoCloud, FastCloud]) -> None:
    client, moto, fast = both_clouds
    for item in run_steps(client, TABLE, [])[-1]:
        client.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})
    empty_moto, empty_fast = moto.save(), fast.save()
    outcomes: Counter[str] = Counter()
    for seed in range(depth(200, 5_000)):
        moto.restore(empty_moto)
        fast.restore(empty_fast)
        steps = random_steps(seed, TABLE)
        moto_answers = run_steps(client, TABLE, steps)
        with fast.answer_calls():
            fast_answers = run_steps(client, TABLE, steps)
        for step, expected, answer in zip([*steps, "the table"], moto_answers, fast_answers, strict=True):
            assert expected == answer, f"seed {seed}, {step}"
        outcomes.update(answer[0] if isinstance(answer, tuple) else "answered" for answer in moto_answers[:-1])
    # Every kind of error occurs, and most calls succeed.
    assert outcomes.keys() >= {
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
        "IdempotentParameterMismatchException",
        "ValidationException",
    }
    assert outcomes["answered"] > sum(outcomes.values()) / 3


def test_whole_system_stores_the_same_items_on_both_clouds() -> None:
    items = []
    for fast in (False, True):
        with worlds.opened(fast=fast) as world:
            items.append(_items_after_an_order(world))
    assert items[0] == items[1]
    assert len(items[0]) > 20


def _items_after_an_order(world: World) -> list[Any]:
    """Return the stored items after the life of an order, without random values."""
    open_shop(stock=12)
    orders = OrdersClient(world)
    orders.accepted(order_of((1, 2), (2, 20)), dealer="D0002")
    order_id = orders.approved(order_of((1, 10), (3, 5)))
    assert orders.ship(order_id).status == 201
    assert orders.act(order_id, "cancel", {"reason": "不要了"}).status in (200, 409)
    assert orders.receive("DN-1", ("L00001", 7)).status == 201
    world.drain()
    world.clock.advance(hours=30)
    for service, app in world.apps.items():
        for periodic in app.periodics:
            world.periodic(service, periodic.function)
    world.drain()
    world.redeliver_everything()
    return [{name: value for name, value in item.items() if name not in _RANDOM_FIELDS} for item in world.items()]


_RANDOM_FIELDS = {"edition"}
