"""Copy of a table whose items a test damages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from kernel.invariants.events import envelope_of
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import EventItem, shard_key
from kernel.store.items import Item
from services.orders.order.items import order_part_key
from services.reconciliation.ledger.items import journal_key
from tests.support.company_data import OWN, WAREHOUSE
from tools.audit import Finding, Snapshot, findings
from tools.audit.stored_items import RawItem

#: The system is idle: every event must have had its effects.
IDLE = timedelta(0)
Key = tuple[str, str]

BUCKET: Key = (f"BUCKET#{WAREHOUSE}", "0000")
LEDGER: Key = (f"LEDGER#{OWN}", "ACCOUNTS")
ACCOUNT: Key = (f"ORDERING#{OWN}", "ACCOUNT")
RECEIVABLES: Key = (f"ORDERING#{OWN}", "RECEIVABLES")
STATEMENT: Key = (f"STATEMENT#{OWN}", "PERIOD#2026-11")


class TableCopy:
    """The raw items of a table at a moment, and the ids of its orders, journals and tickets by name and dealer."""

    def __init__(self, items: Mapping[Key, RawItem], ids: Mapping[tuple[str, str], str], now: datetime) -> None:
        self.items = dict(items)
        self.ids = ids
        self.now = now

    def copy(self) -> TableCopy:
        return TableCopy(self.items, self.ids, self.now)

    def snapshot(self) -> Snapshot:
        return Snapshot.of(self.items.values())

    def findings(self, patience: timedelta | None = IDLE) -> list[Finding]:
        return list(findings(self.snapshot(), patience=patience, now=self.now))

    def broken_rules(self, patience: timedelta | None = IDLE) -> set[str]:
        return {finding.rule for finding in self.findings(patience)}

    def item(self, key: Key) -> Any:
        return Item.from_raw_data(dict(self.items[key]))

    def put(self, item: Item) -> None:
        self.items[item.pk, item.sk] = item.serialize(null_check=False)

    def update(self, key: Key, **values: Any) -> None:
        item = self.item(key)
        for name, value in values.items():
            setattr(item, name, value)
        self.put(item)

    def add(self, key: Key, **increments: int) -> None:
        item = self.item(key)
        self.update(key, **{name: getattr(item, name) + number for name, number in increments.items()})

    def move(self, key: Key, pk: str, sk: str) -> None:
        item = self.item(key)
        del self.items[key]
        item.pk, item.sk = pk, sk
        self.put(item)

    def delete(self, *keys: Key) -> None:
        for key in keys:
            del self.items[key]

    def keys(self, pk: str, sk: str = "") -> list[Key]:
        """Return the keys with these beginnings."""
        return sorted(key for key in self.items if key[0].startswith(pk) and key[1].startswith(sk))

    # ---- events ----

    def event_key(self, subject: str, sequence: int) -> Key:
        return next(key for key in self.items if key[1] == f"EVENT#{subject}#{sequence:06d}")

    def events_of_type(self, event_type: str) -> list[tuple[Key, Envelope]]:
        found = ((key, self.item(key)) for key in self.keys("", "EVENT#"))
        events = ((key, envelope_of(item)) for key, item in found if isinstance(item, EventItem))
        return [(key, message) for key, message in events if message and message.type == event_type]

    def change_event(self, key: Key, envelope: Mapping[str, Any] | None = None, /, **data: Any) -> None:
        """Change fields of an event's envelope and data, also in its webhook deliveries."""
        body = json.loads(self.item(key).body)
        self.update(key, body=json.dumps({**body, **(envelope or {}), "data": {**body["data"], **data}}))
        changed = self.item(key).envelope.model_dump_json(exclude_none=True)
        for delivery in self.keys("DELIVERY#", "AT#"):
            if delivery[1].endswith(f"#{body['id']}"):
                self.update(delivery, body=changed)

    # ---- keys of named orders, journals and tickets ----

    def order_key(self, name: str, part: str = "HEADER", dealer: str = OWN) -> Key:
        return order_part_key(part, self.ids[name, dealer])

    def order_event_key(self, name: str, sequence: int) -> Key:
        return self.event_key(self.ids[name, OWN], sequence)

    def shipment_event_key(self) -> Key:
        """Return the key of the event of a partial shipment."""
        return self.order_event_key("order partly shipped", 4)

    def journal_key(self, name: str = "journal") -> Key:
        return journal_key(self.ids[name, OWN])

    def entry_key(self, journal: Key) -> Key:
        """Return the key of the statement line of a journal."""
        return next(key for key in self.keys(journal[0], "ENTRY#") if key[1].endswith(journal[1][len("JOURNAL#") :]))

    def ticket_key(self, name: str, part: str = "TICKET") -> Key:
        return f"TICKETS#{OWN}", f"{part}#{self.ids[name, OWN]}"


Damage = Callable[[TableCopy], object]
#: Damages by name, each with the rules that must find it and no others.
Damages = Mapping[str, tuple[Damage, set[str]]]


def all_of(*damages: Damage) -> Damage:
    def damage(table: TableCopy) -> None:
        for each in damages:
            each(table)

    return damage


def remove_from_index(table: TableCopy, key: Key) -> None:
    table.update(key, gsi1pk=None, gsi1sk=None)


def unsend_event(table: TableCopy) -> None:
    key = table.order_event_key("order in review", 1)
    message = table.item(key).envelope
    table.update(key, gsi1pk=shard_key(0), gsi1sk=f"{message.time}#{message.id}")
