"""Warehouses by id, and the checks of everything that names one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.warehouses import WAREHOUSES_KEY, Warehouse, WarehousesItem
from kernel.base.problems import FieldProblem, Invalid, NotFound, Refusal
from kernel.store.read import fetch_one
from kernel.time import clock
from reads.cache import Cache

#: Seconds for which one read of the warehouses serves a process.
_PERIOD_SECONDS = 10

#: Warehouses by id. The key is the number of the period in which they were read, so an older reading is not found.
_readings: Cache[int, Mapping[str, Warehouse]] = Cache(max_entries=1)


#: A refusal names so many of the known warehouses.
_MOST_NAMED = 30
#: A refusal repeats at most so many characters of an unknown id.
_MOST_REPEATED = 20


def known_warehouses(*, cached: bool = True) -> Mapping[str, Warehouse]:
    """Return all warehouses by id, also those that are no longer used.

    Args:
        cached: False to read them now.
    """
    period = int(clock.now().timestamp()) // _PERIOD_SECONDS
    known = _readings.get(period) if cached else None
    if known is None:
        item = fetch_one(WarehousesItem, WAREHOUSES_KEY)
        known = item.by_id if item else {}
        _readings.clear()
        _readings.put(period, known)
    return known


def warehouse_names(warehouse_id: str) -> dict[str, Any]:
    """Return the names of a warehouse as fields of an answer; an unknown one has its id as its names."""
    warehouse = known_warehouses().get(warehouse_id)
    zh, en = (warehouse.name_zh, warehouse.name_en) if warehouse else (warehouse_id, warehouse_id)
    return {"warehouse_name_zh": zh, "warehouse_name_en": en}


def forget_warehouses() -> None:
    """Read the warehouses anew at the next use: for the process that has changed them."""
    _readings.clear()


def warehouse_problems(named: Iterable[tuple[str, str]], *, must_be_active: bool = False) -> list[FieldProblem]:
    """Return a problem for each field that names an unknown warehouse, or one that is no longer used.

    A warehouse may have been created a moment ago, so a refusal never rests on what was cached.

    Args:
        named: (field path, warehouse id) of each field.
        must_be_active: True where the warehouse takes goods, dealers or orders in.
    """
    fields = list(named)
    return _problems(fields, known_warehouses(), must_be_active) and _problems(
        fields, known_warehouses(cached=False), must_be_active
    )


def require_warehouse(warehouse: str, field: str = "warehouse", *, must_be_active: bool = False) -> None:
    """Check a field that names a warehouse.

    Raises:
        Invalid: it is unknown, or no longer used and must be; names those that may be used.
    """
    if problems := warehouse_problems([(field, warehouse)], must_be_active=must_be_active):
        raise Invalid(problems)


def require_warehouse_of_path(warehouse: str, *, must_be_active: bool = False) -> None:
    """Check a path variable that names a warehouse.

    Raises:
        NotFound: it is unknown; names the known ones.
        Refusal: it is no longer used and must be; names those that are.
    """
    problems = warehouse_problems([("warehouse", warehouse)], must_be_active=must_be_active)
    if not problems:
        return
    if problems[0].code == "unknown-warehouse":
        raise NotFound(problems)
    raise Refusal("inactive-warehouse", problems[0].detail, problems)


def _problems(
    fields: Iterable[tuple[str, str]], known: Mapping[str, Warehouse], must_be_active: bool
) -> list[FieldProblem]:
    found = (warehouse_problem(field, named, known, must_be_active=must_be_active) for field, named in fields)
    return [problem for problem in found if problem]


def warehouse_problem(
    field: str, warehouse_id: str, known: Mapping[str, Warehouse], *, must_be_active: bool
) -> FieldProblem | None:
    """Return the problem of a field that names a warehouse; None if it names one that may be used.

    Args:
        must_be_active: True where the warehouse takes goods, dealers or orders in.
    """
    warehouse = known.get(warehouse_id)
    if warehouse is None:
        zh, en = _names(known.values())
        named = warehouse_id[:_MOST_REPEATED]
        detail = f"没有仓库 {named},现有:{zh} / there is no warehouse {named}; known: {en}"
        return FieldProblem(field=field, code="unknown-warehouse", detail=detail)
    if must_be_active and not warehouse.active:
        zh, en = _names(other for other in known.values() if other.active)
        detail = (
            f"{warehouse_id} {warehouse.name_zh}已停用,可用:{zh} / "
            f"{warehouse_id} {warehouse.name_en} is no longer used; use one of: {en}"
        )
        return FieldProblem(field=field, code="inactive-warehouse", detail=detail)
    return None


def _names(warehouses: Iterable[Warehouse]) -> tuple[str, str]:
    """Return ids and names as a refusal lists them, in Chinese and in English."""
    listed = list(warehouses)[:_MOST_NAMED]
    zh = "、".join(f"{warehouse.warehouse_id} {warehouse.name_zh}" for warehouse in listed)
    en = ", ".join(f"{warehouse.warehouse_id} {warehouse.name_en}" for warehouse in listed)
    return zh or "(尚无仓库)", en or "(none yet)"
