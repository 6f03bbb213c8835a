"""Read the whole table as its items are, for ops only: no request ever scans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property, lru_cache
from typing import Any, ClassVar, TypeVar

from pynamodb.attributes import Attribute, UnicodeAttribute

from kernel.messaging.events import Envelope
from kernel.messaging.outbox import EventItem
from kernel.store.items import Item, PackedJSONAttribute, decompress_json
from services.orders.order.items import FulfilmentItem, HeaderItem, LinesItem, Order, assemble_order
from services.orders.shipping.shipments import Shipment, read_shipments
from tools import aws

Kind = TypeVar("Kind", bound=Item)
Made = TypeVar("Made")
Raw = Mapping[str, Any]

#: Parallel readers of the table.
_SEGMENTS = 4
_DEAD_LETTERS = "-dlq"


class Snapshot:
    """The items of a table, by kind. Not of one moment, unless whoever made it saw to that.

    Items of kinds that no rule knows are left out.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._made: dict[Callable[[Snapshot], Any], Any] = {}
        self._by_kind: dict[type[Item], list[Item]] = defaultdict(list)
        for item in items:
            self._by_kind[kind_of(item)].append(item)

    @classmethod
    def of(cls, raw_items: Iterable[Raw]) -> Snapshot:
        """A snapshot of items as DynamoDB gives them: `{"pk": {"S": …}, …}`, binaries as bytes."""
        return cls(read(raw_items))

    def all(self, kind: type[Kind]) -> list[Kind]:
        """All items of a kind."""
        found: list[Kind] = self._by_kind.get(kind, [])  # type: ignore[assignment]
        return found

    def once(self, make: Callable[[Snapshot], Made]) -> Made:
        """What several rules look at, made for the first of them."""
        if make not in self._made:
            self._made[make] = make(self)
        found: Made = self._made[make]
        return found

    @property
    def kinds(self) -> list[type[Item]]:
        """The kinds of which there is an item."""
        return list(self._by_kind)

    def by_partition(self, kind: type[Kind]) -> dict[str, list[Kind]]:
        """All items of a kind by what follows the first `#` of their partition: mostly the dealer."""
        found: dict[str, list[Kind]] = defaultdict(list)
        for item in self.all(kind):
            found[item.pk.partition("#")[2]].append(item)
        return found

    @cached_property
    def orders(self) -> list[Order]:
        """Every order that has lines, put together from its parts."""
        lines = {_order_part(item): item for item in self.all(LinesItem)}
        fulfilments = {_order_part(item): item for item in self.all(FulfilmentItem)}
        headers = ((_order_part(header), header) for header in self.all(HeaderItem))
        return [assemble_order(header, lines[at], fulfilments.get(at)) for at, header in headers if at in lines]

    @cached_property
    def events(self) -> dict[str, Envelope]:
        """Every outbox_event by its id."""
        return {message.id: message for _, message in self._announced}

    @cached_property
    def _announced(self) -> list[tuple[EventItem, Envelope]]:
        return [(item, message) for item in self.all(EventItem) if (message := envelope_of(item))]

    @cached_property
    def history(self) -> dict[str, list[Envelope]]:
        """Announcements by subject, in their order."""
        found: dict[str, list[Envelope]] = defaultdict(list)
        for message in sorted(self.events.values(), key=lambda message: message.sequence):
            found[message.subject].append(message)
        return found

    @cached_property
    def shipments(self) -> dict[str, list[Shipment]]:
        """What left, by order, for every order that has lines and whose shipments can be read."""
        return {order_id: shipments for order_id, shipments in self._shipments.items() if shipments is not None}

    @property
    def unreadable_shipments(self) -> list[str]:
        """Orders of whose shipments one cannot be read."""
        return [order_id for order_id, shipments in self._shipments.items() if shipments is None]

    @cached_property
    def _shipments(self) -> dict[str, list[Shipment] | None]:
        kept = {(message.subject, message.sequence): item.record for item, message in self._announced}
        found: dict[str, list[Shipment] | None] = {}
        for order in self.orders:
            order_id = order.header.order_id
            history = [(told, kept[told.subject, told.sequence]) for told in self.history.get(order_id, [])]
            try:
                found[order_id] = read_shipments(order.lines, history)
            except (LookupError, TypeError, ValueError):
                found[order_id] = None
        return found

    @cached_property
    def orders_of(self) -> dict[str, list[Order]]:
        """Orders by dealer."""
        found: dict[str, list[Order]] = defaultdict(list)
        for order in self.orders:
            found[order.header.dealer_id].append(order)
        return dict(found)

    def told(self, kind: str) -> list[Envelope]:
        """Announcements of a type."""
        return self._event_for.get(kind, [])

    @cached_property
    def _event_for(self) -> dict[str, list[Envelope]]:
        found: dict[str, list[Envelope]] = defaultdict(list)
        for message in self.events.values():
            found[message.type].append(message)
        return found


def envelope_of(item: EventItem) -> Envelope | None:
    """The message of an outbox_event; None if it cannot be read."""
    return _envelope(item.body)


@lru_cache(maxsize=20_000)
def _envelope(body: str) -> Envelope | None:
    # Announcements never change, and who audits a table again and again need not read them again.
    try:
        return Envelope.model_validate_json(body)
    except ValueError:
        return None


def _order_part(item: Item) -> tuple[str, str]:
    return item.pk, item.sk.partition("#")[2]


# ---- items as they lie there ----


class _Stored:
    """Base of the classes through which stored items are seen: like their kinds, but for two things. An attribute is
    read when it is asked for, because most of them nobody asks for; and it then is a plain one, which costs a tenth."""

    _of: ClassVar[type[Item]]

    def __init__(self, raw: Raw) -> None:
        self._raw = raw


class _WhenAsked:
    """An attribute of a stored item."""

    def __init__(self, name: str, attribute: Attribute[Any]) -> None:
        self._name, self._attribute, self._stored_as = name, attribute, str(attribute.attr_name)
        self._is_text = type(attribute) is UnicodeAttribute

    def __get__(self, item: _Stored, owner: type[_Stored]) -> Any:
        stored = item._raw.get(self._stored_as)
        found = stored["S"] if self._is_text and stored and "S" in stored else _value(self._attribute, stored)
        item.__dict__[self._name] = found
        return found


def _value(attribute: Attribute[Any], stored: dict[str, Any] | None) -> Any:
    if not stored or "NULL" in stored:
        return attribute.default
    listed = stored.get("L")
    if listed and "N" in listed[0]:
        return [int(number["N"]) for number in listed]
    read = decompress_json if isinstance(attribute, PackedJSONAttribute) else attribute.deserialize
    return read(attribute.get_value(stored))


def read(raw_items: Iterable[Raw]) -> Iterator[Item]:
    """Items as DynamoDB gives them, as items of their kinds; those of kinds no rule knows are left out."""
    kinds = _kinds()
    for raw in raw_items:
        if seen_as := kinds.get(raw["kind"]["S"]):
            yield seen_as(raw)  # type: ignore[misc]  # it has all that its kind has


def kind_of(item: Item) -> type[Item]:
    """The kind of an item, however it was read."""
    return item._of if isinstance(item, _Stored) else type(item)


@cache
def _kinds() -> dict[str, type[_Stored]]:
    """How to see every kind of item that a rule knows."""
    kinds = Item.kind.get_registered_subclasses(Item)
    return {str(Item.kind.get_discriminator(kind)): _seen(kind) for kind in kinds}


def _seen(kind: type[Item]) -> type[_Stored]:
    own = {
        name: member
        for base in reversed(kind.__mro__[: kind.__mro__.index(Item)])
        for name, member in vars(base).items()
        if isinstance(member, (property, cached_property)) or callable(member)
    }
    attributes = {name: _WhenAsked(name, attribute) for name, attribute in kind.get_attributes().items()}
    return type(kind.__name__, (_Stored,), {**own, **attributes, "_of": kind})


def snapshot(stage: str) -> Snapshot:
    """Read the table of a stage."""
    return Snapshot(stored_items(aws.parameter(stage, "core", "table-name"), _SEGMENTS))


def stored_items(table: str, readers: int) -> Iterator[Item]:
    """Every item of a table, read by so many at the same time."""

    def segment(number: int) -> list[Item]:
        pages = (
            aws.dynamodb()
            .get_paginator("scan")
            .paginate(TableName=table, ConsistentRead=True, Segment=number, TotalSegments=readers)
        )
        return [item for page in pages for item in read(page["Items"])]

    with ThreadPoolExecutor(readers) as pool:
        for part in pool.map(segment, range(readers)):
            yield from part


def dead_letters(stage: str) -> dict[str, int]:
    """Messages in each dead-letter queue of a stage."""
    client = aws.sqs()
    pages = client.get_paginator("list_queues").paginate(QueueNamePrefix=f"qudao-{stage}-")
    depths = {}
    for url in (url for page in pages for url in page.get("QueueUrls", []) if _DEAD_LETTERS in url):
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        depths[url.rsplit("/", 1)[-1]] = int(attributes["Attributes"]["ApproximateNumberOfMessages"])
    return depths
