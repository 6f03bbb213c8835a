"""Stored event log: each event once, and two logs that name it: that of its dealer and that of all dealers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from pynamodb.attributes import UnicodeAttribute

from kernel.http.principal import Principal
from kernel.messaging.events import Envelope
from kernel.store.items import Item, Key, PackedJSONAttribute
from kernel.store.read import fetch, fetch_one, query_page
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.notifications.event_log.rules import EVENT_RETENTION, may_read
from services.notifications.transactions import try_commit
from services.notifications.vocabulary import is_safe_in_key

#: DynamoDB deletes items of one transaction at different times; this much later than any reader asks for them.
_DELETION_MARGIN = timedelta(days=1)
#: Sorts after a moment or position itself, and before all that begins with it.
_JUST_AFTER = "!"


# P  one public event    pk: EVENTLOG#EVENT#<event id>    sk: EVENT
class LoggedEventItem(Item, discriminator="logged_event"):
    """A public event as webhooks send it, and its position in the logs."""

    position = UnicodeAttribute()
    dealer_id = UnicodeAttribute(null=True)
    envelope: PackedJSONAttribute = PackedJSONAttribute()


# P  public events of a dealer, in order of writing      pk: EVENTLOG#<dealer>    sk: <logged at>#<event id>
# P  public events of all dealers, in order of writing   pk: EVENTLOG             sk: <logged at>#<event id>
class LogEntryItem(Item, discriminator="event_log_entry"):
    """Name of a logged event at its position in a log."""

    event_id = UnicodeAttribute()


class LogPage(NamedTuple):
    """Events after a position; `position` is that of the last one read, None if the log has no more until now."""

    events: list[Envelope]
    position: str | None


def log_once(envelope: Envelope, now: datetime) -> bool:
    """Write an event into the log of its dealer and that of all; return False if it is logged already."""
    position, expires_at = f"{clock.stamp(now)}#{envelope.id}", clock.epoch(now + EVENT_RETENTION + _DELETION_MARGIN)
    content = envelope.model_dump(mode="json", exclude_none=True)
    event = LoggedEventItem(
        *logged_event_key(envelope.id),
        position=position,
        dealer_id=envelope.dealerid,
        envelope=content,
        expires_at=expires_at,
    )
    transaction = Transaction()
    transaction.create(event, "event")
    for log in log_partitions(envelope):
        entry = LogEntryItem(log, position, event_id=envelope.id, expires_at=expires_at)
        transaction.create(entry, log)
    return try_commit(transaction)


def load_logged_event(event_id: str) -> LoggedEventItem | None:
    """Return a logged event; None if there is none with this id."""
    return fetch_one(LoggedEventItem, logged_event_key(event_id)) if is_safe_in_key(event_id) else None


def load_readable_event(caller: Principal, event_id: str) -> LoggedEventItem | None:
    """Return a logged event that the caller may read; None if there is none with this id."""
    logged = load_logged_event(event_id)
    is_visible = logged is not None and caller.dealer_id in (None, logged.dealer_id)
    return logged if logged and is_visible and may_read(caller.roles, logged.envelope["type"]) else None


def log_page(dealer_id: str | None, after: str, before: str, limit: int) -> LogPage:
    """Return at most `limit` events of a dealer, or of all dealers, in the order of writing.

    Args:
        after: position or moment that the first event follows.
        before: moment that the last event precedes.
    """
    first = f"{after}{_JUST_AFTER}"
    if first >= before:
        return LogPage([], None)
    between = LogEntryItem.sk.between(first, before)
    page = query_page(LogEntryItem, _log_pk(dealer_id), sk=between, limit=limit, consistent=True)
    stored = fetch(logged_event_key(entry.event_id) for entry in page.items)
    events = [
        Envelope.model_validate(item.envelope)
        for entry in page.items
        if isinstance(item := stored.get(logged_event_key(entry.event_id)), LoggedEventItem)
    ]
    return LogPage(events, page.items[-1].sk if page.next_key else None)


def logged_event_key(event_id: str) -> Key:
    """Return the key of a logged event."""
    return f"EVENTLOG#EVENT#{event_id}", "EVENT"


def log_partitions(envelope: Envelope) -> set[str]:
    """Return the partitions of the logs that name an event: that of all dealers, and of its dealer if it has one."""
    return {_log_pk(None), _log_pk(envelope.dealerid)}


def _log_pk(dealer_id: str | None) -> str:
    # No word for all dealers in place of an id: a dealer may have that word as its id.
    return f"EVENTLOG#{dealer_id}" if dealer_id else "EVENTLOG"
