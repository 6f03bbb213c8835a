"""Metrics of an invocation, and AWS clients of the process."""

from __future__ import annotations

import json

import pytest

from kernel.base import observability
from kernel.store import aws
from tests.support.world import World


def test_metrics_are_written_once_at_the_end(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    observability.flush_metrics()
    capsys.readouterr()
    observability.count("Things", 2)
    observability.record_duration("Waited", 1.5)
    observability.flush_metrics()
    observability.flush_metrics()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 1
    assert lines[0]["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Qudao"
    assert (lines[0]["stage"], lines[0]["service"]) == ("test", "tests")
    assert (lines[0]["Things"], lines[0]["Waited"]) == ([2.0], [1.5])


def test_clients_are_created_once_per_service(world: World) -> None:
    assert aws.sqs() is aws.sqs()
    assert aws.client("events") is not aws.client("sqs")


def test_client_of_one_attempt_never_retries(world: World) -> None:
    once = aws.client("sqs", one_attempt=True)
    assert once is not aws.sqs()
    assert once.meta.config.retries["total_max_attempts"] == 1
