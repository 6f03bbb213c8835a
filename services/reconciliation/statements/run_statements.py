"""Run the statements of a month: start the run, request a statement for each dealer."""

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
from services.reconciliation.ledger.items import LedgerItem
from services.reconciliation.ledger.read_ledger import dealers_after, first_movement, load_ledgers
from services.reconciliation.periods import previous_period
from services.reconciliation.statements.api import StartStatementRun, StatementRun
from services.reconciliation.statements.items import StatementRunItem, run_key
from services.reconciliation.statements.rules import period_to_issue

#: Dealers asked for in one transaction, which has room for 100 actions.
_DEALERS_AT_A_TIME = 90

#: Who starts the runs nobody started.
_CALENDAR = "calendar"


def start_run(caller: Principal, request: StartStatementRun, key: IdempotencyKey) -> StatementRun:
    """Ask for the statements of a period; again, to make those that are missing.

    Raises:
        Invalid: the period is not over.
        TransactionRefused: the run moved on at this very moment; the same request may be sent again.
    """
    today = clock.business_date(clock.now())
    if request.period > previous_period(today):
        detail = "该月尚未结束 / this month is not over; choose an earlier one"
        raise Invalid([FieldProblem(field="period", code="not-over", detail=detail)])
    earlier = fetch_one(StatementRunItem, run_key(request.period))
    run = _new_run(request.period, caller.name, earlier)
    transaction = Transaction()
    _start(transaction, run, earlier)
    answer = _view(run)
    key.record_response(transaction, answer)
    transaction.commit()
    return answer


def start_monthly_run() -> None:
    """Start the run of the month that is over, unless somebody did."""
    period = previous_period(clock.business_date(clock.now()))
    if fetch_one(StatementRunItem, run_key(period)) is not None:
        return
    transaction = Transaction()
    _start(transaction, _new_run(period, _CALENDAR, None), None)
    try:
        transaction.commit()
    except TransactionRefused:
        return  # somebody just did


def show_run(period: str) -> StatementRun:
    """How far a run is.

    Raises:
        NotFound: there was none.
    """
    run = fetch_one(StatementRunItem, run_key(period))
    if run is None:
        raise NotFound
    return _view(run)


def request_statements(message: Envelope) -> None:
    """Ask for the statement of every dealer that lacks it, so many in a transaction, going on where the run stands."""
    started = message.event
    if not isinstance(started, StatementRunStarted):
        return
    while True:
        run = fetch_one(StatementRunItem, run_key(started.period))
        if run is None or run.round != started.round or run.state != "requesting":
            return
        try:
            _request_some(run)
        except TransactionRefused as refused:
            # A second delivery of the same message works beside this one: one of the two got ahead.
            if "run" not in refused:
                raise


def _period_due(dealer_id: str, ledger: LedgerItem, wanted: str) -> str | None:
    first = None if ledger.closed_through else first_movement(dealer_id)
    return period_to_issue(ledger.closed_through, first, wanted)


def _new_run(period: str, started_by: str, earlier: StatementRunItem | None) -> StatementRunItem:
    return StatementRunItem(
        *run_key(period),
        period=period,
        state="requesting",
        round=earlier.round + 1 if earlier else 1,
        said=earlier.said + 1 if earlier else 1,
        requested=0,
        version=earlier.version + 1 if earlier else 1,
        started_at=clock.stamp(),
        started_by=started_by,
    )


def _start(transaction: Transaction, run: StatementRunItem, earlier: StatementRunItem | None) -> None:
    unchanged = StatementRunItem.version == earlier.version if earlier else StatementRunItem.pk.does_not_exist()
    transaction.put(run, "run", unchanged)
    event = StatementRunStarted(period=run.period, round=run.round)
    transaction.create(outbox_event(event, pk=run.pk, subject=_subject(run), sequence=run.said), "event")


def _request_some(run: StatementRunItem) -> None:
    page = dealers_after(run.after, _DEALERS_AT_A_TIME)
    ledgers = load_ledgers([dealer.dealer_id for dealer in page.items])
    lacking = [dealer_id for dealer_id, ledger in ledgers.items() if (ledger.closed_through or "") < run.period]
    said = run.said
    transaction = Transaction()
    for sequence, dealer_id in enumerate(lacking, said + 1):
        event = StatementRequested(dealer_id=dealer_id, period=run.period)
        transaction.create(
            outbox_event(event, pk=run.pk, subject=_subject(run), sequence=sequence, dealer_id=dealer_id),
            f"event {sequence}",
        )
    changes = [
        StatementRunItem.said.set(said + len(lacking)),
        StatementRunItem.requested.set(run.requested + len(lacking)),
        StatementRunItem.after.set(page.next_key) if page.next_key else StatementRunItem.after.remove(),
        StatementRunItem.state.set("requesting" if page.next_key else "requested"),
        StatementRunItem.version.set(run.version + 1),
    ]
    transaction.update(StatementRunItem, (run.pk, run.sk), changes, StatementRunItem.version == run.version, "run")
    transaction.commit()


def _subject(run: StatementRunItem) -> str:
    """The run's events are numbered through all its rounds."""
    return f"statements-{run.period}"


def _view(run: StatementRunItem) -> StatementRun:
    return StatementRun(
        period=run.period,
        state="requesting" if run.state == "requesting" else "requested",
        round=run.round,
        requested=run.requested,
        started_at=run.started_at,
        started_by=run.started_by,
    )
