"""AWS clients, made on first use from the one botocore session of the process (platform.md 5: a second costs 0.47)."""

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
#: A call of one attempt takes no longer.
ONE_ATTEMPT_SECONDS = _CONNECT_SECONDS + _READ_SECONDS
_ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS)


@cache
def client(service: str, *, one_attempt: bool = False) -> Any:
    """The botocore client of a service, kept for the life of the process.

    With `one_attempt` a call is sent once and never again by itself, and answered within `ONE_ATTEMPT_SECONDS`: for
    effects that nothing makes idempotent.
    """
    session = Item._get_connection().connection.session
    return session.create_client(service, config=_ONE_ATTEMPT if one_attempt else None)


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
