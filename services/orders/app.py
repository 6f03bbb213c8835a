"""Triggers of orders, each in the module that its function loads."""

from services.orders import listeners, lookup_routes, order_routes, queues, schedules, stock_routes
from services.orders.service import app

__all__ = ["app", "listeners", "lookup_routes", "order_routes", "queues", "schedules", "stock_routes"]
