"""Invariants of stock: every counter is the sum of the movements ever made, and every movement has its reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from contracts.catalog import ProductItem
from contracts.stock import SKUS_PER_BUCKET, BucketPosition, ExpectedDeliveryChanged, QuarantineItem, StockBucketItem
from kernel.store.items import Item
from services.orders.inbound.items import ExpectedDeliveryItem
from services.orders.stock.items import MovementItem
from services.orders.stock.rules import Move
from services.orders.stock_documents.items import GoodsReceiptItem, StockDocumentItem
from tools.audit.findings import Finding
from tools.audit.reading import Snapshot

#: Warehouse and sku_index number.
_Place = tuple[str, int]
_COUNTERS = ("available", "quarantined")
#: Warehouse, kind and number of a document, and the move it made.
_Document = tuple[str, str, str]
#: What documents do whose name is not what they do.
_MOVES = {"transfer": Move.SEND}


@dataclass
class _Pieces:
    """Pieces by place, for each counter."""

    available: Counter[_Place] = field(default_factory=Counter)
    quarantined: Counter[_Place] = field(default_factory=Counter)


def never_below_zero(table: Snapshot) -> Iterator[Finding]:
    """S1: available(s,w), quarantined(s,w) >= 0. What is held is what lines hold, and none holds less than 0."""
    stored = table.once(_stored)
    for name in _COUNTERS:
        for place, pieces in sorted(getattr(stored, name).items()):
            if pieces < 0:
                yield Finding("stock-negative", _name(place), f"{name} {pieces}")


def counters_are_sums_of_movements(table: Snapshot) -> Iterator[Finding]:
    """S2: each counter = sum over all movements of pieces x effect."""
    stored, moved = table.once(_stored), table.once(_moved)
    for name in _COUNTERS:
        there, told = getattr(stored, name), getattr(moved, name)
        for place in sorted(there.keys() | told.keys()):
            if there[place] != told[place]:
                detail = f"{name} {there[place]}, its movements say {told[place]}"
                yield Finding("stock-moved", _name(place), detail)


def what_came_is_there_or_left(table: Snapshot) -> Iterator[Finding]:
    """S1, S2: received + found - lost - scrapped - sent = available + quarantined + held for orders + shipped."""
    stored, came, with_orders = table.once(_stored), Counter[_Place](), Counter[_Place]()
    for item in table.all(MovementItem):
        move = Move(item.move)
        if not move.for_orders:
            for sku_index, pieces in item.by_sku_index.items():
                came[warehouse_of(item), sku_index] += sum(move.effect) * pieces
    for (_, place), pieces in table.once(_with_orders).items():
        with_orders[place] += pieces
    for place in sorted(came.keys() | stored.available.keys() | stored.quarantined.keys() | with_orders.keys()):
        there = stored.available[place] + stored.quarantined[place]
        if came[place] != there + with_orders[place]:
            detail = f"{came[place]} came in, {there} are there and {with_orders[place]} held or shipped"
            yield Finding("stock-conserved", _name(place), detail)


def orders_have_what_moved_for_them(table: Snapshot) -> Iterator[Finding]:
    """S5: of each order, ever held = released + shipped + still held, by place."""
    has, moved = table.once(_with_orders), table.once(_moved_for_orders)
    for order_id, place in sorted(has.keys() | moved.keys()):
        key = order_id, place
        if has[key] != moved[key]:
            detail = f"holds and shipped {has[key]}, held and not released {moved[key]}"
            yield Finding("order-moved", f"{order_id} {_name(place)}", detail)


def documents_moved_what_stands_on_them(table: Snapshot) -> Iterator[Finding]:
    """S2: received, found, lost, set aside, cleared, scrapped, sent: every document moved what stands on it, once, and
    nothing but orders moved without one."""
    written = table.once(_written)
    moved: dict[_Document, Counter[int]] = defaultdict(Counter)
    for item in table.all(MovementItem):
        if not Move(item.move).for_orders:
            moved[warehouse_of(item), item.reference, item.move].update(item.by_sku_index)
    for document in sorted(written.keys() | moved.keys()):
        if written.get(document) != moved.get(document):
            pieces = sum(written.get(document, {}).values()), sum(moved.get(document, {}).values())
            yield Finding("stock-document", " ".join(document), f"{pieces[0]} pieces written, {pieces[1]} moved")


def expected_goods_are_told(table: Snapshot) -> Iterator[Finding]:
    """O3: what is expected is what the last event of the delivery told, under its number; nothing else is expected."""
    told = {
        (message.data["warehouse"], message.data["reference"]): (message.sequence, message.data["pieces"])
        for history in table.history.values()
        for message in history[-1:]
        if message.type == ExpectedDeliveryChanged.TYPE and message.data["pieces"]
    }
    stored = {
        (item.pk.split("#")[1], item.reference): (item.version, sum(item.by_sku_index.values()))
        for item in table.all(ExpectedDeliveryItem)
    }
    for delivery in sorted(told.keys() | stored.keys()):
        if told.get(delivery) != stored.get(delivery):
            detail = f"version and pieces {stored.get(delivery)}, its last event says {told.get(delivery)}"
            yield Finding("stock-expected", " ".join(delivery), detail)


def slots_are_not_shared(table: Snapshot) -> Iterator[Finding]:
    """S2: a place counts the pieces of one SKU."""
    by_sku_index: dict[int, list[str]] = defaultdict(list)
    for product in table.all(ProductItem):
        by_sku_index[product.sku_index].append(product.sku)
    for sku_index, skus in sorted(by_sku_index.items()):
        if len(skus) > 1:
            yield Finding("sku_index-shared", f"sku_index {sku_index}", ", ".join(sorted(skus)))


ALWAYS = (
    never_below_zero,
    counters_are_sums_of_movements,
    what_came_is_there_or_left,
    orders_have_what_moved_for_them,
    documents_moved_what_stands_on_them,
    expected_goods_are_told,
    slots_are_not_shared,
)


def warehouse_of(movement: MovementItem) -> str:
    """The warehouse in which it moved."""
    return movement.pk.split("#")[1]


def _stored(table: Snapshot) -> _Pieces:
    """As the buckets count them."""
    stock = _Pieces()
    for bucket in table.all(StockBucketItem):
        warehouse, first = bucket.pk.removeprefix("BUCKET#"), int(bucket.sk) * SKUS_PER_BUCKET
        _count(stock.available, warehouse, first, bucket.available)
    for item in table.all(QuarantineItem):
        first = int(item.sk.partition("#")[0]) * SKUS_PER_BUCKET
        _count(stock.quarantined, item.pk.removeprefix("BUCKET#"), first, item.pieces)
    return stock


def _count(into: Counter[_Place], warehouse: str, first: int, pieces: list[int]) -> None:
    for sku_index, number in enumerate(pieces, first):
        if number:
            into[warehouse, sku_index] = int(number)


def _moved(table: Snapshot) -> _Pieces:
    """As the movements tell."""
    stock = _Pieces()
    for item in table.all(MovementItem):
        warehouse, effect = warehouse_of(item), Move(item.move).effect
        for sku_index, pieces in item.by_sku_index.items():
            for name, sign in zip(_COUNTERS, effect, strict=True):
                if sign:
                    getattr(stock, name)[warehouse, sku_index] += sign * pieces
    return stock


def _with_orders(table: Snapshot) -> Counter[tuple[str, _Place]]:
    """Pieces that lines hold or that left for them, by order and place."""
    pieces = Counter[tuple[str, _Place]]()
    for order in table.orders:
        for line, so_far in zip(order.lines, order.progress, strict=True):
            pieces[order.header.order_id, (order.header.warehouse, line.sku_index)] += so_far.reserved + so_far.shipped
    return pieces


def _moved_for_orders(table: Snapshot) -> Counter[tuple[str, _Place]]:
    """Pieces held and not released, by order and place."""
    reserved = Counter[tuple[str, _Place]]()
    for item in table.all(MovementItem):
        if item.order_id:
            for sku_index, pieces in item.by_sku_index.items():
                reserved[item.order_id, (warehouse_of(item), sku_index)] -= Move(item.move).effect.available * pieces
    return reserved


def _written(table: Snapshot) -> dict[_Document, Counter[int]]:
    """Pieces by sku_index, as the documents say."""
    sku_indexes = {product.sku: product.sku_index for product in table.all(ProductItem)}
    found: dict[_Document, Counter[int]] = defaultdict(Counter)

    def note(item: Item, reference: str, move: str, rows: Iterable[tuple[str, int]]) -> None:
        warehouse = item.pk.removeprefix("STOCK#")
        for sku, pieces in rows:
            if pieces:
                found[warehouse, reference, move][sku_indexes.get(sku, -1)] += pieces

    for receipt in table.all(GoodsReceiptItem):
        note(receipt, f"goods_receipt {receipt.sk.removeprefix('GOODS_RECEIPT#')}", Move.RECEIVE, receipt.lines)
    for item in table.all(StockDocumentItem):
        _, kind, number = item.sk.split("#", 2)
        if kind == "count":
            differences = [(sku, more) for sku, *_, more in item.lines]
            note(item, f"{kind} {number}", Move.FOUND, ((sku, max(more, 0)) for sku, more in differences))
            note(item, f"{kind} {number}", Move.LOST, ((sku, max(-more, 0)) for sku, more in differences))
        else:
            note(item, f"{kind} {number}", _MOVES.get(kind, kind), item.lines)
    return found


def _name(place: _Place) -> str:
    warehouse, number = place
    bucket, position = BucketPosition.of(number)
    return f"{warehouse} bucket {bucket} position {position}"
