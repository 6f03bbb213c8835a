"""Invariants of the inbox: every message has its event, every event its messages, unread counters are right."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from contracts.dealers import HOUSE
from kernel.invariants.snapshot import Finding, Snapshot
from kernel.store.items import Key
from services.notifications.inbox.items import (
    MessageCountItem,
    MessageItem,
    ReadMarkItem,
    desk_of,
    mailbox_name,
    message_id_of,
    message_key,
)
from services.notifications.inbox.mailboxes import Desk
from services.notifications.invariants.recipients import (
    applicable_rules,
    dealers_never_suspended,
    start_of_checked_window,
)


def messages_have_their_event(snapshot: Snapshot) -> Iterator[Finding]:
    """Find inbox messages without an event of the same type, subject and dealer."""
    for item in snapshot.items(MessageItem):
        event = snapshot.events.get(item.event_id)
        published = (event.type, event.subject, event.data.get("dealer_id", HOUSE)) if event else None
        if published != (item.event_type, item.subject, item.dealer_id):
            yield Finding("message-event", item.message_id, f"in {item.pk}, in the event {published}")


def unread_counters_match_messages(snapshot: Snapshot) -> Iterator[Finding]:
    """Find mailboxes whose counter is not the number of messages, or of messages read by a user; read marks of none."""
    stored, counted = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    messages = {(item.pk, item.message_id) for item in snapshot.items(MessageItem)}
    for pk, _ in messages:
        counted[pk, "messages"] += 1
    for mark in snapshot.items(ReadMarkItem):
        _, user, message = mark.sk.split("#", 2)
        counted[mark.pk, f"read by {user}"] += 1
        if (mark.pk, message) not in messages:
            yield Finding("inbox-read", mark.pk, f"{user} has read {message}, which is not stored")
    for item in snapshot.items(MessageCountItem):
        name, _, user = item.sk.partition("#")
        stored[item.pk, "messages" if name == "COUNT" else f"read by {user}"] += item.number
    for pk, counter in sorted(stored.keys() | counted.keys()):
        if stored[pk, counter] != counted[pk, counter]:
            detail = f"counts {stored[pk, counter]} {counter}, there are {counted[pk, counter]}"
            yield Finding("inbox-count", pk, detail)


def events_reach_every_mailbox(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find recent events that are due and missing in a mailbox that a notification rule names.

    Dealers that were ever suspended are left out, and old events: other rules may have applied to them.
    """
    stored = {(item.pk, item.sk) for item in snapshot.items(MessageItem)}
    dealers, start = snapshot.cached(dealers_never_suspended), start_of_checked_window(due)
    for event_id, keys in snapshot.cached(_expected_messages).items():
        event = snapshot.events[event_id]
        if not start < event.time < due:
            continue
        for mailbox, places in keys:
            is_head_office = mailbox.startswith("HOUSE#")
            if stored.isdisjoint(places) and (is_head_office or event.data["dealer_id"] in dealers):
                yield Finding("message-missing", event_id, f"INBOX#{mailbox} has no message of it")


ALWAYS = (messages_have_their_event, unread_counters_match_messages)
WHEN_DUE = (events_reach_every_mailbox,)


def _expected_messages(snapshot: Snapshot) -> Mapping[str, list[tuple[str, set[Key]]]]:
    """Return the mailbox of each message of every event, by event id, and the keys of which one must be stored.

    Messages from before each warehouse had a desk are in the mailbox of all warehouses.
    """
    found: dict[str, list[tuple[str, set[Key]]]] = defaultdict(list)
    for event, rule in snapshot.cached(applicable_rules):
        dealer_id, desk = event.data.get("dealer_id", HOUSE), desk_of(event, rule.mailbox)
        places = {
            message_key(mailbox_name(place, dealer_id), message_id_of(event, place))
            for place in (desk, Desk(rule.mailbox))
        }
        found[event.id].append((mailbox_name(desk, dealer_id), places))
    return found
