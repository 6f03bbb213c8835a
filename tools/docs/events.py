"""Table of events and the functions that handle them, from the declarations of all services."""

from __future__ import annotations

from collections import defaultdict

from services.notifications.webhooks.event_types import published_events, subscribable_events
from tools import paths
from tools.stage import load_app

_HEADER = "| Event | Class | Public | Handled by |\n|---|---|---|---|"


def event_table() -> str:
    """Return the table of every event: its type, its class, if webhooks get it, and its handlers on the bus."""
    handlers, public = _handlers_by_type(), subscribable_events()
    rows = []
    for event in published_events():
        file = f"{event.__module__.replace('.', '/')}.py"
        heard = ", ".join(f"{service} `{function}`" for service, function in handlers[event.TYPE])
        mark = "yes" if event in public else ""
        rows.append(f"| `{event.TYPE}` | [{event.__name__}](../{file}#{event.__name__}) | {mark} | {heard} |")
    return "\n".join([_HEADER, *rows])


def _handlers_by_type() -> dict[str, list[tuple[str, str]]]:
    """Return service and function of every consumer by event type."""
    handlers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for service in paths.services():
        for spec in load_app(service).consumers:
            for event_type in spec.subscribes:
                handlers[event_type].append((service, spec.function))
    return handlers
