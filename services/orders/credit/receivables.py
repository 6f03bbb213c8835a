"""Rules of what a dealer owes by due day, and of what is overdue. Amounts are fen, days ISO dates of Asia/Shanghai."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

#: Days after which debts count as one: the last ageing band of a statement begins there too.
_FOLDED_AFTER = timedelta(days=90)

#: Debts that an ordering account has; with them it stays within 1 KB, so no decision costs a further unit.
MOST_DEBTS = 24

#: A packed debt: its due day as a number, and its amount.
_DAY_BYTES, _FEN_BYTES = 3, 5
_DEBT_BYTES = _DAY_BYTES + _FEN_BYTES


class Receivables(NamedTuple):
    """Shipments less their reversals by due day, and `covered_fen`: payments less their reversals."""

    by_due_day: Mapping[str, int]
    covered_fen: int = 0


class Debt(NamedTuple):
    """Amount due on a day that no payment covers."""

    due_on: str
    fen: int


class Overdue(NamedTuple):
    """Overdue debts of a dealer: their amount, oldest due day, and the part that finance has accepted."""

    fen: int = 0
    oldest_due_on: str | None = None
    accepted_fen: int = 0


def change_receivables(receivables: Receivables, owed_fen: int, due_on: str | None, today: date) -> Receivables:
    """Return the receivables after a change of what the dealer owes; without a due day it changes what is covered."""
    if due_on is None:
        return receivables._replace(covered_fen=receivables.covered_fen - owed_fen)
    by_due_day = Counter(receivables.by_due_day)
    by_due_day[due_on] += owed_fen
    return receivables._replace(by_due_day=fold_oldest_days(by_due_day, today))


def fold_oldest_days(by_due_day: Mapping[str, int], today: date) -> dict[str, int]:
    """Return the amounts by due day, those due more than 90 days ago as one amount on the newest of their days.

    Days are sorted. A day that adds up to 0 stays until it is old: so the order of the changes does not matter.
    """
    oldest_kept = (today - _FOLDED_AFTER).isoformat()
    newest_folded = max((day for day in by_due_day if day < oldest_kept), default=oldest_kept)
    folded: Counter[str] = Counter()
    for day, fen in by_due_day.items():
        folded[newest_folded if day < oldest_kept else day] += fen
    return dict(sorted(folded.items()))


def open_debts(receivables: Receivables) -> Iterator[Debt]:
    """Yield the debts that payments do not cover, the oldest first; payments cover the oldest due day first.

    A reversal may arrive before its shipment, or a reversed payment before the payment. The first covers other debts
    meanwhile; the second makes nothing due, because no due day is known for it.
    """
    left = max(receivables.covered_fen, 0) - sum(min(fen, 0) for fen in receivables.by_due_day.values())
    for due_on, fen in sorted(receivables.by_due_day.items()):
        covered = min(max(fen, 0), left)
        left -= covered
        if fen > covered:
            yield Debt(due_on, fen - covered)


def overdue_on(debts: Sequence[Debt], today: str, accepted_fen: int = 0, accepted_on: str | None = None) -> Overdue:
    """Return what is overdue on a day: debts due before it.

    Finance accepted up to `accepted_fen` of the debts due before the day `accepted_on`, and none that were due later.
    """
    fen = _due_before(today, debts)
    accepted = min(accepted_fen, _due_before(accepted_on, debts)) if accepted_on else 0
    return Overdue(fen, debts[0].due_on if fen else None, accepted)


def _due_before(day: str, debts: Iterable[Debt]) -> int:
    return sum(debt.fen for debt in debts if debt.due_on < day)


def pack_debts(debts: Iterable[Debt]) -> bytes:
    """Return the oldest debts in the form in which an ordering account has them, at most `MOST_DEBTS`.

    A dealer with that many due days in arrears owes more than is counted; it is stopped for these.
    """
    packed = [
        date.fromisoformat(debt.due_on).toordinal().to_bytes(_DAY_BYTES, "big") + debt.fen.to_bytes(_FEN_BYTES, "big")
        for debt, _ in zip(debts, range(MOST_DEBTS), strict=False)
    ]
    return b"".join(packed)


def unpack_debts(packed: bytes | None) -> list[Debt]:
    """Return the debts of an ordering account, the oldest first."""
    stored = packed or b""
    entries = (stored[start : start + _DEBT_BYTES] for start in range(0, len(stored), _DEBT_BYTES))
    return [
        Debt(
            date.fromordinal(int.from_bytes(entry[:_DAY_BYTES], "big")).isoformat(),
            int.from_bytes(entry[_DAY_BYTES:], "big"),
        )
        for entry in entries
    ]
