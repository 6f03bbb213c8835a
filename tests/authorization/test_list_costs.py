"""Every read costs the same with a hundred times the dealers, orders, tickets, statements and texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from kernel.base.settings import settings
from kernel.store import aws
from tests.support.company import SampleCompany, public_webhook_hosts, restored_company
from tests.support.company_data import OWN
from tests.support.declarations import cases, operation_of
from tests.support.read_units import metered
from tests.support.silence import without_logs
from tests.support.trigger import Case
from tests.support.world import opened

_TIMES = 100
_MOST = 1.05
_BATCH = 25
#: Number of an order or ticket of the dealer, whole or in a key; its copies have other ranges.
_NUMBER = re.compile(rf"({OWN}-|#)([0-9]{{5,6}})(?![0-9])")
READS = [case for case in cases() if case.method == "GET"]
#: Reads whose cost follows what they count, with the reason.
_GROWING = {
    "orders GET /stock/{warehouse}?skus": "reserved pieces are stored on the open orders of the warehouse (ADR 0014)",
    "orders GET /stock/{warehouse}/available-to-promise?skus": "every backorder of the warehouse counts",
    "orders GET /on-time-rate?warehouse&month": "every shipment of the month counts",
    "reconciliation GET /trial-balance": "every ledger counts",
}
#: Pages that the sample company does not fill, with the most read units of a full one: those of a fixed size, and those
#: with a filter, which end after 200 rows that were looked at.
_FULL_PAGES = {
    "dealers GET /dealers?name&status": 27.0,
    "notifications GET /inbox?warehouse": 47.0,
    "notifications GET /sms": 12.0,
    "orders GET /orders?state": 14.0,
    "orders GET /orders?state&from&to": 27.0,
    "orders GET /stock/{warehouse}/movements?sku": 10.0,
    "orders GET /worklist": 16.0,
    "orders GET /worklist?kind": 16.0,
    "orders GET /worklist?kind&warehouse": 16.0,
}
_NUMBERED = [pytest.param(number, id=str(case)) for number, case in enumerate(READS)]


class Cost(NamedTuple):
    """Read units of a request with the data of the sample company, and with a hundred times as much."""

    little: float
    much: float


@pytest.fixture(scope="module")
def costs() -> Iterator[list[Cost]]:
    """Yield the cost of every read."""
    with opened(fast=True) as world, public_webhook_hosts(), without_logs():
        company = restored_company(world, settled=True)
        little, orders = [_units(company, case) for case in READS], _orders(company)
        _multiply(company)
        assert _orders(company) >= _TIMES * orders > 0
        much = [_units(company, case) for case in READS]
        yield [Cost(*cost) for cost in zip(little, much, strict=True)]


@pytest.mark.parametrize("number", _NUMBERED)
def test_read_costs_the_same_with_a_hundred_times_the_data(costs: list[Cost], number: int) -> None:
    name, (little, much) = str(READS[number]), costs[number]
    if name in _GROWING:
        assert much > _MOST * little, "no longer an exception: remove it"
    else:
        assert much <= max(_MOST * little, _FULL_PAGES.get(name, 0.0))


def test_exceptions_are_declared_reads() -> None:
    assert _GROWING.keys() | _FULL_PAGES.keys() <= {str(case) for case in READS}


def _orders(company: SampleCompany) -> int:
    return sum(item["kind"] == {"S": "order"} for _, item in company.world.cloud.rows())


def _units(company: SampleCompany, case: Case) -> float:
    """Return the read units of a request for one row, sent for the second time: caches are full."""
    query = operation_of(case).query
    page = {"limit": "1"} if query and "limit" in query.model_fields else {}
    for _ in range(2):
        with metered() as meter:
            path = case.path_for(company.ids, case.first_role, OWN)
            answer = company.send(case.service, "GET", path, role=case.first_role, query=case.query_for(OWN) | page)
            assert answer.status == 200, answer.json
    return meter.units


def _multiply(company: SampleCompany) -> None:
    """Copy what the own dealer has to 99 other dealers, and to 99 other numbers of the dealer itself."""
    items = [dict(item) for _, item in company.world.cloud.rows() if OWN in repr(item)]
    items = [item for item in items if item["kind"] != {"S": "event"}]
    puts: dict[tuple[str, str], Any] = {}
    for copy in range(1, _TIMES):
        for item in items:
            for renamed in (_other_dealer(item, copy), _other_number(item, copy)):
                if renamed["pk"] != item["pk"] or renamed["sk"] != item["sk"]:
                    puts[repr(renamed["pk"]), repr(renamed["sk"])] = {"PutRequest": {"Item": renamed}}
    rows = list(puts.values())
    for start in range(0, len(rows), _BATCH):
        aws.client("dynamodb").batch_write_item(RequestItems={settings().table: rows[start : start + _BATCH]})


def _other_dealer(item: Any, copy: int) -> Any:
    return _renamed(item, lambda text: text.replace(OWN, f"C{copy:04d}"))


def _other_number(item: Any, copy: int) -> Any:
    return _renamed(
        item, lambda text: _NUMBER.sub(lambda found: f"{found[1]}{int(found[2]) + 100 * copy:0{len(found[2])}d}", text)
    )


def _renamed(value: Any, rename: Any) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(inner, rename) for name, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, rename) for inner in value]
    return rename(value) if isinstance(value, str) else value
