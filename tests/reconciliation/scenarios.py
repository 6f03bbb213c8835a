"""Every route and function of reconciliation, declared once for all tests of every handler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from services.reconciliation.statements import run_statements
from tests.reconciliation.random_requests import post_payment, reverse_journal
from tests.support.company import SampleCompany
from tests.support.company_data import OWN
from tests.support.steps import drain, in_order, request, ship_order, void_first_shipment
from tests.support.trigger import ExternalSystem, NoExternalSystem, Race, Situation, Step, Trigger, variant

FINANCE = {"finance"}
OF_DEALER = variant(query={"dealer_id": "={dealer}"}, missing={"dealer_id": "D9999"}, of_dealer=True)
READERS = {"dealer_admin", "dealer_accountant"}
ALL_READERS = READERS | {"finance", "assistant", "admin"}
NO_JOURNAL = {"journal_id": "{dealer}.payment.pay_01JDB7000000000000000000ZZ"}
PAYMENT = {"dealer_id": OWN, "amount_fen": 500, "received_on": "2026-12-01", "bank": "MAIN", "bank_reference": "BK-F"}


def post(body: Mapping[str, Any]) -> Step:
    return request("reconciliation", "/payments", body, role="finance")


def run(period: str) -> Step:
    """Start the statement run of a period."""
    return request("reconciliation", "/statement-runs", {"period": period}, role="finance")


def find_shipment_journal(company: SampleCompany) -> None:
    journal = next(item for item in company.world.items(f"LEDGER#{OWN}") if ".shipment." in item.get("journal_id", ""))
    company.ids["journal of a shipment", OWN] = journal["journal_id"]


def month_later(company: SampleCompany) -> None:
    """Advance the clock by 30 days and run the schedules of orders and tickets."""
    company.world.clock.advance(days=30)
    for service, function in (("orders", "sweep_orders"), ("tickets", "watch_clocks")):
        company.world.periodic(service, function)
        company.world.drain()


RUN_DECEMBER = in_order(month_later, run("2026-12"))


@contextmanager
def one_dealer_per_transaction() -> Iterator[ExternalSystem]:
    """Let a transaction request one statement, so that two dealers need as many steps as hundreds."""
    with patch.object(run_statements, "_DEALERS_PER_TRANSACTION", 1):
        yield NoExternalSystem()


TRIGGERS = [
    Trigger(
        "POST /payments",
        roles=FINANCE,
        status=201,
        body=lambda dealer: PAYMENT | {"dealer_id": dealer, "bank_reference": "BK-9"},
        situations=[
            Situation("of a closed month", body=PAYMENT | {"received_on": "2026-11-25"}),
            Situation("contended: posted by a colleague", body=PAYMENT, rival=post(PAYMENT), statuses=(409,)),
            Situation(
                "contended: the month is closed meanwhile",
                body=PAYMENT | {"received_on": "2026-12-30"},
                prepare=month_later,
                rival=in_order(run("2026-12"), drain),
            ),
        ],
        races=[
            Race(body={"dealer_id": OWN, "received_on": "2026-11-23", "amount_fen": 500, "bank_reference": "BANK 3"})
        ],
        random={post_payment: 1},
    ),
    Trigger(
        "GET /journals/{journal_id}",
        roles={"finance", "admin"},
        path={"journal_id": "journal"},
        missing=NO_JOURNAL,
        of_dealer=True,
    ),
    Trigger(
        "POST /journals/{journal_id}/reversal",
        roles=FINANCE,
        status=201,
        path={"journal_id": "journal to reverse"},
        missing=NO_JOURNAL,
        of_dealer=True,
        body={"reason": "记错户"},
        situations=[
            Situation("of a shipment", path={"journal_id": "journal of a shipment"}, prepare=find_shipment_journal),
            Situation(
                "contended: reversed by a colleague",
                rival=request(
                    "reconciliation",
                    "/journals/{}/reversal",
                    {"reason": "r"},
                    role="finance",
                    about="journal to reverse",
                ),
                statuses=(409,),
            ),
        ],
        random={reverse_journal: 1},
    ),
    Trigger(
        "GET /statement",
        roles=READERS,
        refusals={422},
        variants=[variant(**OF_DEALER, roles=ALL_READERS, refusals=frozenset())],
    ),
    Trigger("GET /balances", roles={"finance", "admin"}),
    Trigger("GET /trial-balance", roles={"finance", "admin"}),
    Trigger(
        "POST /statement-runs",
        roles=FINANCE,
        status=202,
        body={"period": "2026-11"},
        situations=[
            Situation("the first of a month", body={"period": "2026-12"}, prepare=month_later),
            Situation(
                "contended: started by a colleague",
                body={"period": "2026-12"},
                prepare=month_later,
                rival=run("2026-12"),
            ),
        ],
        races=[Race(body={"period": "2026-10"})],
    ),
    Trigger(
        "GET /statement-runs/{period}",
        roles={"finance", "admin"},
        path={"period": "=2026-11"},
        missing={"period": "2020-01"},
    ),
    Trigger(
        "GET /statements",
        roles=READERS,
        refusals={422},
        variants=[
            variant(**OF_DEALER, roles=ALL_READERS, refusals=frozenset()),
            variant(query={"period": "=2026-10"}, roles=ALL_READERS, refusals=frozenset()),
        ],
    ),
    Trigger(
        "GET /statements/{statement_id}",
        roles=ALL_READERS,
        path={"statement_id": "statement"},
        missing={"statement_id": "{dealer}-2020-01"},
        of_dealer=True,
    ),
    Trigger(
        "start_monthly_run",
        situations=[
            Situation("nothing to do"),
            Situation("a month is over", prepare=month_later),
            Situation("contended: started by a colleague", prepare=month_later, rival=run("2026-12")),
        ],
    ),
    Trigger(
        "post_ledger_entries",
        situations=[
            Situation("an order is shipped", prepare=ship_order()),
            Situation("an order is shipped in two parts", prepare=in_order(ship_order(pieces=1), ship_order())),
            Situation("a shipment is voided", prepare=in_order(ship_order(), drain, void_first_shipment)),
            Situation("a shipment is voided before it is posted", prepare=in_order(ship_order(), void_first_shipment)),
            Situation("contended: a payment is posted meanwhile", prepare=ship_order(), rival=post(PAYMENT)),
        ],
    ),
    Trigger(
        "request_statements",
        situations=[
            Situation("of a month", prepare=RUN_DECEMBER),
            Situation("of many dealers", prepare=RUN_DECEMBER, around=one_dealer_per_transaction),
            Situation(
                "contended: started again meanwhile",
                prepare=RUN_DECEMBER,
                around=one_dealer_per_transaction,
                rival=run("2026-12"),
            ),
            Situation("no statement is missing", prepare=run("2026-11")),
        ],
    ),
    Trigger(
        "generate_statement",
        situations=[
            Situation("of a month", prepare=RUN_DECEMBER),
            Situation("of two months at once", prepare=in_order(month_later, month_later, run("2027-01"))),
            Situation(
                "contended: a payment is posted meanwhile",
                prepare=RUN_DECEMBER,
                rival=post(PAYMENT | {"received_on": "2026-12-30"}),
            ),
        ],
    ),
]
