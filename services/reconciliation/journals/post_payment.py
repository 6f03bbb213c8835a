"""Post the journal of a payment."""

from __future__ import annotations

from datetime import date

from contracts.dealers import DealerItem, dealer_key
from contracts.reconciliation import PaymentPosted
from kernel.base.ids import new_id
from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import EventItem, outbox_event
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.reconciliation.journals.api import Payment, PostPayment
from services.reconciliation.ledger import items
from services.reconciliation.ledger.items import BankReferenceItem, JournalItem
from services.reconciliation.ledger.posting import post_journal
from services.reconciliation.ledger.rules import Journal, payment_day_problem, payment_journal


def post_payment(caller: Principal, request: PostPayment, key: IdempotencyKey) -> Payment:
    """Post a payment and publish `PaymentPosted`.

    Raises:
        Invalid: no such dealer, or a day on which the payment cannot have come in.
        Refusal: `payment-already-posted`, the bank reference is used.
    """
    dealer_name = _validate(request)
    payment_id = new_id("pay")
    journal = payment_journal(
        request.dealer_id, payment_id, request.amount_fen, request.received_on, request.bank_reference
    )

    def answer(posted: JournalItem) -> Payment:
        return Payment(
            payment_id=payment_id,
            journal_id=journal.journal_id,
            dealer_name=dealer_name,
            posted_on=date.fromisoformat(posted.posted_on),
            **request.model_dump(),
        )

    def add_more(transaction: Transaction, posted: JournalItem) -> None:
        reference = items.bank_reference_key(request.bank, request.bank_reference)
        transaction.create(BankReferenceItem(*reference, payment_id=payment_id), "bank reference")
        transaction.create(_payment_posted(journal, payment_id), "event")
        key.record_response(transaction, answer(posted))

    try:
        posted = post_journal(journal, posted_by=caller.name, add_more=add_more)
    except TransactionRefused as refused:
        if "bank reference" in refused:
            raise _already_posted(request) from None
        raise
    return answer(posted)


def _validate(request: PostPayment) -> str:
    """Return the name of the dealer that paid.

    Raises:
        Invalid: no such dealer, or a day on which the payment cannot have come in.
    """
    problems = []
    dealer = fetch_one(DealerItem, dealer_key(request.dealer_id))
    if dealer is None:
        detail = "无此经销商 / there is no such dealer"
        problems.append(FieldProblem(field="dealer_id", code="unknown", detail=detail))
    if problem := payment_day_problem(request.received_on, clock.business_date(clock.now())):
        problems.append(problem)
    if problems or dealer is None:
        raise Invalid(problems)
    return dealer.name


def _payment_posted(journal: Journal, payment_id: str) -> EventItem:
    event = PaymentPosted(
        payment_id=payment_id,
        dealer_id=journal.dealer_id,
        amount_fen=-journal.owed_fen,
        received_on=journal.document_date.isoformat(),
    )
    pk = items.ledger_pk(journal.dealer_id)
    return outbox_event(event, pk=pk, subject=payment_id, sequence=1, dealer_id=journal.dealer_id)


def _already_posted(request: PostPayment) -> Refusal:
    earlier = fetch_one(BankReferenceItem, items.bank_reference_key(request.bank, request.bank_reference))
    return Refusal(
        "payment-already-posted",
        "该银行流水号已入账 / money with this bank reference is booked already; check the reference",
        payment_id=earlier.payment_id if earlier else None,
    )
