"""Show what waits for a person now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.ranges import KeyRange, read_ranges
from kernel.time import clock
from kernel.time.holidays import CHINA, calendar_end_if_passed
from reads.dealers import dealer_names
from reads.warehouses import require_warehouse, warehouse_names
from services.orders.order.items import HeaderItem, state_index_key
from services.orders.worklist.api import Worklist, WorklistEntry, WorklistQuery
from services.orders.worklist.rules import Task, TaskKind, states_with, tasks_of

#: Order with the tasks that wait at it.
_Waiting = tuple[HeaderItem, list[Task]]


def show_worklist(caller: Principal, query: WorklistQuery) -> Worklist:
    """Show the tasks at open orders, urgent orders first, then by state and age.

    Only open orders are read, by the index of their states: closed ones cost nothing.

    Raises:
        Invalid: there is no such warehouse.
    """
    if query.warehouse is not None:
        require_warehouse(query.warehouse)
    now = clock.now()
    bound_to = [caller.scope, "worklist", str(query.warehouse), str(query.kind)]
    found = read_ranges(
        _key_ranges(query.kind),
        partial(_chosen, query, now),
        limit=query.limit,
        filtered=True,
        start=open_cursor(bound_to, query.cursor),
    )
    names = dealer_names(header.dealer_id for header, _ in found.rows)
    entries = [
        WorklistEntry(
            kind=task.kind,
            id=header.order_id,
            dealer_id=header.dealer_id,
            dealer_name=names[header.dealer_id],
            warehouse=header.warehouse,
            **warehouse_names(header.warehouse),
            urgent=bool(header.urgent),
            since=clock.stamp(task.since),
            due_at=clock.stamp(task.due),
            overdue=task.due < now,
            roles=sorted(task.roles),
        )
        for header, tasks in found.rows
        for task in tasks
    ]
    return Worklist(
        entries=entries,
        next_cursor=next_cursor(bound_to, found.position),
        calendar_known_until=calendar_end_if_passed(*(entry.due_at for entry in entries)),
    )


def _chosen(query: WorklistQuery, now: datetime, headers: Sequence[HeaderItem]) -> list[_Waiting | None]:
    """Return each order with its tasks that meet the filters, None for an order without any."""
    waiting = [
        (header, [task for task in tasks_of(header, now, CHINA) if query.kind in {None, task.kind}])
        if query.warehouse in {None, header.warehouse}
        else (header, [])
        for header in headers
    ]
    return [one if one[1] else None for one in waiting]


def _key_ranges(kind: TaskKind | None) -> list[KeyRange]:
    """Return the keys of the open orders that may have such a task: of all states the urgent ones first."""
    return [
        KeyRange(HeaderItem, str(state_index_key(state)), f"{urgency}#", on_index=True)
        for urgency in "01"
        for state in states_with(kind)
    ]
