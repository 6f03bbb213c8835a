"""List the warehouses."""

from __future__ import annotations

from typing import Any

from contracts.warehouses import Warehouse
from kernel.http.principal import Principal
from reads.warehouses import known_warehouses
from services.orders.warehouses.api import WarehouseList, WarehouseView


def list_warehouses(caller: Principal) -> WarehouseList:
    """List all warehouses by id, for any user, as they are stored now. Dealers see no escalation contact."""
    hidden: dict[str, Any] = {"escalation_contact": None} if caller.is_dealer else {}
    warehouses = known_warehouses(cached=False).values()
    return WarehouseList(warehouses=[warehouse_view(warehouse._replace(**hidden)) for warehouse in warehouses])


def warehouse_view(warehouse: Warehouse) -> WarehouseView:
    """Return a warehouse as an answer."""
    facts = warehouse._asdict()
    return WarehouseView(warehouse=facts.pop("warehouse_id"), **facts)
