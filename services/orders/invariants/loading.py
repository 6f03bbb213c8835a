"""Orders and shipments, assembled from the items of a snapshot. Use with `Snapshot.cached`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from kernel.invariants.events import envelope_of
from kernel.invariants.snapshot import Snapshot
from kernel.messaging.outbox import EventItem
from kernel.store.items import Item
from services.orders.order.items import FulfilmentItem, HeaderItem, LinesItem, Order, assemble_order
from services.orders.order.rules import Line, Progress
from services.orders.shipping.shipments import Shipment, unpack_shipments


def all_orders(snapshot: Snapshot) -> list[Order]:
    """Return every order that has a header and lines."""
    lines = {_order_part(item): item for item in snapshot.items(LinesItem)}
    fulfilments = {_order_part(item): item for item in snapshot.items(FulfilmentItem)}
    headers = ((_order_part(header), header) for header in snapshot.items(HeaderItem))
    return [assemble_order(header, lines[key], fulfilments.get(key)) for key, header in headers if key in lines]


def orders_by_dealer(snapshot: Snapshot) -> dict[str, list[Order]]:
    """Group the orders by dealer."""
    found: dict[str, list[Order]] = defaultdict(list)
    for order in snapshot.cached(all_orders):
        found[order.header.dealer_id].append(order)
    return dict(found)


def order_lines(snapshot: Snapshot) -> Iterator[tuple[Order, Line, Progress]]:
    """Yield every line of every order with its progress."""
    for order in snapshot.cached(all_orders):
        for line, progress in zip(order.lines, order.progress, strict=True):
            yield order, line, progress


def shipments_by_order(snapshot: Snapshot) -> Mapping[str, list[Shipment] | None]:
    """Return the shipments of every order by order id; None where the record of a shipment cannot be read."""
    records = _event_records(snapshot)
    found: dict[str, list[Shipment] | None] = {}
    for order in snapshot.cached(all_orders):
        order_id = order.header.order_id
        history = [
            (message, records[message.subject, message.sequence]) for message in snapshot.history.get(order_id, [])
        ]
        try:
            found[order_id] = unpack_shipments(order.lines, history)
        except (LookupError, StopIteration, TypeError, ValueError):
            found[order_id] = None
    return found


def all_readable_shipments(snapshot: Snapshot) -> dict[str, list[Shipment]]:
    """Return the shipments by order id of every order whose shipments can be read."""
    found = snapshot.cached(shipments_by_order)
    return {order_id: shipments for order_id, shipments in found.items() if shipments is not None}


def line_name(order: Order, line: Line) -> str:
    """Return the name of a line in findings: `D0001-000123 line 1`."""
    return f"{order.header.order_id} line {line.line_no}"


def _event_records(snapshot: Snapshot) -> dict[tuple[str, int], Any]:
    """Return the record of every event by subject and sequence."""
    events = ((item, envelope_of(item)) for item in snapshot.items(EventItem))
    return {(message.subject, message.sequence): item.record for item, message in events if message}


def _order_part(item: Item) -> tuple[str, str]:
    return item.pk, item.sk.partition("#")[2]
