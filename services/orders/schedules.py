"""Schedules: what is due for open orders, and the report of the day."""

from services.orders import sweep
from services.orders.service import app
from services.orders.worklist import report_day as day_report


@app.periodic(minutes=1)
def sweep_orders() -> None:
    sweep.sweep_orders()


@app.periodic(minutes=10)
def report_day() -> None:
    day_report.report_day()
