"""AWS clients, created at first use from the one botocore session of the process. A second session would cost 0.5 s."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from kernel.store.items import Item

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


_CONNECT_SECONDS, _READ_SECONDS = 3, 10
#: Longest time of a call with one attempt.
ONE_ATTEMPT_SECONDS = _CONNECT_SECONDS + _READ_SECONDS
_ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS)


@cache
def client(service: str, *, one_attempt: bool = False) -> Any:
    """Return the botocore client of a service, one per process.

    Args:
        one_attempt: send each call once, for at most `ONE_ATTEMPT_SECONDS`; for calls that are not idempotent.
    """
    session = Item._get_connection().connection.session
    return session.create_client(service, config=_ONE_ATTEMPT if one_attempt else None)


def eventbridge() -> EventBridgeClient:
    """Return the client of EventBridge."""
    typed: EventBridgeClient = client("events")
    return typed


def sqs() -> SQSClient:
    """Return the client of SQS."""
    typed: SQSClient = client("sqs")
    return typed


@cache
def queue_url(queue: str) -> str:
    """Return the URL of a queue by its whole name: `qudao-prod-reserve-stock.fifo`."""
    return sqs().get_queue_url(QueueName=queue)["QueueUrl"]


def secrets() -> SecretsManagerClient:
    """Return the client of Secrets Manager."""
    typed: SecretsManagerClient = client("secretsmanager")
    return typed
