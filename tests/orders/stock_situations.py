"""Situations in which the routes of stock, warehouses and rules take different paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.orders.situations import place_two_backorders
from tests.support.company_data import OTHER, WAREHOUSE, user_of
from tests.support.steps import (
    WIDE_SKUS,
    act_on_order,
    drain,
    in_order,
    lines_of,
    place_order,
    publish_allocation_rule,
    receive_goods,
    request,
    stock_many_buckets,
)
from tests.support.trigger import Race, Situation, Step


def receipt(
    reference: str, *lines: tuple[str, int], warehouse: str = WAREHOUSE, expected: str | None = None
) -> dict[str, Any]:
    """Return the body of a goods receipt, of an expected delivery or without one."""
    body = {"warehouse": warehouse, "reference": reference, "lines": lines_of(*lines)}
    return body | {"expected": expected} if expected else body


def _receipt(name: str, *lines: tuple[str, int], warehouse: str = WAREHOUSE, **more: Any) -> Situation:
    return Situation(name, body=receipt("DN-R", *lines, warehouse=warehouse), **more)


RECEIVE_GOODS = [
    _receipt("on a new bucket", ("L3", 5), warehouse="SZ"),
    _receipt("on many buckets", *((sku, 3) for sku in WIDE_SKUS), prepare=stock_many_buckets(), warehouse="SZ"),
    _receipt("for all backorders", ("L5", 6), prepare=place_two_backorders),
    _receipt("for some of the backorders", ("L5", 3), prepare=place_two_backorders),
    _receipt(
        "contended: another receipt on the new bucket",
        ("L3", 5),
        warehouse="SZ",
        rival=receive_goods("DN-X", ("L3", 1), warehouse="SZ"),
    ),
    _receipt(
        "contended: the same receipt meanwhile", ("L3", 5), rival=receive_goods("DN-R", ("L3", 5)), statuses=(409,)
    ),
]


def adjustment(kind: str, *lines: tuple[str, int]) -> dict[str, Any]:
    """Return the body of a stock adjustment."""
    return {
        "warehouse": WAREHOUSE,
        "reference": "A-1",
        "kind": kind,
        "reason": "月末盘点",
        "lines": lines_of(*lines),
    }


def _count(*lines: tuple[str, int]) -> Step:
    """Return a step that books another count."""
    body = adjustment("count", *lines) | {"reference": "A-9"}
    return request("orders", "/stock/adjustments", body, role="warehouse")


#: Two orders have all four pieces of L5 reserved.
_reserved_twice = in_order(
    receive_goods("DN-5", ("L5", 4)), drain, place_order(("L5", 2)), place_order(("L5", 2), dealer=OTHER, name="other")
)

COUNT = [
    Situation("below what is reserved", body=adjustment("count", ("L5", 1)), prepare=_reserved_twice),
    Situation(
        "more than an open shortage left",
        body=adjustment("count", ("L5", 3)),
        prepare=in_order(_reserved_twice, _count(("L5", 1))),
    ),
    Situation(
        "contended: a reservation is cancelled meanwhile",
        body=adjustment("count", ("L5", 1)),
        prepare=_reserved_twice,
        rival=act_on_order("cancel"),
    ),
    Situation(
        "contended: another count finds pieces missing meanwhile",
        body=adjustment("count", ("L5", 1)),
        prepare=_reserved_twice,
        rival=_count(("L5", 0)),
    ),
]


ADJUST_RACES = [
    Race("count", body=adjustment("count", ("L1", 16))),
    Race("count below what is reserved", body=adjustment("count", ("L1", 5)) | {"reference": "A-3"}),
    Race("set aside", body=adjustment("set_aside", ("L2", 1)) | {"reference": "A-2"}),
]


def transfer(to_warehouse: str, *lines: tuple[str, int], expected_on: str) -> dict[str, Any]:
    """Return the body of a transfer to another warehouse."""
    return {
        "from_warehouse": WAREHOUSE,
        "to_warehouse": to_warehouse,
        "reference": "T-1",
        "expected_on": expected_on,
        "reason": "补货",
        "lines": lines_of(*lines),
    }


def delivery(*lines: tuple[str, int], expected_on: str, version: int) -> dict[str, Any]:
    """Return the body of an expected delivery."""
    return {"expected_on": expected_on, "lines": lines_of(*lines), "reason": "船期推迟", "version": version}


def warehouse(name_zh: str, name_en: str, *, active: bool = True, version: int = 0) -> dict[str, Any]:
    """Return the body that publishes a warehouse."""
    return {"name_zh": name_zh, "name_en": name_en, "active": active, "reason": "开仓", "version": version}


def _publish_warehouse(warehouse_id: str, body: Mapping[str, Any]) -> Step:
    return request("orders", f"/warehouses/{warehouse_id}", body, role="admin", method="PUT")


#: SZ has no dealers, and nothing is expected there.
DEACTIVATED = warehouse("深圳仓", "Shenzhen", active=False, version=1)
#: A field of the body that publishes a warehouse.
ESCALATION_CONTACT = {"escalation_contact": user_of("assistant", None)}
name_escalation_contact = _publish_warehouse(
    WAREHOUSE, warehouse("广州仓", "Guangzhou", version=1) | ESCALATION_CONTACT
)
_IN_SZ: Mapping[str, Any] = {"path": {"warehouse": "=SZ"}}

PUBLISH_WAREHOUSE = [
    Situation("renamed", body=warehouse("深圳新仓", "Shenzhen", version=1), **_IN_SZ),
    Situation("deactivated", body=DEACTIVATED, **_IN_SZ),
    Situation(
        "with an escalation contact", body=warehouse("深圳仓", "Shenzhen", version=1) | ESCALATION_CONTACT, **_IN_SZ
    ),
    Situation(
        "contended: another warehouse is published meanwhile",
        body=DEACTIVATED,
        rival=_publish_warehouse("HZ", warehouse("惠州仓", "Huizhou")),
        **_IN_SZ,
    ),
    Situation(
        "contended: renamed meanwhile",
        body=DEACTIVATED,
        rival=_publish_warehouse("SZ", warehouse("深圳新仓", "Shenzhen", version=1)),
        statuses=(412,),
        **_IN_SZ,
    ),
    Situation(
        "deactivated while dealers have it",
        path={"warehouse": f"={WAREHOUSE}"},
        body=warehouse("广州仓", "Guangzhou", active=False, version=1),
        statuses=(409,),
    ),
]

PUBLISH_ALLOCATION_RULE = [
    Situation(
        "in place of another rule",
        body={"rule": "first_come", "version": 1, "reason": "r"},
        prepare=publish_allocation_rule("quota", quotas={"A": 3}),
    ),
    Situation(
        "contended: another rule is published meanwhile",
        body={"rule": "first_come", "version": 0, "reason": "r"},
        rival=publish_allocation_rule("quota", quotas={"A": 3}),
        statuses=(412,),
    ),
]
