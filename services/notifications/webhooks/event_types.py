"""Event types that an endpoint may subscribe to."""

from __future__ import annotations

import importlib
import pkgutil

import contracts
from kernel.messaging.events import Event

_OWN_SOURCE = "notifications"


def subscribable_events() -> list[type[Event]]:
    """Return the event classes of all modules in `contracts`, by type, except those that this service publishes."""
    modules = [importlib.import_module(f"contracts.{found.name}") for found in pkgutil.iter_modules(contracts.__path__)]
    events = {
        model
        for module in modules
        for model in vars(module).values()
        if isinstance(model, type)
        and issubclass(model, Event)
        and "TYPE" in vars(model)
        and model.SOURCE != _OWN_SOURCE
    }
    return sorted(events, key=lambda event: event.TYPE)


def subscribable_event_types() -> frozenset[str]:
    """Return the event types that an endpoint may subscribe to."""
    return frozenset(event.TYPE for event in subscribable_events())
