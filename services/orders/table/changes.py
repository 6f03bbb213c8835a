"""Orders changed: header, progress, place in line and event in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.orders import OrderEvent
from kernel.messaging.outbox import Command, outbox_event
from kernel.store.table import Transaction
from services.orders.domain import OPEN_STATES, Progress, State, backordered_by_sku_index, totals
from services.orders.table.line import BackorderCountItem, BackorderItem, backorder_count_key, backorder_key
from services.orders.table.orders import (
    FulfilmentItem,
    HeaderItem,
    Order,
    columns_of_progress,
    part_key,
    priority_sort_key,
    state_index_key,
)


def change_order(
    transaction: Transaction,
    order: Order,
    *,
    event: OrderEvent,
    progress: tuple[Progress, ...] | None = None,
    command: Command | None = None,
    promised: Mapping[int, str] | None = None,
    record: Any = None,
    **changes: Any,
) -> Order:
    """Let the transaction bring an order to the state its event tells of, if nobody changed it since it was read.

    Its place in line for goods follows: it stands there while `backordered_since` is set, it is open and pieces are
    back-ordered.

    Args:
        progress: what becomes of the lines, None if that stays; totals in the header follow from it.
        command: what besides the bus the event is for.
        promised: days its dealer is told for what it waits for in line, by sku_index; None if they stay.
        record: what is kept with the event and not sent.
        changes: further attributes of the header and their new values, None to take one away.

    Returns:
        the order as it will be once the transaction is committed.
    """
    header = order.header
    state = State(event.state)
    version = header.version + 1
    if progress is not None:
        changes |= _record_progress(transaction, order, progress)
    changes |= {"state": state.value, "version": version}
    if not changes.get("backordered", header.backordered) or state not in OPEN_STATES:
        changes["backordered_since"] = None
    after = order._replace(header=_with(header, changes), progress=progress or order.progress)
    _sync_backorder_entry(transaction, order, after, promised)
    transaction.set(
        HeaderItem, (header.pk, header.sk), {**changes, **_review_index_keys(header, state)}, _as_read(header), "order"
    )
    transaction.create(
        outbox_event(
            event,
            pk=header.pk,
            subject=header.order_id,
            sequence=version,
            dealer_id=header.dealer_id,
            command=command,
            record=record,
        ),
        "event",
    )
    return after


def with_warehouse(order: Order, warehouse: str, because: list[dict[str, Any]]) -> Order:
    """The order, not yet decided, at the warehouse that serves it and with the reason for that."""
    return order._replace(header=_with(order.header, {"warehouse": warehouse, "sourcing": because}))


def record_step(transaction: Transaction, order: Order, progress: tuple[Progress, ...]) -> None:
    """Let the transaction record one part of a change too large for one transaction, to be resumed from there."""
    header = order.header
    changes = {"steps": header.steps + 1, **_record_progress(transaction, order, progress)}
    transaction.set(HeaderItem, (header.pk, header.sk), changes, _as_read(header), "order")


def _with(header: HeaderItem, changes: Mapping[str, Any]) -> HeaderItem:
    after = HeaderItem()
    after.attribute_values = {**header.attribute_values, **changes}
    return after


def _sync_backorder_entry(
    transaction: Transaction, before: Order, after: Order, promised: Mapping[int, str] | None
) -> None:
    was, is_now = (backorder_key(order.header) for order in (before, after))
    if was and was != is_now:
        transaction.delete(BackorderItem, was, None, "place left")
    if bool(was) != bool(is_now):
        change = BackorderCountItem.orders.add(1 if is_now else -1)
        transaction.update(BackorderCountItem, backorder_count_key(after.header.warehouse), [change], None, "line")
    if is_now:
        header = after.header
        wanted = backordered_by_sku_index(after.demands, after.progress)
        # What it was promised stays unless it is told: hence no put.
        values = {
            "order_id": header.order_id,
            "dealer_id": header.dealer_id,
            "grade": header.grade,
            "urgent": header.urgent,
            "since": header.backordered_since,
            "shortage_policy": header.shortage_policy,
            "wanted": [list(wanted), list(wanted.values())],
        }
        if promised is not None:
            values["promised"] = [list(promised), list(promised.values())]
        transaction.set(BackorderItem, is_now, values, None, "place")


def _review_index_keys(header: HeaderItem, state: State) -> dict[str, str | None]:
    """Stand in the queue of the state, or in none."""
    waiting = state_index_key(state)
    rank = priority_sort_key(bool(header.urgent), header.submitted_at, header.order_id) if waiting else None
    return {"gsi1pk": waiting, "gsi1sk": rank}


def _record_progress(transaction: Transaction, order: Order, progress: Sequence[Progress]) -> dict[str, int]:
    """Write what became of the lines where the header alone no longer tells; the header's new totals, and its count of
    these writings."""
    changes = totals(progress)._asdict()
    if order.has_fulfilment or order.header.pieces not in changes.values():
        number = order.header.fulfilments + 1
        key = part_key("FULFILMENT", order.header.order_id)
        transaction.put(FulfilmentItem(*key, columns=columns_of_progress(progress), number=number), "fulfilment")
        changes["fulfilments"] = number
    return changes


def _as_read(header: HeaderItem) -> dict[str, int]:
    return {"version": header.version, "steps": header.steps}
