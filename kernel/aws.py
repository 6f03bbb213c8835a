"""AWS clients, made on first use from the one botocore session of the process (platform.md 5: a second costs 0.47)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from kernel.table import Item

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


@cache
def client(service: str) -> Any:
    """The botocore client of a service, kept for the life of the process."""
    session = Item._get_connection().connection.session
    return session.create_client(service)


def events() -> EventBridgeClient:
    """EventBridge."""
    found: EventBridgeClient = client("events")
    return found


def sqs() -> SQSClient:
    """SQS."""
    found: SQSClient = client("sqs")
    return found


def secrets() -> SecretsManagerClient:
    """Secrets Manager."""
    found: SecretsManagerClient = client("secretsmanager")
    return found
