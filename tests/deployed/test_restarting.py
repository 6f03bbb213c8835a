"""The local run keeps its data after a stop and after a crash, and its functions continue."""

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

#: A separate system, because the tests kill it.
STAGE = "testagain"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder of the state that survives the restarts of one test."""
    return tmp_path


@pytest.fixture
def port() -> int:
    """Port of the emulator. It stays the same, because addresses with the port are part of the state."""
    return emulator.free_port()


@pytest.fixture(autouse=True)
def _use_emulator(folder: Path, port: int) -> Iterator[None]:
    with emulator.pointed_at_emulator(f"http://127.0.0.1:{port}"):
        yield


@contextmanager
def started(folder: Path, port: int, checkpoint_seconds: float) -> Iterator[Emulator]:
    """Start the local AWS with the relay."""
    with Emulator(port, folder, UNPACKED, checkpoint_seconds) as running:
        deploy.deploy(STAGE, package.build([paths.RELAY]))
        yield running


def store_event(number: int) -> None:
    """Put an outbox event into the table for the relay to send."""
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
    """Return the keys of unsent events. They are always too new for the relay's sweep."""
    found = aws.dynamodb().scan(
        TableName=f"qudao-{STAGE}", FilterExpression="attribute_exists(gsi1pk)", ConsistentRead=True
    )
    return [item["sk"]["S"] for item in found["Items"]]


def count() -> int:
    return aws.dynamodb().scan(TableName=f"qudao-{STAGE}", Select="COUNT", ConsistentRead=True)["Count"]


def wait_until_sent(events: int) -> None:
    eventually(lambda: count() == events and not unsent(), within=40)


def test_restart_after_stop_keeps_data_and_sends_new_events(folder: Path, port: int) -> None:
    with started(folder, port, checkpoint_seconds=60):
        for number in range(1, 4):
            store_event(number)
        wait_until_sent(3)
    with started(folder, port, checkpoint_seconds=60):
        assert count() == 3
        # Fewer events than before: with the old stream position the relay would miss this one.
        store_event(4)
        wait_until_sent(4)


def test_restart_after_crash_keeps_recent_data(folder: Path, port: int) -> None:
    with started(folder, port, checkpoint_seconds=0.2) as running:
        store_event(1)
        wait_until_sent(1)
        saved = folder / "state" / "dynamodb.json"
        before = time.time()
        eventually(lambda: saved.exists() and saved.stat().st_mtime > before)
        running.kill()
    with started(folder, port, checkpoint_seconds=60):
        assert count() == 1
        store_event(2)
        wait_until_sent(2)
