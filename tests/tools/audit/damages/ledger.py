"""Damages of the ledger, of statements and of the credit that follows from them."""

from __future__ import annotations

from datetime import date, timedelta

from contracts.orders import OrderShipmentVoided
from services.orders.credit.items import ReceivablesItem
from services.orders.credit.receivables import Receivables, open_debts, pack_debts, unpack_debts
from services.reconciliation.ledger.items import (
    BankReferenceItem,
    JournalItem,
    VoidedShipmentItem,
    voided_shipment_key,
)
from tests.support.company_data import OWN
from tests.tools.audit.table import ACCOUNT, LEDGER, RECEIVABLES, STATEMENT, Damage, Damages, Key, TableCopy, all_of

_DAY: Key = (LEDGER[0], "DAY#2026-11-20#-")


def journal(**amounts: int) -> Damage:
    """Add amounts to the journal of the first payment."""

    def damage(table: TableCopy) -> None:
        key = table.journal_key()
        booked = table.item(key).amounts
        changed = {name: booked.get(name, 0) + more for name, more in amounts.items()}
        table.update(key, amounts={**booked, **changed})

    return damage


def ledger(**increments: int) -> Damage:
    """Add to the totals of the ledger."""
    return lambda table: table.add(LEDGER, **increments)


def _book_payment_again(table: TableCopy) -> None:
    """Book the first payment once more under another number."""
    key = table.journal_key()
    payment: JournalItem = table.item(key)
    again = "pay_again"
    payment.document_id, payment.sk = again, f"JOURNAL#payment.{again}"
    table.put(payment)
    entry = table.item(table.entry_key(key))
    entry.sk, entry.journal_id, entry.document_id = "ENTRY#2026-11-20#1#z", f"{OWN}.payment.{again}", again
    table.put(entry)
    fen = -payment.amounts["receivable"]
    table.add(_DAY, credit_fen=fen, line_count=1)
    table.add(LEDGER, receivable_fen=-fen, bank_fen=fen, journal_count=1)
    table.add(STATEMENT, credit_fen=fen, line_count=1)
    _age(table, table.item(STATEMENT).ageing["not_due"] - fen)


def _age(table: TableCopy, not_due: int) -> None:
    table.update(STATEMENT, ageing={**table.item(STATEMENT).ageing, "not_due": not_due})


def _reverse_unknown_journal(table: TableCopy) -> None:
    key = table.keys(LEDGER[0], "JOURNAL#reversal.")[0]
    table.update(key, reverses=f"{OWN}.payment.nothing")


def _name_other_document(table: TableCopy) -> None:
    key = table.journal_key()
    table.update(key, document_id="pay_other")
    table.put(BankReferenceItem("LEDGER#BANK#MAIN", "BK-X", payment_id="pay_other"))
    references = table.keys("LEDGER#BANK#")
    table.delete(next(at for at in references if table.item(at).payment_id == key[1].split(".")[1]))


def _unapply_payment(table: TableCopy) -> None:
    key = table.keys(ACCOUNT[0], "LEDGER_EVENT#")[0]
    table.add(ACCOUNT, committed_fen=-table.item(key).change_fen)
    table.delete(key)


def _apply_other_amount(table: TableCopy) -> None:
    table.add(table.keys(ACCOUNT[0], "LEDGER_EVENT#")[0], change_fen=1)
    table.add(ACCOUNT, committed_fen=1)


def _raise_debt(table: TableCopy) -> None:
    """Add a fen to the oldest debt of the account, which its receivables do not have."""
    oldest, *others = unpack_debts(table.item(ACCOUNT).debts)
    table.update(ACCOUNT, debts=pack_debts([oldest._replace(fen=oldest.fen + 1), *others]))


def _postpone_receivable(table: TableCopy) -> None:
    """Move a receivable to the next day, and with it the debts of the account."""
    stored: ReceivablesItem = table.item(RECEIVABLES)
    day, fen = min(stored.by_due_day.items())
    later = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    by_due_day = {**stored.by_due_day, day: 0, later: stored.by_due_day.get(later, 0) + fen}
    table.update(RECEIVABLES, by_due_day=by_due_day)
    table.update(ACCOUNT, debts=pack_debts(open_debts(Receivables(by_due_day, stored.covered_fen))) or None)


def unpost_shipment(table: TableCopy) -> None:
    """Remove the journal of a shipment from the ledger and its totals."""
    order_id = table.ids["order done", OWN]
    key = next(key for key in table.keys(LEDGER[0], "JOURNAL#shipment") if order_id in key[1])
    booked, entry = table.item(key), table.item(table.entry_key(key))
    table.delete(key, table.entry_key(key))
    table.delete((LEDGER[0], f"DAY#{entry.posted_on}#{entry.due_on}"))
    table.add(LEDGER, journal_count=-1, **{f"{account}_fen": -fen for account, fen in booked.amounts.items()})


def _mark_shipment_void(table: TableCopy) -> None:
    """Mark a shipment as out of the ledger whose journal still counts there."""
    key = table.keys(LEDGER[0], "JOURNAL#shipment")[0]
    shipment_id = key[1].partition(".")[2]
    table.put(VoidedShipmentItem(*voided_shipment_key(OWN, shipment_id), voided_at="2026-11-20T00:00:00.000Z"))


def _void_shipment_without_reversal(table: TableCopy) -> None:
    """Turn the event of a shipment into one that voids it, which the ledger never saw."""
    key = table.shipment_event_key()
    table.change_event(key, {"type": OrderShipmentVoided.TYPE}, voided_at="2026-11-20T00:00:00.000Z", reason="r")


def _split_shipment_otherwise(table: TableCopy) -> None:
    key = table.keys(LEDGER[0], "JOURNAL#shipment")[0]
    table.update(key, amounts={"receivable": 1250, "sales": -1107, "output_tax": -143})


def _request_statement_without_issue(table: TableCopy) -> None:
    requested = table.events_of_type("statement.requested.v1")
    key = next(key for key, message in requested if message.data["dealer_id"] == OWN)
    table.change_event(key, period="2026-12")


DAMAGES: Damages = {
    "a journal does not balance": (
        all_of(journal(bank=1), ledger(bank_fen=1)),
        {"journal-balance", "trial-balance"},
    ),
    "an account changed without a journal": (ledger(bank_fen=1), {"ledger-total", "trial-balance"}),
    "a journal is counted twice": (ledger(journal_count=1), {"ledger-total"}),
    "a reversal reverses no journal": (_reverse_unknown_journal, {"journal-reversal"}),
    "a journal is stored under another document": (_name_other_document, {"journal-key"}),
    "a payment is booked twice": (
        _book_payment_again,
        {
            "bank-reference",
            "journal-event",
            "order-exposure",
            "order-receivables",
            "statement-closing",
            "statement-event",
        },
    ),
    "a payment event has another amount": (
        lambda table: table.change_event(table.event_key(table.journal_key()[1].split(".")[1], 1), amount_fen=99),
        {"log-event", "journal-event", "credit-change"},
    ),
    "a payment changed credit by another amount": (_apply_other_amount, {"credit-change", "order-exposure"}),
    "a debt is a fen too high": (_raise_debt, {"order-debts"}),
    "a receivable is due a day later": (_postpone_receivable, {"order-receivables"}),
    "a payment is not applied to credit": (_unapply_payment, {"credit-change-missing"}),
    "a shipment is booked with other amounts": (_split_shipment_otherwise, {"journal-amounts", "ledger-total"}),
    "a void shipment still counts in the ledger": (_mark_shipment_void, {"voided-shipment"}),
    "a void shipment is not reversed": (
        _void_shipment_without_reversal,
        {
            "log-event",
            "voided-shipment-posted",
            "journal-without-shipment",
            "shipment-unreadable",
            "shipment-punctuality",
            "order-committed",
            "credit-change",
            "message-event",
        },
    ),
    "a shipment is not booked": (unpost_shipment, {"shipment-unposted"}),
    "a statement line is a fen too high": (
        lambda table: table.add(table.entry_key(table.journal_key()), credit_fen=1),
        {"entry-amount", "day-total", "statement-lines"},
    ),
    "a day total is a fen too high": (lambda table: table.add(_DAY, credit_fen=1), {"day-total"}),
    "a statement opens a fen too high": (
        lambda table: table.add(STATEMENT, opening_fen=1),
        {"statement-lines", "statement-closing", "statement-event", "statement-ageing"},
    ),
    "a statement is gone": (lambda table: table.delete(STATEMENT), {"statement-closing", "statement-event"}),
    "a ledger is closed with another balance": (ledger(closing_fen=1), {"statement-closing"}),
    "a statement event has another balance": (
        lambda table: table.change_event(table.event_key(f"{OWN}-2026-11", 1), closing_fen=1),
        {"log-event", "statement-event"},
    ),
    "an ageing is incomplete": (lambda table: _age(table, 1), {"statement-ageing"}),
    "a requested statement is not issued": (_request_statement_without_issue, {"statement-missing"}),
}
