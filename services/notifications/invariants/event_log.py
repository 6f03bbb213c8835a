"""Invariants of the event log: each event is logged once, for its dealer and for all; none is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from contracts.notifications import WebhookTested
from kernel.invariants.snapshot import Finding, Snapshot
from services.notifications.event_log.items import LogEntryItem, LoggedEventItem, log_partitions
from services.notifications.invariants.recipients import start_of_checked_window
from services.notifications.webhooks.event_types import subscribable_event_types


def logged_events_are_the_published_ones(snapshot: Snapshot) -> Iterator[Finding]:
    """Find logged events with another content than their event, and logs that do not name them at their position."""
    entries = Counter((item.pk, item.sk, item.event_id) for item in snapshot.items(LogEntryItem))
    expected = Counter[tuple[str, str, str]]()
    for item in snapshot.items(LoggedEventItem):
        event_id = item.pk.removeprefix("EVENTLOG#EVENT#")
        event = snapshot.events.get(event_id)
        if event is None or item.envelope != event.model_dump(mode="json", exclude_none=True):
            yield Finding("log-event", event_id, "its content is not the event's")
        for log in log_partitions(event) if event else ():
            expected[log, item.position, event_id] += 1
    for pk, sk, event_id in sorted((entries - expected) | (expected - entries)):
        yield Finding("log-entry", event_id, f"event and entry do not match at {pk} {sk}")


def public_events_are_logged(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find recent public events that are due and not in the log."""
    logged = {item.pk.removeprefix("EVENTLOG#EVENT#") for item in snapshot.items(LoggedEventItem)}
    start, logged_types = start_of_checked_window(due), subscribable_event_types() - {WebhookTested.TYPE}
    for event in snapshot.events.values():
        if event.type in logged_types and start < event.time < due and event.id not in logged:
            yield Finding("log-missing", event.id, f"published at {event.time}")


ALWAYS = (logged_events_are_the_published_ones,)
WHEN_DUE = (public_events_are_logged,)
