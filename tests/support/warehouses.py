"""Warehouses that exist in every world of the tests."""

from __future__ import annotations

from contracts.warehouses import Warehouse, warehouses_item
from reads.warehouses import forget_warehouses

#: Chinese and English name by id.
WAREHOUSES = {
    "GZ": ("广州仓", "Guangzhou"),
    "FS": ("佛山仓", "Foshan"),
    "SH": ("上海仓", "Shanghai"),
    "SZ": ("深圳仓", "Shenzhen"),
}


def store_warehouses() -> None:
    """Store the warehouses as version 1 each."""
    warehouses = [
        Warehouse(warehouse_id, *names, active=True, version=1, changed_by="管理员", reason="开仓")
        for warehouse_id, names in WAREHOUSES.items()
    ]
    warehouses_item(warehouses, 1).save()
    forget_warehouses()
