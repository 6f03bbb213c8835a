"""Invariants of what is told: every fact once, in order, to everybody who acts on it, and acted on once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from contracts.reconciliation import StatementRequested
from kernel.messaging.outbox import EventItem
from services.reconciliation.ledger.items import DayTotalsItem, LedgerItem
from tools.audit.findings import Finding
from tools.audit.reading import Snapshot, envelope_of

_UNSENT = "UNSENT#"


def events_stand_where_they_say(table: Snapshot) -> Iterator[Finding]:
    """E1: an outbox_event can be read, its id follows from subject and sequence, and so does its key."""
    for item in table.all(EventItem):
        message = envelope_of(item)
        if message is None:
            yield Finding("event-unreadable", f"{item.pk} {item.sk}", item.body[:80])
            continue
        subject, sequence = message.subject, message.sequence
        if (item.sk, message.id) != (f"EVENT#{subject}#{sequence:06d}", f"evt_{subject}_{sequence}"):
            yield Finding("event-key", message.id, f"{subject} {sequence} stands at {item.sk}")


def sequences_have_no_gap(table: Snapshot) -> Iterator[Finding]:
    """E1, N5: the events of a subject are numbered from 1 without a gap, each number once, in one partition."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for item in table.all(EventItem):
        if message := envelope_of(item):
            found[message.subject].append((message.sequence, item.pk))
    for subject, told in sorted(found.items()):
        numbers = sorted(number for number, _ in told)
        if numbers != list(range(1, len(numbers) + 1)) or len({pk for _, pk in told}) > 1:
            yield Finding("event-gap", subject, f"{numbers}")


def unsent_are_listed_rightly(table: Snapshot) -> Iterator[Finding]:
    """E1: an outbox_event is either sent or stands where the sweeper looks for it, under its own time."""
    for item in table.all(EventItem):
        message = envelope_of(item)
        if message is None or (item.gsi1pk is None and item.gsi1sk is None):
            continue
        if not (item.gsi1pk or "").startswith(_UNSENT) or item.gsi1sk != f"{message.time}#{message.id}":
            yield Finding("event-index", message.id, f"{item.gsi1pk} {item.gsi1sk}")


def events_get_sent(table: Snapshot, due: str) -> Iterator[Finding]:
    """E1, when due: published(e) >= 1 for every committed e."""
    for item in table.all(EventItem):
        if item.gsi1pk and (message := envelope_of(item)) and message.time < due:
            yield Finding("event-unsent", message.id, f"{message.type} waits since {message.time}")


def statements_come(table: Snapshot, due: str) -> Iterator[Finding]:
    """E2, when due: every statement asked for was issued, if the dealer had anything booked by then."""
    closed = {ledger.pk.partition("#")[2]: ledger.closed_through or "" for ledger in table.all(LedgerItem)}
    days = table.by_partition(DayTotalsItem)
    began = {dealer_id: min(day.sk for day in of_dealer)[4:11] for dealer_id, of_dealer in days.items()}
    for message in table.told(StatementRequested.TYPE):
        dealer_id, period = message.data["dealer_id"], message.data["period"]
        if closed.get(dealer_id, "") < period and began.get(dealer_id, "~") <= period and message.time < due:
            yield Finding("statement-missing", f"{dealer_id} {period}", f"asked for at {message.time}")


ALWAYS = (
    events_stand_where_they_say,
    sequences_have_no_gap,
    unsent_are_listed_rightly,
)
WHEN_DUE = (events_get_sent, statements_come)
