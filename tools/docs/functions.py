"""Table of a service's Lambda functions, from the declarations in its app.py."""

from __future__ import annotations

from kernel.http.app import ServiceApp
from kernel.http.declarations import ConsumerSpec, PeriodicSpec
from tools import template
from tools.stage import API_TIMEOUT_SECONDS, load_app

_HEADER = "| Function | Started by | Batch | Timeout |\n|---|---|---|---|"


def function_table(service: str) -> str:
    """Return the table of a service: routes, queues with their subscriptions, schedules and streams."""
    app = load_app(service)
    return "\n".join([_HEADER, *_route_rows(app), *_background_rows(app)])


def _route_rows(app: ServiceApp) -> list[str]:
    numbers: dict[str, int] = {}
    for operation in app.operations:
        numbers[operation.function] = numbers.get(operation.function, 0) + 1
    return [_row(name, f"{number} routes", "", API_TIMEOUT_SECONDS) for name, number in numbers.items()]


def _background_rows(app: ServiceApp) -> list[str]:
    rows = []
    for spec in template.background_triggers(app):
        if isinstance(spec, ConsumerSpec):
            started_by, batch = _queue(spec), str(spec.batch_size)
        elif isinstance(spec, PeriodicSpec):
            started_by, batch = f"schedule, every {'minute' if spec.minutes == 1 else f'{spec.minutes} minutes'}", ""
        else:
            started_by, batch = "stream of the table", str(spec.batch_size)
        rows.append(_row(spec.function, started_by, batch, spec.timeout_seconds))
    return rows


def _row(function: str, started_by: str, batch: str, seconds: int) -> str:
    return f"| `{function}` | {started_by} | {batch or '–'} | {seconds} s |"


def _queue(spec: ConsumerSpec) -> str:
    suffix = ".fifo" if spec.fifo else ""
    queue = f"queue `{spec.queue}{suffix}`, dead letters in `{spec.queue}-dlq{suffix}`"
    if not spec.subscribes:
        return f"{queue}; commands that the relay sends"
    return f"{queue}; subscribes to {', '.join(f'`{event}`' for event in spec.subscribes)}"
