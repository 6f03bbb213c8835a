"""Report on the evening of a working day what was due and is not done, and list the reports."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from contracts.worklist import DayReported, UnhandledOrders
from kernel.base import observability
from kernel.http.principal import Principal
from kernel.messaging.outbox import outbox_event
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import fetch_one, query_page
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.order.items import orders_in_state
from services.orders.worklist.api import DayReport, DayReports, DayReportsQuery
from services.orders.worklist.items import WORKLIST, DayReportItem, day_report_key
from services.orders.worklist.rules import TaskKind, ended_working_day, is_due_by, states_with, tasks_of

#: Most order ids of one kind that a report names.
MOST_ORDERS = 50


def report_day() -> None:
    """Store and publish the report of a working day once, after its business hours; a later run of the day finds it.

    A day on which no run came between the end of business hours and midnight has no report: its orders can no longer
    be known.
    """
    now = clock.now()
    day = ended_working_day(now, CHINA)
    if day is None or fetch_one(DayReportItem, day_report_key(day)):
        return
    unhandled = _unhandled_orders(day, now)
    report = DayReported(day=day.isoformat(), unhandled=tuple(unhandled))
    transaction = Transaction()
    transaction.create(
        DayReportItem(
            *day_report_key(day),
            day=report.day,
            reported_at=clock.stamp(now),
            unhandled=[one.model_dump() for one in unhandled],
        ),
        "report",
    )
    transaction.create(outbox_event(report, pk=WORKLIST, subject=f"day-{day}", sequence=1), "event")
    try:
        transaction.commit()
    except TransactionRefused:
        return  # another run was faster
    observability.count("UnhandledOrders", sum(one.number for one in unhandled))


def list_day_reports(caller: Principal, query: DayReportsQuery) -> DayReports:
    """List the reports, newest first."""
    bound_to = [caller.scope, "day-reports"]
    page = query_page(
        DayReportItem,
        WORKLIST,
        sk=DayReportItem.sk.startswith("REPORT#"),
        limit=query.limit,
        start=open_cursor(bound_to, query.cursor),
        newest_first=True,
    )
    reports = [DayReport(day=one.day, reported_at=one.reported_at, unhandled=one.unhandled) for one in page.items]
    return DayReports(reports=reports, next_cursor=next_cursor(bound_to, page.next_key))


def _unhandled_orders(day: date, now: datetime) -> list[UnhandledOrders]:
    """Return the orders with tasks that were due by the end of the day, by kind. Every open order is read once."""
    orders: dict[TaskKind, list[str]] = defaultdict(list)
    for state in states_with(None):
        for header in orders_in_state(state):
            for task in tasks_of(header, now, CHINA):
                if is_due_by(task, day):
                    orders[task.kind].append(header.order_id)
    return [
        UnhandledOrders(kind=kind, number=len(orders[kind]), orders=tuple(orders[kind][:MOST_ORDERS]))
        for kind in TaskKind
    ]
