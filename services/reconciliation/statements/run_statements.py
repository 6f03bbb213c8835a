"""Run the statements of a period: start the run, request the statement of each dealer."""

from __future__ import annotations

from contracts.reconciliation import StatementRequested, StatementRunStarted
from kernel.base.problems import FieldProblem, Invalid, NotFound
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import outbox_event
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.reconciliation.ledger.queries import load_dealer_page, load_ledgers_by_dealer
from services.reconciliation.periods import previous_period
from services.reconciliation.statements.api import StartStatementRun, StatementRun
from services.reconciliation.statements.items import StatementRunItem, run_key

#: Dealers of one transaction, which has room for 100 actions.
_DEALERS_PER_TRANSACTION = 90

#: Author of the runs that the schedule starts.
_CALENDAR = "calendar"


def start_run(caller: Principal, request: StartStatementRun, key: IdempotencyKey) -> StatementRun:
    """Start the statement run of a period; a second run issues the statements that are missing.

    Raises:
        Invalid: the period has not ended.
        TransactionRefused: the run changed at the same moment; the request may be sent again.
    """
    today = clock.business_date(clock.now())
    if request.period > previous_period(today):
        detail = "该月尚未结束 / this month is not over; choose an earlier one"
        raise Invalid([FieldProblem(field="period", code="not-over", detail=detail)])
    previous = fetch_one(StatementRunItem, run_key(request.period))
    run = _new_run(request.period, caller.name, previous)
    transaction = Transaction()
    _add_run(transaction, run, previous)
    answer = _run_view(run)
    key.record_response(transaction, answer)
    transaction.commit()
    return answer


def start_monthly_run() -> None:
    """Start the run of the last month, unless it is started already."""
    period = previous_period(clock.business_date(clock.now()))
    if fetch_one(StatementRunItem, run_key(period)) is not None:
        return
    transaction = Transaction()
    _add_run(transaction, _new_run(period, _CALENDAR, None), None)
    try:
        transaction.commit()
    except TransactionRefused:
        return  # a user started it at the same moment


def show_run(period: str) -> StatementRun:
    """Return the progress of a run.

    Raises:
        NotFound: the period was never run.
    """
    run = fetch_one(StatementRunItem, run_key(period))
    if run is None:
        raise NotFound
    return _run_view(run)


def request_statement_of_each_dealer(envelope: Envelope) -> None:
    """Request the missing statement of each dealer, a page of dealers per transaction, from the run's present page."""
    started = envelope.event
    if not isinstance(started, StatementRunStarted):
        return
    while True:
        run = fetch_one(StatementRunItem, run_key(started.period))
        if run is None or run.round != started.round or run.state != "requesting":
            return
        try:
            _request_page(run)
        except TransactionRefused as refused:
            # A second delivery of the same message runs at the same time and was faster.
            if "run" not in refused:
                raise


def _new_run(period: str, started_by: str, previous: StatementRunItem | None) -> StatementRunItem:
    return StatementRunItem(
        *run_key(period),
        period=period,
        state="requesting",
        round=previous.round + 1 if previous else 1,
        event_count=previous.event_count + 1 if previous else 1,
        requested=0,
        version=previous.version + 1 if previous else 1,
        started_at=clock.stamp(),
        started_by=started_by,
    )


def _add_run(transaction: Transaction, run: StatementRunItem, previous: StatementRunItem | None) -> None:
    unchanged = StatementRunItem.version == previous.version if previous else StatementRunItem.pk.does_not_exist()
    transaction.put(run, "run", unchanged)
    event = StatementRunStarted(period=run.period, round=run.round)
    transaction.create(outbox_event(event, pk=run.pk, subject=_subject(run), sequence=run.event_count), "event")


def _request_page(run: StatementRunItem) -> None:
    page = load_dealer_page(run.next_key, _DEALERS_PER_TRANSACTION)
    ledgers = load_ledgers_by_dealer([dealer.dealer_id for dealer in page.items])
    missing = [dealer_id for dealer_id, ledger in ledgers.items() if (ledger.closed_through or "") < run.period]
    event_count = run.event_count
    transaction = Transaction()
    for sequence, dealer_id in enumerate(missing, event_count + 1):
        event = StatementRequested(dealer_id=dealer_id, period=run.period)
        transaction.create(
            outbox_event(event, pk=run.pk, subject=_subject(run), sequence=sequence, dealer_id=dealer_id),
            f"event {sequence}",
        )
    values = {
        "event_count": event_count + len(missing),
        "requested": run.requested + len(missing),
        "next_key": page.next_key,
        "state": "requesting" if page.next_key else "requested",
        "version": run.version + 1,
    }
    transaction.update_fields(
        StatementRunItem, (run.pk, run.sk), values, expected={"version": run.version}, label="run"
    )
    transaction.commit()


def _subject(run: StatementRunItem) -> str:
    """Subject of the run's events, which are numbered over all its rounds."""
    return f"statements-{run.period}"


def _run_view(run: StatementRunItem) -> StatementRun:
    return StatementRun(
        period=run.period,
        state="requesting" if run.state == "requesting" else "requested",
        round=run.round,
        requested=run.requested,
        started_at=run.started_at,
        started_by=run.started_by,
    )
