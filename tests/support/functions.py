"""Functions as Lambda runs them: the apps of the services, their environment, contexts and events."""

from __future__ import annotations

import importlib
import os
import socket
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import count
from typing import Any
from unittest.mock import patch

from cryptography.fernet import Fernet

from kernel.http.app import ServiceApp
from kernel.http.declarations import ConsumerSpec
from kernel.messaging.retries import RETRY_SUFFIX
from tests.fast_aws.cloud import ACCOUNT, REGION
from tests.support.faults import running
from tests.support.tokens import AUDIENCE, ISSUER
from tools import paths

STAGE = "test"
SEALING_KEY = Fernet.generate_key().decode()
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "QUDAO_STAGE": STAGE,
    "QUDAO_TABLE": f"qudao-{STAGE}",
    "QUDAO_BUS": f"qudao-{STAGE}",
    "QUDAO_OIDC_ISSUER": ISSUER,
    "QUDAO_OIDC_AUDIENCE": AUDIENCE,
    "QUDAO_OIDC_JWKS_URL": f"{ISSUER}/.well-known/jwks.json",
    "QUDAO_SEALING_KEY_NAME": f"qudao/{STAGE}/sealing-key",
    "POWERTOOLS_SERVICE_NAME": "tests",
    "POWERTOOLS_METRICS_NAMESPACE": "Qudao",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}
#: Numbers of the invocations, so that no two have the same id.
_invocations = count()


@dataclass
class LambdaContext:
    """Second argument of a Lambda function."""

    function_name: str
    remaining_ms: int = 30_000
    aws_request_id: str = field(default_factory=lambda: f"00000000-0000-4000-8000-{next(_invocations):012d}")

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda stops the function."""
        return self.remaining_ms


@contextmanager
def environment() -> Iterator[None]:
    """Set the variables every function of the stage has, and none that leads to a real or emulated AWS."""
    with patch.dict(os.environ, ENVIRONMENT):
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
        yield


@contextmanager
def no_network() -> Iterator[None]:
    """Refuse connections to other machines."""
    connect = socket.socket.connect

    def only_loopback(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "local"
        if host not in ("local", "localhost", "127.0.0.1", "::1", ""):
            raise AssertionError(f"a test connects to {host}")
        connect(self, address)

    with patch.object(socket.socket, "connect", only_loopback):
        yield


@contextmanager
def function_running(name: str) -> Iterator[None]:
    """Mark the AWS calls made inside as calls of this function."""
    before = running.set(name)
    try:
        yield
    finally:
        running.reset(before)


@cache
def load_apps() -> tuple[dict[str, ServiceApp], dict[str, str]]:
    """Return the apps of relay and services by name, and the tracebacks of those that cannot be imported."""
    apps: dict[str, ServiceApp] = {}
    broken: dict[str, str] = {}
    for service in paths.services():
        try:
            apps[service] = importlib.import_module(f"{paths.module(service)}.app").app
        except Exception:
            broken[service] = traceback.format_exc()
    return apps, broken


def queue_name(spec: ConsumerSpec, suffix: str = "") -> str:
    """Return the name of a consumer's queue, or with "-dlq" the name of its dead-letter queue."""
    return f"qudao-{STAGE}-{spec.queue}{suffix}{'.fifo' if spec.fifo else ''}"


def queue_names(spec: ConsumerSpec) -> list[str]:
    """Return the names of the queues that a consumer takes messages from: its own, and a retry queue beside FIFO."""
    return [queue_name(spec), *([queue_name(spec._replace(fifo=False), RETRY_SUFFIX)] if spec.fifo else [])]


def queue_record(
    message_id: str, body: str, queue: str, *, receives: int = 1, group: str = "", attributes: Mapping[str, str] = {}
) -> dict[str, Any]:
    """Return a message as Lambda gets it from a queue. `attributes`: its own attributes, all texts."""
    return {
        "messageId": message_id,
        "receiptHandle": f"{message_id}-{receives}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "ApproximateFirstReceiveTimestamp": "1764122400000",
            **({"MessageGroupId": group} if group else {}),
        },
        "messageAttributes": {name: {"dataType": "String", "stringValue": value} for name, value in attributes.items()},
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
    }


def scheduled_event(moment: datetime) -> dict[str, Any]:
    """Return the event EventBridge sends to a scheduled function."""
    return {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000002",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/scheduled"],
        "detail": {},
    }
