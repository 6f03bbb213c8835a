"""Books and statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from services.reconciliation.statements import run_statements
from tests.authorization.town import OWN, Town
from tests.fault_injection.scenario import Happening, Nowhere, Outside, Scenario, message, request, schedule
from tests.fault_injection.scenes import SHIPMENT, all_happens, done, first

MONEY = {"dealer_id": OWN, "amount_fen": 500, "received_on": "2026-12-01", "bank": "MAIN", "bank_reference": "BK-F"}


def _receipt(world: str, body: dict[str, Any], **more: Any) -> Scenario:
    given = {"role": "finance", "answers": (201,)} | more
    return request("reconciliation", "POST", "/payments", world, body, **given)


def _reversal(world: str, journal: Happening | str, **more: Any) -> Scenario:
    given = {"role": "finance", "answers": (201,), "of": lambda town: {"journal_id": town.things[journal, OWN]}} | more
    return request("reconciliation", "POST", "/journals/{journal_id}/reversal", world, {"reason": "记错户"}, **given)


def _booked(body: dict[str, Any]) -> Happening:
    def happen(town: Town) -> None:
        answer = town.ask("reconciliation", "POST", "/payments", body, role="finance")
        assert answer.status == 201, answer.json

    return happen


def _reversed(town: Town) -> None:
    path = f"/journals/{town.things['journal to reverse', OWN]}/reversal"
    answer = town.ask("reconciliation", "POST", path, {"reason": "r"}, role="finance")
    assert answer.status == 201, answer.json


def _run(period: str) -> Happening:
    """The statements of a period are asked for; nothing is carried anywhere yet."""

    def happen(town: Town) -> None:
        answer = town.ask("reconciliation", "POST", "/statement-runs", {"period": period}, role="finance")
        assert answer.status == 202, answer.json

    return happen


def _shipment_journal(town: Town) -> None:
    shipped = next(item for item in town.world.items(f"LEDGER#{OWN}") if ".shipment." in item.get("journal_id", ""))
    town.things["journal of a shipment", OWN] = shipped["journal_id"]


#: Months go by, and what has to happen meanwhile happens.
def _a_month_later(town: Town) -> None:
    town.world.clock.advance(days=30)
    for service, function in (("orders", "sweep_orders"), ("tickets", "watch_clocks")):
        town.world.periodic(service, function)
        town.world.drain()


def _run_happens(period: str) -> Happening:
    return first(_run(period), all_happens)


SHIPPED = done("shipments", SHIPMENT, role="warehouse", of="order to ship")
SHIPPED_IN_PART = done(
    "shipments", SHIPMENT | {"lines": [{"line_no": 1, "quantity": 1}]}, role="warehouse", of="order to ship"
)


@contextmanager
def one_dealer_at_a_time() -> Iterator[Outside]:
    """A transaction asks for one statement, so that two dealers are as many as hundreds."""
    with patch.object(run_statements, "_DEALERS_PER_TRANSACTION", 1):
        yield Nowhere()


SCENARIOS = [
    _receipt("of a closed month", MONEY | {"received_on": "2026-11-25"}),
    _receipt("contended: the same money by a colleague", MONEY, rival=_booked(MONEY), answers=(409,)),
    _receipt(
        "contended: the month is closed meanwhile",
        MONEY | {"received_on": "2026-12-30"},
        prepare=_a_month_later,
        rival=_run_happens("2026-12"),
    ),
    _reversal("of a shipment", "journal of a shipment", prepare=_shipment_journal),
    _reversal("contended: by a colleague meanwhile", "journal to reverse", rival=_reversed, answers=(409,)),
    request(
        "reconciliation",
        "POST",
        "/statement-runs",
        "the first of a month",
        {"period": "2026-12"},
        role="finance",
        answers=(202,),
        prepare=_a_month_later,
    ),
    request(
        "reconciliation",
        "POST",
        "/statement-runs",
        "contended: a colleague's",
        {"period": "2026-12"},
        role="finance",
        answers=(202,),
        prepare=_a_month_later,
        rival=_run("2026-12"),
    ),
    schedule("reconciliation", "start_monthly_run", "nothing to do"),
    schedule("reconciliation", "start_monthly_run", "a month is over", _a_month_later),
    schedule(
        "reconciliation", "start_monthly_run", "contended: somebody starts it", _a_month_later, rival=_run("2026-12")
    ),
    message("reconciliation", "post_ledger_entries", "goods left", SHIPPED),
    message(
        "reconciliation",
        "post_ledger_entries",
        "goods left in two parts",
        first(SHIPPED_IN_PART, done("shipments", SHIPMENT, role="warehouse", of="order to ship")),
    ),
    message(
        "reconciliation", "post_ledger_entries", "contended: money comes in meanwhile", SHIPPED, rival=_booked(MONEY)
    ),
    message("reconciliation", "request_statements", "of a month", first(_a_month_later, _run("2026-12"))),
    message(
        "reconciliation",
        "request_statements",
        "of many dealers",
        first(_a_month_later, _run("2026-12")),
        around=one_dealer_at_a_time,
    ),
    message(
        "reconciliation",
        "request_statements",
        "contended: asked for once more meanwhile",
        first(_a_month_later, _run("2026-12")),
        around=one_dealer_at_a_time,
        rival=_run("2026-12"),
    ),
    message("reconciliation", "request_statements", "none is missing", _run("2026-11")),
    message("reconciliation", "generate_statement", "of a month", first(_a_month_later, _run("2026-12"))),
    message(
        "reconciliation",
        "generate_statement",
        "of two months at once",
        first(_a_month_later, _a_month_later, _run("2027-01")),
    ),
    message(
        "reconciliation",
        "generate_statement",
        "contended: money comes in meanwhile",
        first(_a_month_later, _run("2026-12")),
        rival=_booked(MONEY | {"received_on": "2026-12-30"}),
    ),
]
