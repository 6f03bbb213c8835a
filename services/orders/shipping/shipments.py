"""Shipments, read from the events of an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from contracts.orders import OrderShipmentVoided, OrderShipped
from contracts.shipments import ShippedLine
from kernel.messaging.events import Envelope
from services.orders.order.rules import Line
from services.orders.shipping.rules import shipped_line

#: Record stored with the event of a shipment: line numbers and quantities; None if every line left whole.
ShipmentRecord = tuple[Sequence[int], Sequence[int]] | None


class Shipment(NamedTuple):
    """Goods that left together: the event of the shipment, its lines, and the event that voided it, if any."""

    event: OrderShipped
    lines: tuple[ShippedLine, ...]
    voided: OrderShipmentVoided | None = None

    @property
    def line_numbers(self) -> frozenset[int]:
        """Numbers of its lines."""
        return frozenset(line.line_no for line in self.lines)


def pack_shipment(lines: Sequence[Line], leaving: Mapping[int, int]) -> ShipmentRecord:
    """Return what is stored with the event of a shipment. `leaving`: pieces by line number."""
    if all(leaving.get(line.line_no) == line.quantity for line in lines):
        return None
    return list(leaving), list(leaving.values())


def unpack_shipments(lines: Sequence[Line], history: Iterable[tuple[Envelope, ShipmentRecord]]) -> list[Shipment]:
    """Return the shipments in an order's history, also void ones.

    A shipment is voided only while none of its lines was shipped again, so values stay differences of running totals.

    Args:
        history: all events of the order from the first on, each with its stored record.
    """
    shipped = dict.fromkeys(range(1, len(lines) + 1), 0)
    shipments: list[Shipment] = []
    for message, record in history:
        if message.type == OrderShipmentVoided.TYPE:
            _void(shipments, shipped, OrderShipmentVoided.model_validate(message.data))
        if message.type != OrderShipped.TYPE:
            continue
        sent = []
        for number, pieces in _leaving(lines, record):
            sent.append(shipped_line(lines[number - 1], shipped[number], pieces))
            shipped[number] += pieces
        shipments.append(Shipment(OrderShipped.model_validate(message.data), tuple(sent)))
    return shipments


def _void(shipments: list[Shipment], shipped: dict[int, int], event: OrderShipmentVoided) -> None:
    """Mark a shipment as void, and take its pieces from the running totals."""
    number = next(at for at, one in enumerate(shipments) if one.event.shipment_id == event.shipment_id)
    shipments[number] = shipments[number]._replace(voided=event)
    for line in shipments[number].lines:
        shipped[line.line_no] -= line.quantity


def _leaving(lines: Sequence[Line], record: ShipmentRecord) -> Iterable[tuple[int, int]]:
    if record is None:
        return [(line.line_no, line.quantity) for line in lines]
    return zip(*record, strict=True)
