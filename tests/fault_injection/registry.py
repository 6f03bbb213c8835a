"""All scenarios, and whether they are all there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kernel.http.app import ServiceApp
from tests.fault_injection import catalog, dealers, notifications, orders, reconciliation, relay, routes, tickets
from tests.fault_injection.scenario import Scenario

SCENARIOS: list[Scenario] = [
    *routes.SCENARIOS,
    *catalog.SCENARIOS,
    *dealers.SCENARIOS,
    *orders.SCENARIOS,
    *reconciliation.SCENARIOS,
    *notifications.SCENARIOS,
    *tickets.SCENARIOS,
    *relay.SCENARIOS,
]


def triggers(apps: Mapping[str, ServiceApp]) -> Iterator[str]:
    """Everything that may change something: routes that do not only read, queues, schedules and streams."""
    for service, app in apps.items():
        for operation in app.operations:
            if operation.method != "GET":
                yield f"{service} {operation.method} {operation.path}"
        for spec in (*app.consumers, *app.periodics, *app.streams):
            yield f"{service}.{spec.function}"
