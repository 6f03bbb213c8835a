"""Invariants of what left: every piece and fen of it is told once, and measured by what was promised."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from contracts.orders import OrderShipped
from kernel.base.money import fen_of, tax_within
from kernel.time import clock
from services.orders.on_time.items import ShipmentPunctualityItem, shipment_punctuality_pk
from services.orders.on_time.rules import first_promised_days
from services.orders.order.rules import Line
from services.orders.shipping.shipments import Shipment
from tools.audit.findings import Finding
from tools.audit.reading import Snapshot


def shipments_are_what_left(table: Snapshot) -> Iterator[Finding]:
    """S5: the shipped pieces of a line, and what they are worth, are those of its shipments, and the header knows how
    many there are."""
    for order_id in table.unreadable_shipments:
        yield Finding("shipment-unreadable", order_id, "what is kept with one of its shipments does not fit its lines")
    for order in table.orders:
        shipments = table.shipments.get(order.header.order_id)
        if shipments is None:
            continue
        pieces, worth = _sent(shipments)
        for line, so_far in zip(order.lines, order.progress, strict=True):
            number, subject = line.line_no, f"{order.header.order_id} line {line.line_no}"
            if pieces[number] != so_far.shipped:
                yield Finding("shipped-pieces", subject, f"{so_far.shipped}, its shipments say {pieces[number]}")
            if worth[number] != (value := _worth(line, so_far.shipped)):
                yield Finding("shipped-money", subject, f"{value}, sent {worth[number]}")
        if order.header.shipments != len(shipments):
            detail = f"{order.header.shipments} by its header, {len(shipments)} were told"
            yield Finding("shipment-count", order.header.order_id, detail)


def shipments_add_up(table: Snapshot) -> Iterator[Finding]:
    """O4: what is told of a shipment, its pieces and its worth to the fen, is that of its lines, under its number."""
    for order_id, shipments in sorted(table.shipments.items()):
        for number, shipment in enumerate(shipments, 1):
            told, lines = shipment.event, shipment.lines
            if told.shipment_id != f"{order_id}-S{number:02d}":
                yield Finding("shipment-number", f"{order_id} {number}", f"it is called {told.shipment_id}")
            said = told.shipped_pieces, told.shipped_gross_fen, told.shipped_tax_fen, told.shipped_net_fen
            gross_fen, tax_fen = sum(line.gross_fen for line in lines), sum(line.tax_fen for line in lines)
            expected = sum(line.quantity for line in lines), gross_fen, tax_fen, gross_fen - tax_fen
            if said != expected:
                detail = f"pieces, gross, tax and net {said}, its lines say {expected}"
                yield Finding("shipment-told", told.shipment_id, detail)


def promises_kept_are_founded(table: Snapshot) -> Iterator[Finding]:
    """E3: what is noted of promises is what follows from the order's events."""
    expected = table.once(_kept)
    for item in table.all(ShipmentPunctualityItem):
        if expected.get((item.pk, item.sk)) != [item.shipped_on, item.rows]:
            detail = f"{item.rows}, its order's events say {expected.get((item.pk, item.sk))}"
            yield Finding("promises-kept", item.sk.partition("#")[2], detail)


def promises_kept_are_noted(table: Snapshot, due: str) -> Iterator[Finding]:
    """E2, when due: every shipment was measured by what was promised."""
    noted = {(item.pk, item.sk) for item in table.all(ShipmentPunctualityItem)}
    for key in sorted(table.once(_kept).keys() - noted):
        at, _, shipment_id = key[1].partition("#")
        if at < due:
            yield Finding("promises-unkept", shipment_id, "nobody noted whether its promises were kept")


ALWAYS = (shipments_are_what_left, shipments_add_up, promises_kept_are_founded)
WHEN_DUE = (promises_kept_are_noted,)


def _sent(shipments: Iterable[Shipment]) -> tuple[Counter[int], dict[int, tuple[int, int]]]:
    """Pieces, and gross and tax in fen, by line number."""
    pieces: Counter[int] = Counter()
    worth: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for shipment in shipments:
        for sent in shipment.lines:
            gross_fen, tax_fen = worth[sent.line_no]
            pieces[sent.line_no] += sent.quantity
            worth[sent.line_no] = gross_fen + sent.gross_fen, tax_fen + sent.tax_fen
    return pieces, worth


def _worth(line: Line, pieces: int) -> tuple[int, int]:
    """Gross and tax of the first pieces of a line, in fen."""
    gross_fen = fen_of(line.unit_price, pieces)
    return gross_fen, tax_within(gross_fen, line.tax_percent)


def _kept(table: Snapshot) -> dict[tuple[str, str], list[Any]]:
    """The day it left and its rows, by the key under which a shipment is noted."""
    found: dict[tuple[str, str], list[Any]] = {}
    for order_id, shipments in table.shipments.items():
        history = table.history.get(order_id, [])
        ends = [number for number, message in enumerate(history, 1) if message.type == OrderShipped.TYPE]
        for shipment, end in zip(shipments, ends, strict=True):
            told = shipment.event
            shipped_on = clock.business_date(clock.parse_stamp(told.shipped_at)).isoformat()
            days = first_promised_days(history[:end], told.line_count)
            rows = [[line.sku, line.quantity, days.get(line.line_no)] for line in shipment.lines]
            found[shipment_punctuality_pk(told.warehouse, shipped_on[:7]), f"{told.shipped_at}#{told.shipment_id}"] = [
                shipped_on,
                rows,
            ]
    return found
