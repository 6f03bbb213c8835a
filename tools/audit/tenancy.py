"""Invariants of tenancy: what stands in a dealer's partition is that dealer's, and names no other."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator

from kernel.http.idempotency import IdempotencyItem
from kernel.messaging.outbox import EventItem
from tools.audit.findings import Finding
from tools.audit.reading import Snapshot, envelope_of

#: Partitions whose second segment is a dealer, and what else may stand there.
_OF_DEALERS = frozenset({"ORDERS", "ORDERING", "LEDGER", "STATEMENT", "TICKETS", "DEALER", "INBOX"})
_NO_DEALERS = frozenset({"BANK", "RUN", "HOUSE"})


def items_are_their_dealers(table: Snapshot) -> Iterator[Finding]:
    """P1: an item in a dealer's partition names no other dealer."""
    for kind in table.kinds:
        if "dealer_id" not in kind.get_attributes():
            continue
        for item in table.all(kind):
            dealer_id, named = dealer_of(item.pk), getattr(item, "dealer_id")  # noqa: B009 - it has one, see above
            if dealer_id is not None and named not in (None, dealer_id):
                yield Finding("tenant-item", f"{item.pk} {item.sk}", f"names {named}")


def events_are_their_dealers(table: Snapshot) -> Iterator[Finding]:
    """P1: an event in a dealer's partition is about that dealer, in its envelope and in what it says."""
    for item in table.all(EventItem):
        dealer_id, message = dealer_of(item.pk), envelope_of(item)
        if message is None:
            continue
        named = {message.dealerid, message.data.get("dealer_id")} - {None}
        if len(named) > 1 or (dealer_id is not None and named != {dealer_id}):
            yield Finding("tenant-event", message.id, f"in {item.pk}, names {sorted(map(str, named))}")


def answers_are_their_dealers(table: Snapshot) -> Iterator[Finding]:
    """P1: what was answered to a dealer's key is about that dealer."""
    for item in table.all(IdempotencyItem):
        dealer_id = item.pk.partition("#")[2]
        if dealer_id.startswith("user:"):
            continue
        answer = json.loads(zlib.decompress(item.answer))
        strangers = [
            str(answer[name])
            for name in ("dealer_id", "order_id", "ticket_id")
            if answer.get(name) and dealer_id not in (answer[name], _dealer_in(str(answer[name])))
        ]
        if strangers:
            yield Finding("tenant-answer", f"{item.pk} {item.sk}", ", ".join(strangers))


ALWAYS = (items_are_their_dealers, events_are_their_dealers, answers_are_their_dealers)


def dealer_of(pk: str) -> str | None:
    """The dealer whose partition this is; None for everything else."""
    prefix, _, rest = pk.partition("#")
    segment = rest.partition("#")[0]
    return segment if prefix in _OF_DEALERS and segment not in _NO_DEALERS else None


def _dealer_in(number: str) -> str:
    """The dealer an order's or ticket's number names: `D0001-000123`, `T-D0001-00042`."""
    return number.removeprefix("T-").rpartition("-")[0]
