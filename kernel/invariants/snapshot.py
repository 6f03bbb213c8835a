"""Records of an audit: the snapshot that a rule reads and the finding that it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from kernel.messaging.events import Envelope
from kernel.store.items import Item, Kind

Result = TypeVar("Result")


@dataclass(frozen=True)
class Finding:
    """One violation: the rule, the subject it concerns, and the figures that contradict each other."""

    rule: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"[{self.rule}] {self.subject}: {self.detail}"


class Snapshot(Protocol):
    """All items of a table, by kind."""

    @property
    def kinds(self) -> Sequence[type[Item]]:
        """The kinds of which there is an item."""

    @property
    def events(self) -> Mapping[str, Envelope]:
        """Every readable outbox event by its id."""

    @property
    def history(self) -> Mapping[str, Sequence[Envelope]]:
        """Readable outbox events by subject, in the order of their sequence numbers."""

    def items(self, kind: type[Kind]) -> Sequence[Kind]:
        """Return all items of a kind."""

    def by_partition(self, kind: type[Kind]) -> Mapping[str, Sequence[Kind]]:
        """Group all items of a kind by the part of their partition key after the first `#`: mostly the dealer."""

    def events_of_type(self, event_type: str) -> Sequence[Envelope]:
        """Return every readable outbox event of a type."""

    def cached(self, compute: Callable[[Snapshot], Result]) -> Result:
        """Return the result of `compute` for this snapshot; several rules share one computation."""


#: A rule that holds at every moment.
Rule = Callable[[Snapshot], Iterator[Finding]]
#: A rule of effects; its second argument is a stamp: every event before it must have had its effects.
DueRule = Callable[[Snapshot, str], Iterator[Finding]]
