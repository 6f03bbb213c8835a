"""The fast DynamoDB of the tests and the emulator's DynamoDB give the same answers, errors and items."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fast_aws.cloud import CloudSetup
from tests.fast_aws.fast_cloud import FastCloud
from tests.fast_aws.moto_cloud import table_definition
from tests.fast_aws.random_calls import random_steps
from tests.fast_aws.run_steps import run_steps, scan_items
from tests.support.clock import MONDAY_MORNING
from tests.support.depth import depth
from tools import aws

TABLE = "random-calls"


@pytest.fixture
def table() -> Iterator[str]:
    """An empty table with our keys, for these tests alone."""
    client = aws.dynamodb()
    client.create_table(TableName=TABLE, **table_definition())
    yield TABLE
    client.delete_table(TableName=TABLE)


def test_fast_dynamodb_equals_emulator_for_random_calls(table: str) -> None:
    client = aws.dynamodb()
    fast = FastCloud(CloudSetup(table, "", {}, (), 3), lambda: MONDAY_MORNING)
    empty = fast.save()
    for seed in range(depth(60, 2_000)):
        steps = random_steps(seed, table)
        emulator_answers = run_steps(client, table, steps)
        fast.restore(empty)
        with fast.answer_calls():
            fast_answers = run_steps(client, table, steps)
        for item in scan_items(client, table):
            client.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})
        for step, expected, answer in zip([*steps, "the table"], emulator_answers, fast_answers, strict=True):
            assert expected == answer, f"seed {seed}, {step}"
