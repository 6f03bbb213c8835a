"""Post shipments and payments, and reverse journals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from contracts.dealers import DealerItem, dealer_key
from contracts.orders import OrderShipped
from contracts.reconciliation import JournalReversed, PaymentPosted
from kernel.base import observability
from kernel.base.ids import new_id
from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import outbox_event
from kernel.store.items import Item
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.reconciliation.ledger.api import JournalEntry, JournalView, Payment, PostPayment, Reverse
from services.reconciliation.ledger.book_journal import book_journal
from services.reconciliation.ledger.items import (
    BankReferenceItem,
    JournalItem,
    LedgerItem,
    bank_reference_key,
    ledger_pk,
)
from services.reconciliation.ledger.read_ledger import load_journal, load_ledger
from services.reconciliation.ledger.rules import (
    DocumentKind,
    Journal,
    payment_day_problem,
    payment_journal,
    posting_day,
    reversal_of,
    shipment_journal,
)

#: A statement may be issued between finding a document late and booking it on the next open day; hardly thrice.
_ATTEMPTS = 3


def post_ledger_entries(message: Envelope) -> None:
    """Book a shipment, once however often and in whatever order it is told."""
    shipped = message.event
    if not isinstance(shipped, OrderShipped):
        return
    journal = shipment_journal(shipped)
    if journal is None:
        return
    try:
        _post(journal, posted_by=message.source)
    except TransactionRefused as refused:
        if "journal" not in refused:
            raise
        return
    since = clock.now() - clock.parse_stamp(shipped.shipped_at)
    observability.seconds("ShipmentToLedger", since.total_seconds())


def post_payment(caller: Principal, request: PostPayment, key: IdempotencyKey) -> Payment:
    """Book money that came in, and say so.

    Raises:
        Invalid: no such dealer, or not a day on which it can have come.
        Refusal: money with this reference was booked before.
    """
    _check_payment(request)
    payment_id = new_id("pay")
    journal = payment_journal(
        request.dealer_id, payment_id, request.amount_fen, request.received_on, request.bank_reference
    )

    def payment_on(posted_on: date) -> Payment:
        return Payment(
            payment_id=payment_id, journal_id=journal.journal_id, posted_on=posted_on, **request.model_dump()
        )

    def add_the_rest(transaction: Transaction, booked: JournalItem) -> None:
        reference = bank_reference_key(request.bank, request.bank_reference)
        transaction.create(BankReferenceItem(*reference, payment_id=payment_id), "bank reference")
        transaction.create(_payment_posted(journal, payment_id), "event")
        key.record_response(transaction, payment_on(date.fromisoformat(booked.posted_on)))

    try:
        booked = _post(journal, posted_by=caller.name, add_the_rest=add_the_rest)
    except TransactionRefused as refused:
        if "bank reference" in refused:
            raise _booked_before(request) from None
        raise
    return payment_on(date.fromisoformat(booked.posted_on))


def reverse_journal(caller: Principal, journal_id: str, request: Reverse, key: IdempotencyKey) -> JournalView:
    """Book the mirror of a journal, today, and say so.

    Raises:
        NotFound: there is no such journal.
        Refusal: it is taken back already.
    """
    original, reversed_already = load_journal(journal_id)
    if reversed_already:
        raise _reversed_before(original.journal)
    reversed_on = max(clock.business_date(clock.now()), date.fromisoformat(original.posted_on))
    reversal = reversal_of(original.journal, reversed_on, request.reason)

    def add_the_rest(transaction: Transaction, booked: JournalItem) -> None:
        transaction.create(_journal_reversed(original.journal, reversal), "event")
        key.record_response(transaction, _view(booked, reversed_already=False))

    try:
        booked = _post(reversal, posted_by=caller.name, add_the_rest=add_the_rest)
    except TransactionRefused as refused:
        if "journal" in refused:
            raise _reversed_before(original.journal) from None
        raise
    return _view(booked, reversed_already=False)


def show_journal(journal_id: str) -> JournalView:
    """A journal.

    Raises:
        NotFound: there is none.
    """
    found, reversed_already = load_journal(journal_id)
    return _view(found, reversed_already=reversed_already)


def _post(
    journal: Journal,
    *,
    posted_by: str,
    add_the_rest: Callable[[Transaction, JournalItem], None] = lambda _transaction, _booked: None,
) -> JournalItem:
    """Book a journal on its day, or if that is closed on the first open day, together with what else belongs to it.

    Raises:
        TransactionRefused: under `journal` if it is booked already.
    """
    closed_through = None
    for _ in range(_ATTEMPTS):
        transaction = Transaction()
        posted_on = posting_day(journal.document_date, closed_through)
        booked = book_journal(transaction, journal, posted_on=posted_on, posted_by=posted_by)
        add_the_rest(transaction, booked)
        try:
            transaction.commit()
        except TransactionRefused as refused:
            if set(refused.reasons) != {"ledger"}:
                raise
            closed_through = _closed_through(journal.dealer_id)
            continue
        if closed_through:
            observability.count("PostedLate")
        return booked
    raise RuntimeError(f"{journal.journal_id}: the ledger keeps closing")


def _closed_through(dealer_id: str) -> str | None:
    ledger: LedgerItem | None = load_ledger(dealer_id)
    return ledger.closed_through if ledger else None


def _check_payment(request: PostPayment) -> None:
    problems = []
    if fetch_one(DealerItem, dealer_key(request.dealer_id)) is None:
        detail = "无此经销商 / there is no such dealer"
        problems.append(FieldProblem(field="dealer_id", code="unknown", detail=detail))
    if problem := payment_day_problem(request.received_on, clock.business_date(clock.now())):
        problems.append(problem)
    if problems:
        raise Invalid(problems)


def _payment_posted(journal: Journal, payment_id: str) -> Item:
    event = PaymentPosted(
        payment_id=payment_id,
        dealer_id=journal.dealer_id,
        amount_fen=-journal.owed_fen,
        received_on=journal.document_date.isoformat(),
    )
    pk = ledger_pk(journal.dealer_id)
    return outbox_event(event, pk=pk, subject=payment_id, sequence=1, dealer_id=journal.dealer_id)


def _journal_reversed(original: Journal, reversal: Journal) -> Item:
    event = JournalReversed(
        journal_id=reversal.journal_id,
        dealer_id=reversal.dealer_id,
        document_kind=original.kind,
        document_id=original.document_id,
        owed_change_fen=reversal.owed_fen,
        reason=reversal.reference,
    )
    pk = ledger_pk(reversal.dealer_id)
    return outbox_event(event, pk=pk, subject=reversal.journal_id, sequence=1, dealer_id=reversal.dealer_id)


def _booked_before(request: PostPayment) -> Refusal:
    earlier = fetch_one(BankReferenceItem, bank_reference_key(request.bank, request.bank_reference))
    return Refusal(
        "payment-already-posted",
        "该银行流水号已入账 / money with this bank reference is booked already; check the reference",
        payment_id=earlier.payment_id if earlier else None,
    )


def _reversed_before(journal: Journal) -> Refusal:
    return Refusal(
        "already-reversed",
        "该凭证已冲销,不能再次冲销 / this journal is reversed already; look at its reversal",
        reversed_by=_reversal_id(journal),
    )


def _reversal_id(journal: Journal) -> str:
    return f"{journal.dealer_id}.{DocumentKind.REVERSAL}.{journal.name}"


def _view(item: JournalItem, *, reversed_already: bool) -> JournalView:
    journal = item.journal
    return JournalView(
        journal_id=journal.journal_id,
        dealer_id=journal.dealer_id,
        kind=journal.kind,
        label=journal.kind.label,
        document_id=journal.document_id,
        document_date=journal.document_date,
        posted_on=date.fromisoformat(item.posted_on),
        due_on=journal.due_on,
        reference=journal.reference,
        entries=[
            JournalEntry(account=account, label=account.label, debit_fen=max(fen, 0), credit_fen=max(-fen, 0))
            for account, fen in journal.amounts.items()
        ],
        posted_at=item.posted_at,
        posted_by=item.posted_by,
        reverses=journal.reverses,
        reversed_by=_reversal_id(journal) if reversed_already else None,
    )
