"""Views of statements in answers: totals, lines with their balances, and the dealer whose statement is shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from contracts.dealers import DealerItem, dealer_key
from kernel.base.problems import FieldProblem, Invalid, NotFound
from kernel.http.principal import Principal
from kernel.store.read import fetch_one
from services.reconciliation.ledger.entries import LedgerEntry
from services.reconciliation.ledger.queries import entry_page
from services.reconciliation.statements.api import AgeingBandView, StatementLine
from services.reconciliation.statements.rules import AgeingBand, StatementAmounts


def dealer_id_of_statement(caller: Principal, requested_id: str | None) -> str:
    """Return the dealer whose statement is shown: the caller's own, or for staff the requested one.

    Raises:
        NotFound: another dealer's, or no such dealer.
        Invalid: staff named no dealer.
    """
    if caller.dealer_id is not None:
        if requested_id not in {None, caller.dealer_id}:
            raise NotFound
        return caller.dealer_id
    if requested_id is None:
        detail = "请指定经销商 / name a dealer"
        raise Invalid([FieldProblem(field="dealer_id", code="missing", detail=detail)])
    if fetch_one(DealerItem, dealer_key(requested_id)) is None:
        raise NotFound
    return requested_id


def totals_fields(
    dealer_id: str, dealer_name: str, from_day: date, to_day: date, amounts: StatementAmounts
) -> dict[str, Any]:
    """Return the fields of `StatementTotals`."""
    return {
        "dealer_id": dealer_id,
        "dealer_name": dealer_name,
        "from_day": from_day,
        "to_day": to_day,
        "opening_fen": amounts.opening_fen,
        "debit_fen": amounts.debit_fen,
        "credit_fen": amounts.credit_fen,
        "closing_fen": amounts.closing_fen,
        "line_count": amounts.line_count,
        "ageing": [
            AgeingBandView(band=band, **band.label.fields, amount_fen=amounts.ageing[band]) for band in AgeingBand
        ],
    }


def line_page(
    dealer_id: str, first: date, last: date, opening_fen: int, limit: int, position: dict[str, Any] | None
) -> tuple[list[StatementLine], dict[str, Any] | None]:
    """Return one page of lines, and the position of the next page: its first key and the balance before it."""
    position = position or {"after": None, "balance_fen": opening_fen}
    page = entry_page(dealer_id, first, last, limit=limit, start=position["after"])
    lines = _lines(position["balance_fen"], (item.entry for item in page.items))
    if page.next_key is None:
        return lines, None
    return lines, {"after": page.next_key, "balance_fen": lines[-1].balance_fen}


def _lines(balance_fen: int, entries: Iterable[LedgerEntry]) -> list[StatementLine]:
    lines = []
    for entry in entries:
        balance_fen += entry.change_fen
        lines.append(
            StatementLine(
                posted_on=entry.posted_on,
                document_date=entry.document_date,
                kind=entry.kind,
                **entry.kind.label.fields,
                document_id=entry.document_id,
                reference=entry.reference,
                due_on=entry.due_on,
                journal_id=entry.journal_id,
                debit_fen=entry.debit_fen,
                credit_fen=entry.credit_fen,
                balance_fen=balance_fen,
            )
        )
    return lines
