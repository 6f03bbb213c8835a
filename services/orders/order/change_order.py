"""Change an order: header, fulfilment, backorder entry and event in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from contracts.orders import OrderEvent
from kernel.http.idempotency import IdempotencyKey
from kernel.messaging.outbox import Command, outbox_event
from kernel.store.transaction import Transaction
from services.orders.order.api import OrderSummary
from services.orders.order.backorder_entry import BackorderCountItem, BackorderItem, backorder_count_key, backorder_key
from services.orders.order.items import (
    FulfilmentItem,
    HeaderItem,
    Order,
    columns_of_progress,
    order_part_key,
    priority_sort_key,
    state_index_key,
)
from services.orders.order.lifecycle import Action, next_state
from services.orders.order.rules import Progress, backordered_by_sku_index, sum_progress
from services.orders.order.views import event_fields, summary_of
from services.orders.vocabulary import OPEN_STATES, State

Announced = TypeVar("Announced", bound=OrderEvent)


class Changed(NamedTuple, Generic[Announced]):
    """Order as it is once the transaction is committed, and the event of the change."""

    order: Order
    event: Announced


def change_order(
    transaction: Transaction,
    order: Order,
    action: Action,
    event: type[Announced],
    *,
    by: str = "",
    facts: Mapping[str, Any] | None = None,
    progress: tuple[Progress, ...] | None = None,
    command: Command | None = None,
    promised: Mapping[int, str] | None = None,
    record: Any = None,
    **changes: Any,
) -> Changed[Announced]:
    """Add an action on an order to the transaction, if no other change came since the order was read.

    The state follows from the state table. The backorder entry follows from the order: it exists while the order is
    open, `backordered_since` is set and pieces are backordered.

    Args:
        event: type of the event; `facts` are the fields it has besides those of every order event.
        by: name of the person, empty for the system.
        progress: progress of the lines afterwards, None if unchanged. The totals in the header follow.
        command: FIFO queue that gets the event besides the bus.
        promised: promise dates of backordered pieces by SKU index, None if unchanged.
        record: JSON stored with the event and not sent.
        changes: further attributes of the header, None to remove one.
    """
    header = order.header
    if progress is not None:
        changes |= _record_progress(transaction, order, progress)
    shipped = changes.get("shipped", header.shipped)
    open_pieces = header.pieces - shipped - changes.get("cancelled", header.cancelled)
    state = next_state(order.state, action, open_pieces=open_pieces, shipped_pieces=shipped)
    announced = event(**event_fields(header, state, by), **(facts or {}))
    version = header.version + 1
    changes |= {"state": state.value, "version": version}
    if not changes.get("backordered", header.backordered) or state not in OPEN_STATES:
        changes["backordered_since"] = None
    after = _after(order, changes, progress or order.progress)
    written = {**changes, **_review_index_keys(header, state)}
    _sync_backorder_entry(transaction, order, after, promised)
    transaction.update_fields(HeaderItem, (header.pk, header.sk), written, expected=_as_read(header), label="order")
    transaction.create(
        outbox_event(
            announced,
            pk=header.pk,
            subject=header.order_id,
            sequence=version,
            dealer_id=header.dealer_id,
            command=command,
            record=record,
        ),
        "event",
    )
    return Changed(after, announced)


def with_warehouse(order: Order, warehouse: str, candidates: list[dict[str, Any]]) -> Order:
    """Return the order served by another warehouse, with the candidates that were compared."""
    return order._replace(header=_with(order.header, {"warehouse": warehouse, "sourcing": candidates}))


def record_partial_progress(transaction: Transaction, order: Order, progress: tuple[Progress, ...]) -> Order:
    """Add one step to the transaction, of a change that one transaction cannot hold. A repeat continues after it.

    Returns:
        The order as it is once the transaction is committed.
    """
    header = order.header
    changes = {"steps": header.steps + 1, **_record_progress(transaction, order, progress)}
    after = _after(order, changes, progress)
    transaction.update_fields(HeaderItem, (header.pk, header.sk), changes, expected=_as_read(header), label="order")
    return after


def _after(order: Order, changes: Mapping[str, Any], progress: tuple[Progress, ...]) -> Order:
    has_fulfilment = order.has_fulfilment or "fulfilments" in changes
    return order._replace(header=_with(order.header, changes), progress=progress, has_fulfilment=has_fulfilment)


def _with(header: HeaderItem, changes: Mapping[str, Any]) -> HeaderItem:
    after = HeaderItem()
    after.attribute_values = {**header.attribute_values, **changes}
    return after


def _sync_backorder_entry(
    transaction: Transaction, before: Order, after: Order, promised: Mapping[int, str] | None
) -> None:
    was, is_now = (backorder_key(order.header) for order in (before, after))
    if is_now:
        header = after.header
        wanted = backordered_by_sku_index(after.demands, after.progress)
        # The promise dates stay unless they are given, so this is no put.
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
        transaction.update_fields(BackorderItem, is_now, values, label="backorder")
    if was and was != is_now:
        transaction.delete(BackorderItem, was, None, "backorder left")
    if bool(was) != bool(is_now):
        key = backorder_count_key(after.header.warehouse)
        transaction.update_fields(
            BackorderCountItem, key, {}, increments={"orders": 1 if is_now else -1}, label="backorder count"
        )


def _review_index_keys(header: HeaderItem, state: State) -> dict[str, str | None]:
    """Return the index keys of an order: its place in the list of its state, or none."""
    waiting = state_index_key(state)
    rank = priority_sort_key(bool(header.urgent), header.submitted_at, header.order_id) if waiting else None
    return {"gsi1pk": waiting, "gsi1sk": rank}


def _record_progress(transaction: Transaction, order: Order, progress: Sequence[Progress]) -> dict[str, int]:
    """Write the progress of the lines unless the header alone shows it.

    Returns:
        The new totals of the header, and the number of this writing.
    """
    changes = sum_progress(progress)._asdict()
    if order.has_fulfilment or order.header.pieces not in changes.values():
        number = order.header.fulfilments + 1
        key = order_part_key("FULFILMENT", order.header.order_id)
        transaction.put(FulfilmentItem(*key, columns=columns_of_progress(progress), number=number), "fulfilment")
        changes["fulfilments"] = number
    return changes


def _as_read(header: HeaderItem) -> dict[str, int]:
    return {"version": header.version, "steps": header.steps}


def commit_change(
    transaction: Transaction,
    order: Order,
    action: Action,
    event: type[OrderEvent],
    key: IdempotencyKey,
    *,
    by: str,
    facts: Mapping[str, Any],
    **more: Any,
) -> OrderSummary:
    """Commit a person's action on an order with its recorded response; return the order as it is then.

    Takes what `change_order` takes in `more`.
    """
    after = change_order(transaction, order, action, event, by=by, facts=facts, **more)
    answer = summary_of(after.order.header)
    key.record_response(transaction, answer)
    transaction.commit()
    return answer
