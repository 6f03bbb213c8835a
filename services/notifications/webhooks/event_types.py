"""Event types an endpoint may subscribe to."""

from __future__ import annotations

import importlib
import pkgutil

import contracts
from kernel.messaging.events import Event

_OWN = "notifications"


def webhook_events() -> list[type[Event]]:
    """The event models of all contracts, by type. A new contract is heard without being listed anywhere."""
    modules = [importlib.import_module(f"contracts.{found.name}") for found in pkgutil.iter_modules(contracts.__path__)]
    events = {
        model
        for module in modules
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, Event) and "TYPE" in vars(model) and model.SOURCE != _OWN
    }
    return sorted(events, key=lambda event: event.TYPE)


def webhook_types() -> frozenset[str]:
    """The types an endpoint may ask for."""
    return frozenset(event.TYPE for event in webhook_events())
