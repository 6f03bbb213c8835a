"""Event types that an endpoint may subscribe to: the public ones."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import contracts
from kernel.messaging.events import Event


def published_events() -> list[type[Event]]:
    """Return the event classes of all modules in `contracts`, by type, also the internal ones."""
    modules = [importlib.import_module(f"contracts.{found.name}") for found in pkgutil.iter_modules(contracts.__path__)]
    events = {
        model
        for module in modules
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, Event) and "TYPE" in vars(model)
    }
    return sorted(events, key=lambda event: event.TYPE)


def subscribable_events() -> list[type[Event]]:
    """Return the public event classes, by type."""
    return [event for event in published_events() if event.PUBLIC]


@cache
def subscribable_event_types() -> frozenset[str]:
    """Return the event types that an endpoint may subscribe to."""
    return frozenset(event.TYPE for event in subscribable_events())
