"""Invariants of orders: all parts are stored; pieces and amounts of header, lines and price list agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from contracts.catalog import PricePageItem, PriceVersionItem, page_version, price_page_key, price_version_key
from contracts.stock import BucketPosition
from kernel.base.money import fen_of
from kernel.http.idempotency import IdempotencyItem
from kernel.invariants.snapshot import Finding, Snapshot
from kernel.store.items import decompress_json
from services.orders.credit.items import OrderingAccountItem
from services.orders.invariants.loading import all_orders, line_name, order_lines, orders_by_dealer
from services.orders.order.items import (
    PROGRESS_COLUMNS,
    FulfilmentItem,
    HeaderItem,
    LinesItem,
    Order,
    priority_sort_key,
    state_index_key,
)
from services.orders.vocabulary import OPEN_STATES, State

_SUBMIT_ROUTE = "POST /orders#"
_UNSHIPPED_STATES = frozenset({State.SUBMITTED, State.IN_REVIEW, State.REJECTED, State.CANCELLED})


# ---- pieces ----


def line_quantities_add_up(snapshot: Snapshot) -> Iterator[Finding]:
    """Find lines without: ordered = reserved + backordered + shipped + cancelled, once stock was decided."""
    for order, line, progress in order_lines(snapshot):
        counts = [getattr(progress, name) for name in PROGRESS_COLUMNS]
        total = sum(counts)
        is_decided = not _may_be_undecided(order)
        if min(counts) < 0 or total > line.quantity or (total < line.quantity and is_decided):
            yield Finding("order-line-quantity", line_name(order, line), f"ordered {line.quantity}, {progress}")


def orders_on_credit_hold_take_no_stock(snapshot: Snapshot) -> Iterator[Finding]:
    """Find orders on credit hold with reserved or backordered pieces."""
    for order in snapshot.cached(all_orders):
        header = order.header
        if header.is_on_credit_hold and header.reserved + header.backordered:
            detail = f"{header.reserved} pieces are reserved and {header.backordered} backordered"
            yield Finding("credit-hold-stock", header.order_id, detail)


def orders_without_partial_use_are_reserved_whole(snapshot: Snapshot) -> Iterator[Finding]:
    """Find open orders that have no use for a part and have both reserved and backordered pieces.

    An order whose stock is decided or released in several steps may have a part of its pieces in between.
    """
    for order in snapshot.cached(all_orders):
        if order.shortage_policy.accepts_partial or order.state not in OPEN_STATES or order.header.steps:
            continue
        reserved, backordered = order.header.reserved, order.header.backordered
        if reserved and backordered:
            detail = f"{reserved} pieces are reserved and {backordered} backordered"
            yield Finding("all-or-nothing", order.header.order_id, detail)


def ended_orders_have_no_open_pieces(snapshot: Snapshot) -> Iterator[Finding]:
    """Find closed, rejected and cancelled orders with reserved or backordered pieces."""
    for order, line, progress in order_lines(snapshot):
        if order.state not in OPEN_STATES and progress.reserved + progress.backordered:
            yield Finding("open-after-end", line_name(order, line), f"{order.state}, but {progress}")


def only_confirmed_orders_have_shipped_pieces(snapshot: Snapshot) -> Iterator[Finding]:
    """Find unconfirmed orders with shipped pieces, and closed orders without."""
    for order in snapshot.cached(all_orders):
        shipped = sum(progress.shipped for progress in order.progress)
        if (shipped and order.state in _UNSHIPPED_STATES) or (not shipped and order.state is State.CLOSED):
            yield Finding("state-shipped", order.header.order_id, f"{order.state}, and {shipped} pieces were shipped")


# ---- parts ----


def orders_have_all_their_parts(snapshot: Snapshot) -> Iterator[Finding]:
    """Find orders that lack header or lines, or whose fulfilment is not the one that the header counts."""
    headers = {(item.pk, item.sk.partition("#")[2]): item.fulfilments for item in snapshot.items(HeaderItem)}
    lines = {(item.pk, item.sk.partition("#")[2]) for item in snapshot.items(LinesItem)}
    fulfilments = {(item.pk, item.sk.partition("#")[2]): item.number for item in snapshot.items(FulfilmentItem)}
    for pk, sequence in sorted(headers.keys() - lines):
        yield Finding("order-incomplete", f"{pk} {sequence}", "it has a header and no lines")
    for pk, sequence in sorted((lines | fulfilments.keys()) - headers.keys()):
        yield Finding("order-incomplete", f"{pk} {sequence}", "it has parts and no header")
    for (pk, sequence), number in sorted(headers.items()):
        if (stored := fulfilments.get((pk, sequence), 0)) != number:
            detail = f"header counts fulfilment {number}, stored is {stored}"
            yield Finding("order-incomplete", f"{pk} {sequence}", detail)


def recorded_confirmations_have_an_order(snapshot: Snapshot) -> Iterator[Finding]:
    """Find recorded order confirmations without an order, and orders confirmed under two keys."""
    known = {header.order_id for header in snapshot.items(HeaderItem)}
    keys: Counter[str] = Counter()
    for item in snapshot.items(IdempotencyItem):
        if item.sk.startswith(_SUBMIT_ROUTE):
            keys[decompress_json(item.answer)["order_id"]] += 1
    for order_id, count in sorted(keys.items()):
        if order_id not in known:
            yield Finding("order-lost", order_id, "it was accepted and is not stored")
        if count > 1:
            yield Finding("order-keys", order_id, f"{count} keys were answered with it")


def open_orders_are_indexed_by_state(snapshot: Snapshot) -> Iterator[Finding]:
    """Find open orders that are missing in the index of their state, and ended ones that are in an index."""
    for header in snapshot.items(HeaderItem):
        pk = state_index_key(State(header.state))
        sk = priority_sort_key(bool(header.urgent), header.submitted_at, header.order_id) if pk else None
        if (header.gsi1pk, header.gsi1sk) != (pk, sk):
            yield Finding("order-queue", header.order_id, f"{header.state}, indexed under {header.gsi1pk}")


def order_numbers_have_no_gap(snapshot: Snapshot) -> Iterator[Finding]:
    """Find dealers whose order numbers do not run from 1 to the last number given."""
    accounts = snapshot.by_partition(OrderingAccountItem)
    by_dealer = snapshot.cached(orders_by_dealer)
    for dealer_id in sorted(by_dealer.keys() | accounts.keys()):
        numbers = sorted(int(order.header.sequence) for order in by_dealer.get(dealer_id, []))
        last = accounts[dealer_id][0].last_sequence if dealer_id in accounts else 0
        if numbers != list(range(1, last + 1)):
            missing = sorted(set(range(1, last + 1)) - set(numbers))
            yield Finding("order-sequence", dealer_id, f"{len(numbers)} orders up to {last}, missing {missing[:10]}")


# ---- amounts ----


def order_totals_are_sums_of_lines(snapshot: Snapshot) -> Iterator[Finding]:
    """Find headers whose totals are not the sums of the lines."""
    for order in snapshot.cached(all_orders):
        expected = {
            "line_count": len(order.lines),
            "pieces": sum(line.quantity for line in order.lines),
            "gross_fen": sum(line.gross_fen for line in order.lines),
            "tax_fen": sum(line.tax_fen for line in order.lines),
            **{name: sum(getattr(progress, name) for progress in order.progress) for name in PROGRESS_COLUMNS},
        }
        for name, value in expected.items():
            if (stored := getattr(order.header, name)) != value:
                yield Finding("order-total", order.header.order_id, f"{name} {stored}, sum of its lines {value}")


def line_amounts_are_price_times_quantity(snapshot: Snapshot) -> Iterator[Finding]:
    """Find lines without: gross = round(unit price x quantity), in fen."""
    for order, line, _ in order_lines(snapshot):
        if line.gross_fen != fen_of(line.unit_price, line.quantity):
            detail = f"{line.unit_price} x {line.quantity} is not {line.gross_fen} fen"
            yield Finding("order-line-amount", line_name(order, line), detail)


def line_prices_are_from_the_price_list(snapshot: Snapshot) -> Iterator[Finding]:
    """Find lines with another price than the order's price list version has for all pieces of that SKU."""
    pages = {(page.pk, page.sk): page for page in snapshot.items(PricePageItem)}
    versions = {(version.pk, version.sk): version.page_versions for version in snapshot.items(PriceVersionItem)}
    for order in snapshot.cached(all_orders):
        pieces: Counter[int] = Counter()
        for line in order.lines:
            pieces[line.sku_index] += line.quantity
        for line in order.lines:
            listed = _list_price(pages, versions, order, line.sku_index, pieces[line.sku_index])
            if listed != line.unit_price:
                detail = f"{line.unit_price}, in the price list {listed}"
                yield Finding("order-line-price", line_name(order, line), detail)


ALWAYS = (
    line_quantities_add_up,
    orders_on_credit_hold_take_no_stock,
    orders_without_partial_use_are_reserved_whole,
    ended_orders_have_no_open_pieces,
    only_confirmed_orders_have_shipped_pieces,
    orders_have_all_their_parts,
    recorded_confirmations_have_an_order,
    open_orders_are_indexed_by_state,
    order_numbers_have_no_gap,
    order_totals_are_sums_of_lines,
    line_amounts_are_price_times_quantity,
    line_prices_are_from_the_price_list,
)


def _may_be_undecided(order: Order) -> bool:
    """Return whether stock may be undecided: of submitted orders, those on credit hold, and those released from it.

    A change in several recorded steps may leave a part undecided in between.
    """
    header = order.header
    asks = bool(header.credit_released_at or header.steps) and order.state in OPEN_STATES
    return order.state is State.SUBMITTED or header.is_on_credit_hold or asks


def _list_price(
    pages: Mapping[tuple[str, str], Any],
    versions: Mapping[tuple[str, str], Any],
    order: Order,
    sku_index: int,
    pieces: int,
) -> Decimal | None:
    bucket, position = BucketPosition.of(sku_index)
    price_list = order.ordered.price_list
    page_versions = versions.get(price_version_key(price_list, order.ordered.price_version), ())
    page = pages.get(price_page_key(price_list, page_version(page_versions, bucket), bucket))
    price = page.price_at(position) if page else None
    return price.at(pieces) if price else None
