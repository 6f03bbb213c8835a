"""Test of a random year of trade: the ledger balances after every step."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from kernel.time import clock
from services.reconciliation.periods import period_of, previous_period
from tests.reconciliation.ledger_client import DEALERS, LedgerClient


class RandomTrade:
    """Shipments, payments and reversals of random dealers, on time and late, and some statement runs."""

    def __init__(self, ledger: LedgerClient, seed: int) -> None:
        self.ledger = ledger
        self.random = random.Random(seed)
        self.journals: list[str] = []
        self.owed = dict.fromkeys(DEALERS, 0)

    def step(self) -> None:
        """Perform one random action."""
        self.ledger.world.clock.advance(days=self.random.choice([0, 0, 1, 5]))
        self.random.choices([self.ship, self.pay, self.reverse, self.run_statements], [8, 4, 2, 2])[0]()

    def ship(self) -> None:
        dealer, gross = self.random.choice(DEALERS), self.random.randint(1, 10**6)
        shipped_at = self.ledger.world.clock.moment - timedelta(days=self.random.choice([0, 0, 0, 3, 40]))
        days = self.random.choice([0, 30, 60])
        shipment_id = self.ledger.ship(gross, dealer=dealer, at=shipped_at.isoformat(), payment_days=days, direct=True)
        self.journals.append(f"{dealer}.shipment.{shipment_id}")
        self.owed[dealer] += gross

    def pay(self) -> None:
        dealer, amount = self.random.choice(DEALERS), self.random.randint(1, 2 * 10**6)
        received_on = clock.business_date(self.ledger.world.clock.moment) - timedelta(
            days=self.random.choice([0, 1, 40])
        )
        answer = self.ledger.pay(amount, f"A{len(self.journals)}", dealer=dealer, received_on=str(received_on))
        self.journals.append(answer.json["journal_id"])
        self.owed[dealer] -= amount

    def reverse(self) -> None:
        if self.journals:
            journal_id = self.journals.pop(self.random.randrange(len(self.journals)))
            entries = self.ledger.reverse(journal_id).json["entries"]
            (receivable,) = [entry for entry in entries if entry["account"] == "receivable"]
            self.owed[journal_id[:5]] += receivable["debit_fen"] - receivable["credit_fen"]

    def run_statements(self) -> None:
        assert self.ledger.run(previous_period(clock.business_date(self.ledger.world.clock.moment))).status == 202


@pytest.mark.parametrize("seed", [1, 2])
def test_ledger_balances_after_every_random_step(ledger: LedgerClient, seed: int) -> None:
    ledger.world.clock.advance(days=-300)
    trade = RandomTrade(ledger, seed)
    for _ in range(30):
        trade.step()
        assert ledger.get("/trial-balance").json["difference_fen"] == 0
    for dealer in DEALERS:
        statement = ledger.statement(dealer)
        assert statement["closing_fen"] == trade.owed[dealer]
        assert sum(band["amount_fen"] for band in statement["ageing"]) == max(trade.owed[dealer], 0)
        _check_chain(ledger, dealer)


def _check_chain(ledger: LedgerClient, dealer: str) -> None:
    """Check that issued statements have no gap, open with the last closing balance, and equal the live statement."""
    issued = [ledger.issued(f"{dealer}-{period}") for period in reversed(ledger.periods(dealer))]
    for before, after in pairwise(issued):
        assert period_of(clock.parse_stamp(f"{before['to']}T12:00:00Z").date() + timedelta(days=1)) == after["period"]
        assert before["closing_fen"] == after["opening_fen"]
    for statement in issued:
        live = ledger.statement(dealer, **{"from": statement["from"], "to": statement["to"], "limit": 500})
        assert {name: live[name] for name in ("opening_fen", "closing_fen", "lines", "ageing")} == {
            name: statement[name] for name in ("opening_fen", "closing_fen", "lines", "ageing")
        }
