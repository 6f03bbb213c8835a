"""The fast store of the tests and the emulator's DynamoDB are asked the same, and say the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.depth import depth
from tests.fast_aws import alike
from tests.fast_aws.fast import FastCloud
from tests.fast_aws.in_moto import table_definition
from tests.fast_aws.wanted import Wanted
from tests.world import MONDAY_MORNING
from tools import aws

TABLE = "alike"


@pytest.fixture
def table() -> Iterator[str]:
    """An empty table like ours, of these tests alone."""
    client = aws.dynamodb()
    client.create_table(TableName=TABLE, **table_definition())
    yield TABLE
    client.delete_table(TableName=TABLE)


def test_the_fast_store_answers_refuses_and_stores_as_the_emulator_does(table: str) -> None:
    client = aws.dynamodb()
    fast = FastCloud(Wanted(table, "", {}, (), 3), lambda: MONDAY_MORNING)
    empty = fast.save()
    for seed in range(depth(60, 2_000)):
        steps = alike.script(seed, table)
        told = alike.told(client, table, steps)
        fast.restore(empty)
        with fast.answering():
            retold = alike.told(client, table, steps)
        for item in alike.left(client, table):
            client.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})
        for step, there, here in zip([*steps, "the table"], told, retold, strict=True):
            assert there == here, f"seed {seed}, {step}"
