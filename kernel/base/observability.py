"""One JSON line per log record, one metrics namespace. Phones and tokens never get in: log ids, not people.

Powertools is imported by the first who has something to tell: a request that is answered as asked tells nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from kernel.base.settings import settings

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger, Metrics

NAMESPACE = "Qudao"


@cache
def logger() -> Logger:
    """The process's structured logger; service and level come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_LOG_LEVEL."""
    from aws_lambda_powertools import Logger

    return Logger()


@cache
def _metrics() -> Metrics:
    from aws_lambda_powertools import Metrics

    metrics = Metrics(namespace=NAMESPACE)
    # Beside the service: stages of one account would otherwise add up in one metric, and alarm for each other.
    metrics.set_default_dimensions(stage=settings().stage)
    return metrics


def count(name: str, value: int = 1) -> None:
    """Add to a counter of this invocation."""
    _metrics().add_metric(name, "Count", value)


def seconds(name: str, value: float) -> None:
    """Record a duration in seconds."""
    _metrics().add_metric(name, "Seconds", value)


def flush_metrics() -> None:
    """Write what this invocation recorded; called once at its end by the app and the consumer loop."""
    if _metrics.cache_info().currsize and _metrics().metric_set:
        _metrics().flush_metrics()
