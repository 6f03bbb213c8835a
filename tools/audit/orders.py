"""Invariants of orders: no piece, fen, number or event too many or too few."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple

from kernel.events import Envelope
from kernel.money import fen_of, tax_within
from services.orders.domain import OPEN_STATES, Line, Progress, State
from services.orders.table import AccountItem, FollowedEventItem, Order, ShipmentItem
from tools.audit.findings import Finding


def order_findings(order: Order, history: Sequence[Envelope], shipments: Sequence[ShipmentItem]) -> Iterator[Finding]:
    """Everything that does not add up within one order."""
    yield from _lines(order)
    yield from _totals(order)
    yield from _history(order, history)
    yield from _shipments(order, shipments)


def dealer_findings(
    dealer_id: str,
    orders: Sequence[Order],
    account: AccountItem | None,
    followed: Iterable[FollowedEventItem],
    owed_fen: int,
) -> Iterator[Finding]:
    """A dealer's order numbers run from 1 without a gap, and what it has committed is explained twice: by its orders
    and the events of the ledger that were followed, and by what it owes (`owed_fen`) and has on order."""
    numbers = sorted(int(order.header.sequence) for order in orders)
    last = int(account.last_sequence) if account else 0
    if numbers != list(range(1, last + 1)):
        missing = sorted(set(range(1, last + 1)) - set(numbers))
        yield Finding("order-sequence", dealer_id, f"{len(numbers)} orders up to {last}, missing {missing[:10]}")
    stored = int(account.committed_fen) if account else 0
    told = sum(map(_ordered_fen, orders)) + sum(int(event.change_fen) for event in followed)
    if stored != told:
        yield Finding("order-committed", dealer_id, f"account says {stored} fen, orders and followed events {told}")
    exposed = owed_fen + sum(_ordered_fen(order) - _shipped_fen(order) for order in orders)
    if stored != exposed:
        yield Finding("order-exposure", dealer_id, f"account says {stored} fen, owed and on order are {exposed}")


def _ordered_fen(order: Order) -> int:
    """An open order counts whole; of one that ended, what was shipped."""
    return int(order.header.gross_fen) if order.state in OPEN_STATES else _shipped_fen(order)


def _shipped_fen(order: Order) -> int:
    return sum(line.value_of(so_far.shipped) for line, so_far in zip(order.lines, order.progress, strict=True))


def _lines(order: Order) -> Iterator[Finding]:
    undecided = order.state is State.SUBMITTED
    for line, so_far in zip(order.lines, order.progress, strict=True):
        subject = f"{order.header.order_id} line {line.line_no}"
        told = sum(astuple(so_far))
        if min(astuple(so_far)) < 0 or told > line.quantity or (told < line.quantity and not undecided):
            yield Finding("line-identity", subject, f"ordered {line.quantity}, {so_far}")
        if order.state not in OPEN_STATES and so_far.reserved + so_far.backordered:
            yield Finding("line-after-end", subject, f"{order.state}, but {so_far}")
        if line.gross_fen != fen_of(line.unit_price, line.quantity):
            yield Finding("line-money", subject, f"{line.unit_price} x {line.quantity} is not {line.gross_fen} fen")


def _totals(order: Order) -> Iterator[Finding]:
    header = order.header
    expected = {
        "line_count": len(order.lines),
        "pieces": sum(line.quantity for line in order.lines),
        "gross_fen": sum(line.gross_fen for line in order.lines),
        "tax_fen": sum(line.tax_fen for line in order.lines),
        **{name: sum(getattr(so_far, name) for so_far in order.progress) for name in Progress.__dataclass_fields__},
    }
    for name, value in expected.items():
        if int(getattr(header, name)) != value:
            yield Finding("order-total", header.order_id, f"{name} {getattr(header, name)}, its lines say {value}")


def _history(order: Order, history: Sequence[Envelope]) -> Iterator[Finding]:
    """One event per version, none twice, the last one in the order's state."""
    numbers = sorted(message.sequence for message in history)
    version = int(order.header.version)
    if numbers != list(range(1, version + 1)):
        yield Finding("order-events", order.header.order_id, f"version {version}, events {numbers}")
    elif (told := max(history, key=lambda message: message.sequence).data["state"]) != order.state:
        yield Finding("order-events", order.header.order_id, f"{order.state}, its last event says {told}")


def _shipments(order: Order, shipments: Sequence[ShipmentItem]) -> Iterator[Finding]:
    """Shipped pieces and their worth, line by line."""
    pieces: Counter[int] = Counter()
    worth: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for shipment in shipments:
        yield from _shipment_total(shipment)
        for sent in shipment.lines:
            gross_fen, tax_fen = worth[sent.line_no]
            pieces[sent.line_no] += sent.quantity
            worth[sent.line_no] = gross_fen + sent.gross_fen, tax_fen + sent.tax_fen
    for line, so_far in zip(order.lines, order.progress, strict=True):
        subject = f"{order.header.order_id} line {line.line_no}"
        if pieces[line.line_no] != so_far.shipped:
            yield Finding("shipped-pieces", subject, f"{so_far.shipped}, its shipments say {pieces[line.line_no]}")
        if worth[line.line_no] != _worth(line, so_far.shipped):
            yield Finding("shipped-money", subject, f"{_worth(line, so_far.shipped)}, sent {worth[line.line_no]}")


def _worth(line: Line, pieces: int) -> tuple[int, int]:
    """Gross and tax of the first pieces of a line, in fen."""
    gross_fen = fen_of(line.unit_price, pieces)
    return gross_fen, tax_within(gross_fen, line.tax_percent)


def _shipment_total(shipment: ShipmentItem) -> Iterator[Finding]:
    gross_fen, tax_fen = (sum(line.gross_fen for line in shipment.lines), sum(line.tax_fen for line in shipment.lines))
    if (int(shipment.gross_fen), int(shipment.tax_fen)) != (gross_fen, tax_fen):
        yield Finding("shipment-total", shipment.shipment_id, f"{shipment.gross_fen} fen, its lines say {gross_fen}")
