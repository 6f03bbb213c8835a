"""Invariants of shipments: pieces and amounts follow from the lines, punctuality from the promised days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from contracts.orders import OrderShipped
from kernel.base.money import fen_of, tax_within
from kernel.invariants.snapshot import Finding, Snapshot
from kernel.time import clock
from services.orders.invariants.loading import all_orders, all_readable_shipments, line_name, shipments_by_order
from services.orders.on_time.items import ShipmentPunctualityItem, shipment_punctuality_pk
from services.orders.on_time.rules import first_promised_day_by_line
from services.orders.order.rules import Line
from services.orders.shipping.shipments import Shipment


def shipped_pieces_are_sums_of_shipments(snapshot: Snapshot) -> Iterator[Finding]:
    """Find lines whose shipped pieces, or their amount, are not the sums of the shipments; headers that miscount."""
    for order_id, readable in snapshot.cached(shipments_by_order).items():
        if readable is None:
            yield Finding("shipment-unreadable", order_id, "the record of one of its shipments does not fit its lines")
    for order in snapshot.cached(all_orders):
        shipments = snapshot.cached(all_readable_shipments).get(order.header.order_id)
        if shipments is None:
            continue
        pieces, amounts = _sums_by_line(shipments)
        for line, progress in zip(order.lines, order.progress, strict=True):
            number, subject = line.line_no, line_name(order, line)
            if pieces[number] != progress.shipped:
                detail = f"{progress.shipped}, in its shipments {pieces[number]}"
                yield Finding("shipped-pieces", subject, detail)
            if amounts[number] != (expected := _amount(line, progress.shipped)):
                detail = f"gross and tax {expected}, in its shipments {amounts[number]}"
                yield Finding("shipped-money", subject, detail)
        if order.header.shipments != len(shipments):
            detail = f"{order.header.shipments} by its header, {len(shipments)} events"
            yield Finding("shipment-count", order.header.order_id, detail)


def shipment_events_are_sums_of_lines(snapshot: Snapshot) -> Iterator[Finding]:
    """Find shipment events whose number, pieces or amounts do not follow from the lines of the shipment."""
    for order_id, shipments in sorted(snapshot.cached(all_readable_shipments).items()):
        for number, shipment in enumerate(shipments, 1):
            event, lines = shipment.event, shipment.lines
            if event.shipment_id != f"{order_id}-S{number:02d}":
                yield Finding("shipment-number", f"{order_id} {number}", f"its number is {event.shipment_id}")
            published = event.shipped_pieces, event.shipped_gross_fen, event.shipped_tax_fen, event.shipped_net_fen
            gross_fen, tax_fen = sum(line.gross_fen for line in lines), sum(line.tax_fen for line in lines)
            expected = sum(line.quantity for line in lines), gross_fen, tax_fen, gross_fen - tax_fen
            if published != expected:
                detail = f"pieces, gross, tax and net {published}, by its lines {expected}"
                yield Finding("shipment-event", event.shipment_id, detail)


def shipment_punctuality_follows_from_events(snapshot: Snapshot) -> Iterator[Finding]:
    """Find records of punctuality that do not follow from the events of the order."""
    expected, voided = snapshot.cached(_expected_punctuality), snapshot.cached(_voided_at_by_key)
    for item in snapshot.items(ShipmentPunctualityItem):
        key = item.pk, item.sk
        taken_back = bool(item.voided) and key in voided and not item.rows
        if not taken_back and (item.voided or expected.get(key) != [item.shipped_on, item.rows]):
            detail = f"{item.rows}, by the order's events {expected.get((item.pk, item.sk))}"
            yield Finding("shipment-punctuality", item.sk.partition("#")[2], detail)


def shipment_punctuality_is_recorded(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find shipments that are due and have no record of punctuality, and void ones that still count."""
    recorded = {(item.pk, item.sk) for item in snapshot.items(ShipmentPunctualityItem)}
    for key in sorted(snapshot.cached(_expected_punctuality).keys() - recorded):
        shipped_at, _, shipment_id = key[1].partition("#")
        if shipped_at < due:
            yield Finding("shipment-punctuality-missing", shipment_id, "no record whether it was on time")
    taken_back = {(item.pk, item.sk) for item in snapshot.items(ShipmentPunctualityItem) if item.voided}
    for key, voided_at in sorted(snapshot.cached(_voided_at_by_key).items()):
        if key not in taken_back and voided_at < due:
            yield Finding("shipment-punctuality-voided", key[1].partition("#")[2], "it is void and still counts")


ALWAYS = (
    shipped_pieces_are_sums_of_shipments,
    shipment_events_are_sums_of_lines,
    shipment_punctuality_follows_from_events,
)
WHEN_DUE = (shipment_punctuality_is_recorded,)


def _sums_by_line(shipments: Iterable[Shipment]) -> tuple[Counter[int], dict[int, tuple[int, int]]]:
    """Return shipped pieces, and gross and tax in fen, by line number; void shipments count nothing."""
    pieces: Counter[int] = Counter()
    amounts: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for shipment in shipments:
        for line in shipment.lines if shipment.voided is None else ():
            gross_fen, tax_fen = amounts[line.line_no]
            pieces[line.line_no] += line.quantity
            amounts[line.line_no] = gross_fen + line.gross_fen, tax_fen + line.tax_fen
    return pieces, amounts


def _amount(line: Line, pieces: int) -> tuple[int, int]:
    """Return gross and tax in fen of the first pieces of a line."""
    gross_fen = fen_of(line.unit_price, pieces)
    return gross_fen, tax_within(gross_fen, line.tax_percent)


def _expected_punctuality(snapshot: Snapshot) -> dict[tuple[str, str], list[Any]]:
    """Return day of shipment and rows of every shipment by the key of its record of punctuality."""
    found: dict[tuple[str, str], list[Any]] = {}
    for order_id, shipments in snapshot.cached(all_readable_shipments).items():
        history = snapshot.history.get(order_id, [])
        ends = [number for number, message in enumerate(history, 1) if message.type == OrderShipped.TYPE]
        for shipment, end in zip(shipments, ends, strict=True):
            days = first_promised_day_by_line(history[:end], shipment.event.line_count)
            rows = [[line.sku, line.quantity, days.get(line.line_no)] for line in shipment.lines]
            found[_punctuality_key(shipment.event)] = [_shipped_on(shipment.event), rows]
    return found


def _voided_at_by_key(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    """Return the stamp of the void of every void shipment by the key of its record of punctuality."""
    return {
        _punctuality_key(shipment.event): shipment.voided.voided_at
        for shipments in snapshot.cached(all_readable_shipments).values()
        for shipment in shipments
        if shipment.voided
    }


def _shipped_on(event: OrderShipped) -> str:
    return clock.business_date(clock.parse_stamp(event.shipped_at)).isoformat()


def _punctuality_key(event: OrderShipped) -> tuple[str, str]:
    pk = shipment_punctuality_pk(event.warehouse, _shipped_on(event)[:7])
    return pk, f"{event.shipped_at}#{event.shipment_id}"
