"""The local run keeps its data: over a stop, over a crash, and its functions go on where they were."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kernel.messaging.outbox import shard_key
from tests.deployed.conftest import UNPACKED, eventually
from tools import aws, deploy, emulator, package, paths
from tools.emulator import Emulator

#: A system of its own, so that it may be killed.
STAGE = "testagain"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the state is kept over the restarts of one test."""
    return tmp_path


@pytest.fixture
def port() -> int:
    """Addresses with the port are part of the state, so it stays the same."""
    return emulator.free_port()


@pytest.fixture(autouse=True)
def _relay_runs(folder: Path, port: int) -> Iterator[None]:
    with emulator.using(f"http://127.0.0.1:{port}"):
        yield


@contextmanager
def started(folder: Path, port: int, checkpoint_seconds: float) -> Iterator[Emulator]:
    """The local AWS with the relay in it."""
    with Emulator(port, folder, UNPACKED, checkpoint_seconds) as running:
        deploy.deploy(STAGE, package.build([paths.RELAY]))
        yield running


def announce(number: int) -> None:
    """Put an outbox_event into the table that the relay can send."""
    key = {"pk": {"S": "TEST#1"}, "sk": {"S": f"EVENT#T#{number:06d}"}}
    body = '{"id":"evt_T_%d","source":"qudao.test","type":"test.v1","subject":"T","time":"2026-01-01T00:00:00.000000Z",'
    item = key | {
        "kind": {"S": "event"},
        "body": {"S": body % number + f'"sequence":{number},"data":{{}}}}'},
        "gsi1pk": {"S": shard_key(1)},
        "gsi1sk": {"S": f"2999-01-01T00:00:00.000000Z#evt_T_{number}"},
    }
    aws.dynamodb().put_item(TableName=f"qudao-{STAGE}", Item=item)


def unsent() -> list[str]:
    """Announcements the relay has not yet taken out of the index. Those here are too new for the sweeper, ever."""
    found = aws.dynamodb().scan(
        TableName=f"qudao-{STAGE}", FilterExpression="attribute_exists(gsi1pk)", ConsistentRead=True
    )
    return [item["sk"]["S"] for item in found["Items"]]


def count() -> int:
    return aws.dynamodb().scan(TableName=f"qudao-{STAGE}", Select="COUNT", ConsistentRead=True)["Count"]


def all_sent(announcements: int) -> None:
    eventually(lambda: count() == announcements and not unsent(), within=40)


def test_after_a_stop_everything_is_there_and_new_announcements_are_sent(folder: Path, port: int) -> None:
    with started(folder, port, checkpoint_seconds=60):
        for number in range(1, 4):
            announce(number)
        all_sent(3)
    with started(folder, port, checkpoint_seconds=60):
        assert count() == 3
        # Fewer than before: were the old reading position kept, none of these would be seen.
        announce(4)
        all_sent(4)


def test_after_a_crash_what_was_there_a_moment_before_is_still_there(folder: Path, port: int) -> None:
    with started(folder, port, checkpoint_seconds=0.2) as running:
        announce(1)
        all_sent(1)
        saved = folder / "state" / "dynamodb.json"
        before = time.time()
        eventually(lambda: saved.exists() and saved.stat().st_mtime > before)
        running.kill()
    with started(folder, port, checkpoint_seconds=60):
        assert count() == 1
        announce(2)
        all_sent(2)
