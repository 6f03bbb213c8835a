"""Invariants of stock: every counter is the sum of the movements, and every movement has its reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from contracts.catalog import ProductItem
from contracts.orders import OrderPiecesMissing
from contracts.stock import SKUS_PER_BUCKET, BucketPosition, ExpectedDeliveryChanged, QuarantineItem, StockBucketItem
from kernel.invariants.snapshot import Finding, Snapshot
from kernel.messaging.outbox import EventItem
from kernel.store.items import Item
from services.orders.inbound.items import ExpectedDeliveryItem
from services.orders.invariants.loading import order_lines
from services.orders.shortages.items import ShortageItem
from services.orders.stock.items import MovementItem
from services.orders.stock.rules import Move
from services.orders.stock_documents.items import GoodsReceiptItem, StockDocumentItem

#: Warehouse and SKU index.
_Place = tuple[str, int]
_COUNTERS = ("available", "quarantined")
#: Warehouse, kind and number of a document, and its movement.
_DocumentMove = tuple[str, str, str]
#: Movements of the documents that have another name than their movement.
_MOVE_OF_DOCUMENT = {"transfer": Move.SEND}


@dataclass
class _Pieces:
    """Pieces by warehouse and SKU index, for each counter."""

    available: Counter[_Place] = field(default_factory=Counter)
    quarantined: Counter[_Place] = field(default_factory=Counter)


def stock_is_not_negative(snapshot: Snapshot) -> Iterator[Finding]:
    """Find counters of available or quarantined pieces below zero; available ones only without an open shortage."""
    stored = snapshot.cached(_stored_pieces)
    short = {(item.warehouse, sku_index) for item in snapshot.items(ShortageItem) for sku_index in item.by_sku_index}
    for name in _COUNTERS:
        for place, pieces in sorted(getattr(stored, name).items()):
            if pieces < 0 and (name != "available" or place not in short):
                yield Finding("stock-negative", _place_name(place), f"{name} {pieces}")


def shortages_get_settled(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find open shortages that are due: reserved pieces are missing, and no order has lost them yet."""
    for item in snapshot.items(ShortageItem):
        if item.since < due:
            yield Finding("shortage-open", item.warehouse, f"since {item.since}, by {item.document}")


def counters_are_sums_of_movements(snapshot: Snapshot) -> Iterator[Finding]:
    """Find counters that are not the sum over all movements of pieces x effect."""
    stored, moved = snapshot.cached(_stored_pieces), snapshot.cached(_moved_pieces)
    for name in _COUNTERS:
        counters, sums = getattr(stored, name), getattr(moved, name)
        for place in sorted(counters.keys() | sums.keys()):
            if counters[place] != sums[place]:
                detail = f"{name} {counters[place]}, sum of its movements {sums[place]}"
                yield Finding("stock-moved", _place_name(place), detail)


def received_pieces_are_in_stock_or_with_orders(snapshot: Snapshot) -> Iterator[Finding]:
    """Find SKUs without: received + found - lost - missing - scrapped - sent - picked short = in stock + with orders.

    Orders have what is reserved or was shipped.
    """
    stored, received, with_orders = snapshot.cached(_stored_pieces), Counter[_Place](), Counter[_Place]()
    for item in snapshot.items(MovementItem):
        move = Move(item.move)
        if not move.for_orders:
            for sku_index, pieces in item.by_sku_index.items():
                received[_warehouse_of(item), sku_index] += sum(move.effect) * pieces
    for (_, place), pieces in snapshot.cached(_pieces_of_orders).items():
        with_orders[place] += pieces
    for place in sorted(received.keys() | stored.available.keys() | stored.quarantined.keys() | with_orders.keys()):
        in_stock = stored.available[place] + stored.quarantined[place]
        if received[place] != in_stock + with_orders[place]:
            detail = f"{received[place]} received, {in_stock} in stock, {with_orders[place]} reserved or shipped"
            yield Finding("stock-conserved", _place_name(place), detail)


def order_pieces_are_sums_of_movements(snapshot: Snapshot) -> Iterator[Finding]:
    """Find orders without: pieces moved for it = reserved + shipped, by SKU."""
    counted, moved = snapshot.cached(_pieces_of_orders), snapshot.cached(_pieces_moved_for_orders)
    for order_id, place in sorted(counted.keys() | moved.keys()):
        key = order_id, place
        if counted[key] != moved[key]:
            detail = f"{counted[key]} reserved or shipped, {moved[key]} moved for it"
            yield Finding("order-moved", f"{order_id} {_place_name(place)}", detail)


def document_lines_are_moved_once(snapshot: Snapshot) -> Iterator[Finding]:
    """Find documents whose movements are not their lines, and movements that have neither document nor order."""
    documented = snapshot.cached(_documented_pieces)
    moved: dict[_DocumentMove, Counter[int]] = defaultdict(Counter)
    for item in snapshot.items(MovementItem):
        if not Move(item.move).for_orders:
            moved[_warehouse_of(item), item.reference, item.move].update(item.by_sku_index)
    for document in sorted(documented.keys() | moved.keys()):
        if documented.get(document) != moved.get(document):
            pieces = sum(documented.get(document, {}).values()), sum(moved.get(document, {}).values())
            yield Finding("stock-document", " ".join(document), f"{pieces[0]} pieces documented, {pieces[1]} moved")


def expected_deliveries_match_their_last_event(snapshot: Snapshot) -> Iterator[Finding]:
    """Find expected deliveries whose version or pieces are not those of the last event, on either side."""
    published = {
        (message.data["warehouse"], message.data["reference"]): (message.sequence, message.data["pieces"])
        for history in snapshot.history.values()
        for message in history[-1:]
        if message.type == ExpectedDeliveryChanged.TYPE and message.data["pieces"]
    }
    stored = {
        (item.pk.split("#")[1], item.reference): (item.version, sum(item.by_sku_index.values()))
        for item in snapshot.items(ExpectedDeliveryItem)
    }
    for delivery in sorted(published.keys() | stored.keys()):
        if published.get(delivery) != stored.get(delivery):
            detail = f"version and pieces {stored.get(delivery)}, in its last event {published.get(delivery)}"
            yield Finding("stock-expected", " ".join(delivery), detail)


ALWAYS = (
    stock_is_not_negative,
    counters_are_sums_of_movements,
    received_pieces_are_in_stock_or_with_orders,
    order_pieces_are_sums_of_movements,
    document_lines_are_moved_once,
    expected_deliveries_match_their_last_event,
)
WHEN_DUE = (shortages_get_settled,)


def _warehouse_of(movement: MovementItem) -> str:
    return movement.pk.split("#")[1]


def _stored_pieces(snapshot: Snapshot) -> _Pieces:
    """Return the pieces that buckets and quarantine count."""
    stock = _Pieces()
    for bucket in snapshot.items(StockBucketItem):
        warehouse, first = bucket.pk.removeprefix("BUCKET#"), int(bucket.sk) * SKUS_PER_BUCKET
        _add_counters(stock.available, warehouse, first, bucket.available)
    for item in snapshot.items(QuarantineItem):
        first = int(item.sk.partition("#")[0]) * SKUS_PER_BUCKET
        _add_counters(stock.quarantined, item.pk.removeprefix("BUCKET#"), first, item.pieces)
    return stock


def _add_counters(counter: Counter[_Place], warehouse: str, first: int, pieces: list[int]) -> None:
    for sku_index, number in enumerate(pieces, first):
        if number:
            counter[warehouse, sku_index] = int(number)


def _moved_pieces(snapshot: Snapshot) -> _Pieces:
    """Return the sums of all movements."""
    stock = _Pieces()
    for item in snapshot.items(MovementItem):
        warehouse, effect = _warehouse_of(item), Move(item.move).effect
        for sku_index, pieces in item.by_sku_index.items():
            for name, sign in zip(_COUNTERS, effect, strict=True):
                if sign:
                    getattr(stock, name)[warehouse, sku_index] += sign * pieces
    return stock


def _pieces_of_orders(snapshot: Snapshot) -> Counter[tuple[str, _Place]]:
    """Return reserved and shipped pieces by order and place."""
    pieces = Counter[tuple[str, _Place]]()
    for order, line, progress in order_lines(snapshot):
        place = order.header.warehouse, line.sku_index
        pieces[order.header.order_id, place] += progress.reserved + progress.shipped
    return pieces


def _pieces_moved_for_orders(snapshot: Snapshot) -> Counter[tuple[str, _Place]]:
    """Return pieces reserved and not released by order and place, by the movements."""
    reserved = Counter[tuple[str, _Place]]()
    for item in snapshot.items(MovementItem):
        if item.order_id:
            for sku_index, pieces in item.by_sku_index.items():
                reserved[item.order_id, (_warehouse_of(item), sku_index)] -= Move(item.move).effect.available * pieces
    return reserved


def _documented_pieces(snapshot: Snapshot) -> dict[_DocumentMove, Counter[int]]:
    """Return pieces by SKU index that each document lists, by document and movement."""
    sku_indexes = {product.sku: product.sku_index for product in snapshot.items(ProductItem)}
    found: dict[_DocumentMove, Counter[int]] = defaultdict(Counter)

    def add(item: Item, reference: str, move: str, rows: Iterable[tuple[str, int]]) -> None:
        warehouse = item.pk.removeprefix("STOCK#")
        for sku, pieces in rows:
            if pieces:
                found[warehouse, reference, move][sku_indexes.get(sku, -1)] += pieces

    for receipt in snapshot.items(GoodsReceiptItem):
        add(receipt, f"goods_receipt {receipt.sk.removeprefix('GOODS_RECEIPT#')}", Move.RECEIVE, receipt.lines)
    for event in snapshot.items(EventItem):
        if event.record and event.envelope.type == OrderPiecesMissing.TYPE:
            document = event.envelope.data["warehouse"], event.record["step"], Move.SHORT_PICK.value
            found[document].update(dict(zip(*event.record["pieces"], strict=True)))
    for item in snapshot.items(StockDocumentItem):
        _, kind, number = item.sk.split("#", 2)
        if kind == "count":
            for sku, _, _, more, missing in item.lines:
                moved = {Move.FOUND: max(more, 0), Move.LOST: max(-more, 0) - missing, Move.MISSING: missing}
                for move, pieces in moved.items():
                    add(item, f"{kind} {number}", move, [(sku, pieces)])
        else:
            add(item, f"{kind} {number}", _MOVE_OF_DOCUMENT.get(kind, kind), item.lines)
    return found


def _place_name(place: _Place) -> str:
    warehouse, sku_index = place
    bucket, position = BucketPosition.of(sku_index)
    return f"{warehouse} bucket {bucket} position {position}"
