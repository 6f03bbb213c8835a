"""One JSON line per log record, one metrics namespace. Phones and tokens never get in: log ids, not people."""

from __future__ import annotations

from functools import cache

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from kernel.settings import settings

NAMESPACE = "Qudao"


@cache
def logger() -> Logger:
    """The process's structured logger; service and level come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_LOG_LEVEL."""
    return Logger()


@cache
def _metrics() -> Metrics:
    metrics = Metrics(namespace=NAMESPACE)
    # Beside the service: stages of one account would otherwise add up in one metric, and alarm for each other.
    metrics.set_default_dimensions(stage=settings().stage)
    return metrics


def count(name: str, value: int = 1) -> None:
    """Add to a counter of this invocation."""
    _metrics().add_metric(name, MetricUnit.Count, value)


def seconds(name: str, value: float) -> None:
    """Record a duration in seconds."""
    _metrics().add_metric(name, MetricUnit.Seconds, value)


def flush_metrics() -> None:
    """Write what this invocation recorded; called once at its end by the app and the consumer loop."""
    if _metrics().metric_set:
        _metrics().flush_metrics()
