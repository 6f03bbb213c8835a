"""Invariants of tenancy: an item in a dealer's partition concerns that dealer and no other."""

from __future__ import annotations

from collections.abc import Iterator

from kernel.http.idempotency import IdempotencyItem
from kernel.invariants.events import envelope_of
from kernel.invariants.snapshot import Finding, Snapshot
from kernel.messaging.outbox import EventItem
from kernel.store.items import decompress_json

#: Partitions whose second segment is a dealer, unless that segment is one of `_NOT_DEALERS`.
DEALER_PREFIXES = frozenset({"ORDERS", "ORDERING", "LEDGER", "STATEMENT", "TICKETS", "DEALER", "INBOX"})
_NOT_DEALERS = frozenset({"BANK", "RUN", "HOUSE"})


def items_name_their_dealer(snapshot: Snapshot) -> Iterator[Finding]:
    """Find items in a dealer's partition that name another dealer."""
    for kind in snapshot.kinds:
        if "dealer_id" not in kind.get_attributes():
            continue
        for item in snapshot.items(kind):
            dealer_id, named = _dealer_of(item.pk), getattr(item, "dealer_id")  # noqa: B009 - it has one, see above
            if dealer_id is not None and named not in (None, dealer_id):
                yield Finding("tenant-item", f"{item.pk} {item.sk}", f"names {named}")


def events_name_their_dealer(snapshot: Snapshot) -> Iterator[Finding]:
    """Find events that name two dealers, or another than the one whose partition they are in."""
    for item in snapshot.items(EventItem):
        dealer_id, message = _dealer_of(item.pk), envelope_of(item)
        if message is None:
            continue
        named = {message.dealerid, message.data.get("dealer_id")} - {None}
        if len(named) > 1 or (dealer_id is not None and named != {dealer_id}):
            yield Finding("tenant-event", message.id, f"in {item.pk}, names {sorted(map(str, named))}")


def recorded_responses_name_their_dealer(snapshot: Snapshot) -> Iterator[Finding]:
    """Find responses recorded under a dealer's idempotency key that name another dealer's order or ticket."""
    for item in snapshot.items(IdempotencyItem):
        dealer_id = item.pk.partition("#")[2]
        if dealer_id.startswith("user:"):
            continue
        response = decompress_json(item.answer)
        foreign = [
            str(response[name])
            for name in ("dealer_id", "order_id", "ticket_id")
            if response.get(name) and dealer_id not in (response[name], _dealer_in(str(response[name])))
        ]
        if foreign:
            yield Finding("tenant-response", f"{item.pk} {item.sk}", ", ".join(foreign))


ALWAYS = (items_name_their_dealer, events_name_their_dealer, recorded_responses_name_their_dealer)


def _dealer_of(pk: str) -> str | None:
    prefix, _, rest = pk.partition("#")
    segment = rest.partition("#")[0]
    return segment if prefix in DEALER_PREFIXES and segment not in _NOT_DEALERS else None


def _dealer_in(number: str) -> str:
    """Return the dealer in the number of an order or a ticket: `D0001-000123`, `T-D0001-00042`."""
    return number.removeprefix("T-").rpartition("-")[0]
