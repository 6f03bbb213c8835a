"""One JSON line per log record, one metrics namespace. A line has ids of things, never phones or tokens.

Every line of an invocation has three ids: `request_id`, `function` and `correlation_id`. They are plain data here,
because only the first line or metric imports Powertools. A request that succeeds writes neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from kernel.base.settings import settings

if TYPE_CHECKING:
    from logging import LogRecord

    from aws_lambda_powertools import Logger, Metrics

NAMESPACE = "Qudao"

#: The ids of the present invocation, empty outside of one. A process serves one invocation at a time.
_ids: dict[str, str] = {}


@contextmanager
def log_invocation(context: Any) -> Iterator[None]:
    """Give every line of one Lambda invocation its ids, log the error that ends it, and write its metrics.

    Args:
        context: Lambda's context object.
    """
    global _ids
    outer, request_id = _ids, context.aws_request_id
    _ids = {"request_id": request_id, "function": context.function_name, "correlation_id": request_id}
    try:
        yield
    except Exception:
        # Lambda reports the error too, but without our ids.
        logger().exception("invocation failed")
        raise
    finally:
        flush_metrics()
        _ids = outer


def correlate(correlation_id: str | None) -> None:
    """Set what the next lines of this invocation belong to, an event's id; None for the invocation itself."""
    _ids["correlation_id"] = correlation_id or _ids["request_id"]


def correlate_with_idempotency_key(key: str | None) -> None:
    """Set the correlation id of a request: the first 16 hex digits of its Idempotency-Key's SHA-256.

    All attempts of one request share the key, and each has its own request id. Without a key, the request id is used.
    The key itself is never logged, because a client may put anything into it.
    """
    # A header may contain half a surrogate pair, which UTF-8 cannot encode.
    correlate(sha256(key.encode(errors="backslashreplace")).hexdigest()[:16] if key else None)


def request_id() -> str | None:
    """Return the id of this invocation, which finds its log lines; None outside of one."""
    return _ids.get("request_id")


@cache
def logger() -> Logger:
    """The process's structured logger; service and level come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_LOG_LEVEL."""
    from aws_lambda_powertools import Logger

    made = Logger()
    # A filter reads the ids when a line is written. Powertools' `append_keys` keeps them for the next invocation.
    made.addFilter(_add_ids)
    return made


def _add_ids(record: LogRecord) -> bool:
    record.__dict__.update(_ids)
    return True


@cache
def _metrics() -> Metrics:
    from aws_lambda_powertools import Metrics

    metrics = Metrics(namespace=NAMESPACE)
    # Beside the service: stages of one account would otherwise add up in one metric, and alarm for each other.
    metrics.set_default_dimensions(stage=settings().stage)
    return metrics


def _metrics_with_ids() -> Metrics:
    """Return the metrics, with the ids of the invocation on their line.

    The ids are set with each value, because Powertools itself writes the line when a metric has 100 values.
    """
    metrics = _metrics()
    for name, value in _ids.items():
        metrics.add_metadata(name, value)
    return metrics


def count(name: str, value: int = 1) -> None:
    """Add to a counter of this invocation."""
    _metrics_with_ids().add_metric(name, "Count", value)


def record_duration(name: str, value: float) -> None:
    """Record a duration in seconds."""
    _metrics_with_ids().add_metric(name, "Seconds", value)


def flush_metrics() -> None:
    """Write the metrics recorded since the last call."""
    if _metrics.cache_info().currsize and _metrics().metric_set:
        _metrics_with_ids().flush_metrics()
