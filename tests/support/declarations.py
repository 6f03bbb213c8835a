"""All declared triggers, and the triggers of the apps that are not declared."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from kernel.http.app import ServiceApp
from kernel.http.declarations import Operation
from tests.support.functions import load_apps
from tests.support.trigger import Case, Trigger
from tools import paths


class Declared(NamedTuple):
    """A trigger of a service."""

    service: str
    trigger: Trigger

    def __str__(self) -> str:
        return f"{self.service}{' ' if self.trigger.is_route else '.'}{self.trigger.name}"

    @property
    def function(self) -> str:
        """Return the function that does the work, "orders.api_handler"."""
        if not self.trigger.is_route:
            return f"{self.service}.{self.trigger.name}"
        usual, *_ = self.trigger.cases(self.service)
        return f"{self.service}.{operation_of(usual).function}"


@cache
def declared_triggers() -> tuple[Declared, ...]:
    """Return the triggers of tests/<service>/scenarios.py of every service that has this file."""
    return tuple(
        Declared(service, trigger)
        for service in paths.services()
        if (paths.ROOT / scenarios_file(service)).is_file()
        for trigger in importlib.import_module(f"tests.{service}.scenarios").TRIGGERS
    )


@cache
def cases() -> tuple[Case, ...]:
    """Return every way to send the request of each route."""
    return tuple(
        case for service, trigger in declared_triggers() if trigger.is_route for case in trigger.cases(service)
    )


def operation_of(case: Case) -> Operation:
    """Return the declaration of the case's route in app.py."""
    operations = load_apps()[0][case.service].operations
    return next(found for found in operations if (found.method, found.path) == (case.method, case.route))


def scenarios_file(service: str) -> str:
    """Return the file in which the triggers of a service are declared."""
    return f"tests/{service}/scenarios.py"


def undeclared(apps: Mapping[str, ServiceApp]) -> list[str]:
    """Return what to add to, or to remove from, the declarations, so that they match the apps."""
    declared = {(service, trigger.name) for service, trigger in declared_triggers()}
    existing = {(service, name) for service, app in apps.items() for name in _trigger_names(app)}
    added = [
        f"add a Trigger for {service} {name} to {scenarios_file(service)}"
        for service, name in sorted(existing - declared)
    ]
    removed = [
        f"remove the Trigger for {service} {name} from {scenarios_file(service)}: app.py does not declare it"
        for service, name in sorted(declared - existing)
    ]
    return added + removed


def _trigger_names(app: ServiceApp) -> Iterator[str]:
    for operation in app.operations:
        yield f"{operation.method} {operation.path}"
    for spec in (*app.consumers, *app.periodics, *app.streams):
        yield spec.function
