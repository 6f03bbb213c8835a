"""List the warehouses."""

from __future__ import annotations

from contracts.warehouses import Warehouse
from reads.warehouses import known_warehouses
from services.orders.warehouses.api import WarehouseList, WarehouseView


def list_warehouses() -> WarehouseList:
    """List all warehouses by id, for any user, as they are stored now."""
    return WarehouseList(
        warehouses=[warehouse_view(warehouse) for warehouse in known_warehouses(cached=False).values()]
    )


def warehouse_view(warehouse: Warehouse) -> WarehouseView:
    """Return a warehouse as an answer."""
    facts = warehouse._asdict()
    return WarehouseView(warehouse=facts.pop("warehouse_id"), **facts)
