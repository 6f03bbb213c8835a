"""Invariants of outbox events: readable, numbered without a gap, listed until they are sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

from kernel.invariants.snapshot import Finding, Snapshot
from kernel.messaging.events import Envelope, event_id
from kernel.messaging.outbox import EventItem

_UNSENT = "UNSENT#"


def event_keys_match_their_envelopes(snapshot: Snapshot) -> Iterator[Finding]:
    """Find outbox events that cannot be read, or whose key or id does not follow from subject and sequence."""
    for item in snapshot.items(EventItem):
        message = envelope_of(item)
        if message is None:
            yield Finding("event-unreadable", f"{item.pk} {item.sk}", item.body[:80])
            continue
        subject, sequence = message.subject, message.sequence
        if (item.sk, message.id) != (f"EVENT#{subject}#{sequence:06d}", event_id(subject, sequence)):
            yield Finding("event-key", message.id, f"{subject} {sequence} is stored at {item.sk}")


def event_sequences_have_no_gap(snapshot: Snapshot) -> Iterator[Finding]:
    """Find subjects whose events are not numbered 1, 2, 3 … in one partition."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for item in snapshot.items(EventItem):
        if message := envelope_of(item):
            found[message.subject].append((message.sequence, item.pk))
    for subject, events in sorted(found.items()):
        numbers = sorted(number for number, _ in events)
        if numbers != list(range(1, len(numbers) + 1)) or len({pk for _, pk in events}) > 1:
            yield Finding("event-gap", subject, f"{numbers}")


def unsent_events_are_indexed_by_their_time(snapshot: Snapshot) -> Iterator[Finding]:
    """Find unsent events that the relay's sweeper cannot find: not in its index, or under another time."""
    for item in snapshot.items(EventItem):
        message = envelope_of(item)
        if message is None or (item.gsi1pk is None and item.gsi1sk is None):
            continue
        if not (item.gsi1pk or "").startswith(_UNSENT) or item.gsi1sk != f"{message.time}#{message.id}":
            yield Finding("event-index", message.id, f"{item.gsi1pk} {item.gsi1sk}")


def every_version_has_an_event(
    snapshot: Snapshot, rule: str, aggregates: Iterable[tuple[str, int, str]]
) -> Iterator[Finding]:
    """Find aggregates whose events are not numbered 1 to their version, or whose last event has another state.

    Args:
        rule: name of the findings.
        aggregates: subject, version and state of each.
    """
    for subject, version, state in aggregates:
        history = snapshot.history.get(subject, [])
        numbers = [message.sequence for message in history]
        if numbers != list(range(1, version + 1)):
            yield Finding(rule, subject, f"version {version}, events {numbers}")
        elif (last_state := history[-1].data["state"]) != state:
            yield Finding(rule, subject, f"{state}, in its last event {last_state}")


def events_are_sent(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find events that are due and still unsent."""
    for item in snapshot.items(EventItem):
        if item.gsi1pk and (message := envelope_of(item)) and message.time < due:
            yield Finding("event-unsent", message.id, f"{message.type} is unsent since {message.time}")


ALWAYS = (event_keys_match_their_envelopes, event_sequences_have_no_gap, unsent_events_are_indexed_by_their_time)
WHEN_DUE = (events_are_sent,)
WRITTEN_ONCE = (EventItem,)


def envelope_of(item: EventItem) -> Envelope | None:
    """Return the message of an outbox event, None if it cannot be read."""
    return _read_envelope(item.body)


@lru_cache(maxsize=20_000)
def _read_envelope(body: str) -> Envelope | None:
    # An event never changes; a table that is audited again and again holds the same ones.
    try:
        return Envelope.model_validate_json(body)
    except ValueError:
        return None
