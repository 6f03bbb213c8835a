"""A year of trade at random: whatever happens in whatever order, the books add up at every step."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from kernel.time import clock
from services.reconciliation.periods import period_of, previous_period
from tests.reconciliation.books import DEALERS, Books


class Trade:
    """Shipments, receipts and reversals of random dealers, on time and late, statements now and then."""

    def __init__(self, books: Books, seed: int) -> None:
        self.books = books
        self.chance = random.Random(seed)
        self.journals: list[str] = []
        self.owed = dict.fromkeys(DEALERS, 0)

    def step(self) -> None:
        """Let one thing happen."""
        self.books.world.clock.advance(days=self.chance.choice([0, 0, 1, 5]))
        self.chance.choices([self.ship, self.receive, self.reverse, self.state], [8, 4, 2, 2])[0]()

    def ship(self) -> None:
        dealer, gross = self.chance.choice(DEALERS), self.chance.randint(1, 10**6)
        shipped_at = self.books.world.clock.moment - timedelta(days=self.chance.choice([0, 0, 0, 3, 40]))
        days = self.chance.choice([0, 30, 60])
        told = self.books.shipped(gross, dealer=dealer, at=shipped_at.isoformat(), payment_days=days, by_hand=True)
        self.journals.append(f"{dealer}.shipment.{told}")
        self.owed[dealer] += gross

    def receive(self) -> None:
        dealer, amount = self.chance.choice(DEALERS), self.chance.randint(1, 2 * 10**6)
        came = clock.business_date(self.books.world.clock.moment) - timedelta(days=self.chance.choice([0, 1, 40]))
        answer = self.books.received(amount, f"A{len(self.journals)}", dealer=dealer, received_on=str(came))
        self.journals.append(answer.json["journal_id"])
        self.owed[dealer] -= amount

    def reverse(self) -> None:
        if self.journals:
            journal_id = self.journals.pop(self.chance.randrange(len(self.journals)))
            entries = self.books.reverse(journal_id).json["entries"]
            (receivable,) = [entry for entry in entries if entry["account"] == "receivable"]
            self.owed[journal_id[:5]] += receivable["debit_fen"] - receivable["credit_fen"]

    def state(self) -> None:
        assert self.books.run(previous_period(clock.business_date(self.books.world.clock.moment))).status == 202


@pytest.mark.parametrize("seed", [1, 2])
def test_the_books_add_up_at_every_step(books: Books, seed: int) -> None:
    books.world.clock.advance(days=-300)
    trade = Trade(books, seed)
    for _ in range(30):
        trade.step()
        assert books.get("/trial-balance").json["difference_fen"] == 0
    for dealer in DEALERS:
        statement = books.statement(dealer)
        assert statement["closing_fen"] == trade.owed[dealer]
        assert sum(band["amount_fen"] for band in statement["ageing"]) == max(trade.owed[dealer], 0)
        _chained(books, dealer)


def _chained(books: Books, dealer: str) -> None:
    """Issued statements follow one another without gap, each opens where the last closed, and the live one goes on."""
    issued = [books.issued(f"{dealer}-{period}") for period in reversed(books.periods(dealer))]
    for before, after in pairwise(issued):
        assert period_of(clock.parse_stamp(f"{before['to']}T12:00:00Z").date() + timedelta(days=1)) == after["period"]
        assert before["closing_fen"] == after["opening_fen"]
    for one in issued:
        shown = books.statement(dealer, **{"from": one["from"], "to": one["to"], "limit": 500})
        assert {name: shown[name] for name in ("opening_fen", "closing_fen", "lines", "ageing")} == {
            name: one[name] for name in ("opening_fen", "closing_fen", "lines", "ageing")
        }
