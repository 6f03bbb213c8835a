"""Snapshot of a table: its items by kind, and its events by id, subject and type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from kernel.invariants.events import envelope_of
from kernel.invariants.snapshot import Result
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import EventItem
from kernel.store.items import Item, Kind
from tools.audit.stored_items import RawItem, kind_of, read_items


class Snapshot:
    """All items of a table, by kind; `kernel.invariants.snapshot.Snapshot` for the rules.

    Items read while the table changes may be of different moments.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._results: dict[Callable[[Snapshot], Any], Any] = {}
        self._by_kind: dict[type[Item], list[Item]] = defaultdict(list)
        for item in items:
            self._by_kind[kind_of(item)].append(item)

    @classmethod
    def of(cls, raw_items: Iterable[RawItem]) -> Snapshot:
        """Return the snapshot of items as DynamoDB returns them: `{"pk": {"S": …}, …}`, binaries as bytes.

        Items of kinds that no imported module declares are left out.
        """
        return cls(read_items(raw_items))

    @property
    def kinds(self) -> list[type[Item]]:
        """The kinds of which there is an item."""
        return list(self._by_kind)

    def items(self, kind: type[Kind]) -> list[Kind]:
        """Return all items of a kind."""
        found: list[Kind] = self._by_kind.get(kind, [])  # type: ignore[assignment]
        return found

    def by_partition(self, kind: type[Kind]) -> Mapping[str, list[Kind]]:
        """Group all items of a kind by the part of their partition key after the first `#`: mostly the dealer."""
        found: dict[str, list[Kind]] = defaultdict(list)
        for item in self.items(kind):
            found[item.pk.partition("#")[2]].append(item)
        return found

    def cached(self, compute: Callable[[Snapshot], Result]) -> Result:
        """Return the result of `compute` for this snapshot; several rules share one computation."""
        if compute not in self._results:
            self._results[compute] = compute(self)
        result: Result = self._results[compute]
        return result

    @cached_property
    def events(self) -> Mapping[str, Envelope]:
        """Every readable outbox event by its id."""
        messages = map(envelope_of, self.items(EventItem))
        return {message.id: message for message in messages if message}

    @cached_property
    def history(self) -> Mapping[str, list[Envelope]]:
        """Readable outbox events by subject, in the order of their sequence numbers."""
        found: dict[str, list[Envelope]] = defaultdict(list)
        for message in sorted(self.events.values(), key=lambda message: message.sequence):
            found[message.subject].append(message)
        return found

    def events_of_type(self, event_type: str) -> list[Envelope]:
        """Return every readable outbox event of a type."""
        return self._events_by_type.get(event_type, [])

    @cached_property
    def _events_by_type(self) -> dict[str, list[Envelope]]:
        found: dict[str, list[Envelope]] = defaultdict(list)
        for message in self.events.values():
            found[message.type].append(message)
        return found
