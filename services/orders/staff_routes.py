"""Triggers about the work of staff: what waits for them, what was not done by the evening, how long decisions take."""

from contracts.orders import OrderApproved, OrderRejected
from kernel.http.models import DocumentNumber
from kernel.http.principal import STAFF_ROLES, Principal
from kernel.messaging.events import Envelope
from services.orders.order.lifecycle import Action, roles_allowed
from services.orders.service import app
from services.orders.touch_time import open_order as order_opening
from services.orders.touch_time import record_touch_time as touch_times
from services.orders.touch_time import show_touch_time as touch_time
from services.orders.touch_time.api import OrderOpened, TouchTimeQuery, TouchTimeReport
from services.orders.worklist import report_day as day_report
from services.orders.worklist import show_worklist as worklist
from services.orders.worklist.api import DayReports, DayReportsQuery, Worklist, WorklistQuery


@app.operation("GET", "/worklist", roles=STAFF_ROLES, summary="待办清单 / List what waits for a person now")
def show_worklist(caller: Principal, query: WorklistQuery) -> Worklist:
    return worklist.show_worklist(caller, query)


@app.periodic(minutes=10)
def report_day() -> None:
    day_report.report_day()


@app.operation("GET", "/day-reports", roles=STAFF_ROLES, summary="日终报告 / List what was due and not done by day")
def list_day_reports(caller: Principal, query: DayReportsQuery) -> DayReports:
    return day_report.list_day_reports(caller, query)


# Opened once more, an order keeps its first opening, so the request takes no key.
@app.operation(
    "PUT",
    "/orders/{order_id}/opened",
    roles=roles_allowed(Action.APPROVE),
    summary="打开待审订单 / Record that the caller opened an order in review",
)
def open_order(caller: Principal, order_id: DocumentNumber) -> OrderOpened:
    return order_opening.open_order(caller, order_id)


@app.consumer(subscribes=[OrderApproved, OrderRejected])
def record_touch_time(message: Envelope) -> None:
    touch_times.record_touch_time(message)


@app.operation(
    "GET", "/touch-time", roles=STAFF_ROLES, summary="处理用时 / Show the touch time of decided orders by day"
)
def show_touch_time(query: TouchTimeQuery) -> TouchTimeReport:
    return touch_time.show_touch_time(query)
