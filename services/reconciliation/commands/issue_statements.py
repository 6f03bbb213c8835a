"""Monthly statements: a run asks for one statement per dealer, each is made on its own, exactly once."""

from __future__ import annotations

from contracts.reconciliation import StatementIssued, StatementRequested, StatementRunStarted
from kernel.base import observability
from kernel.base.problems import Busy, FieldProblem, Invalid, NotFound
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import EventItem, outbox_event
from kernel.store.table import Transaction, TransactionRefused, fetch_one
from kernel.time import clock
from services.reconciliation import domain, table
from services.reconciliation.api import Run, StartStatementRun
from services.reconciliation.domain import Totals
from services.reconciliation.table import LedgerItem, StatementItem, StatementRunItem, run_key, statement_pk

#: Dealers asked for in one transaction, which has room for 100 actions.
_DEALERS_AT_A_TIME = 90
#: Documents keep arriving while a statement is made; it starts over so often before its message goes back.
_ATTEMPTS = 10
#: Who starts the runs nobody started.
_CALENDAR = "calendar"


def start_run(caller: Principal, request: StartStatementRun, key: IdempotencyKey) -> Run:
    """Ask for the statements of a period; again, to make those that are missing.

    Raises:
        Invalid: the period is not over.
        TransactionRefused: the run moved on at this very moment; the same request may be sent again.
    """
    today = clock.business_date(clock.now())
    if request.period > domain.previous_period(today):
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
    period = domain.previous_period(clock.business_date(clock.now()))
    if fetch_one(StatementRunItem, run_key(period)) is not None:
        return
    transaction = Transaction()
    _start(transaction, _new_run(period, _CALENDAR, None), None)
    try:
        transaction.commit()
    except TransactionRefused:
        return  # somebody just did


def show_run(period: str) -> Run:
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


def generate_statement(message: Envelope) -> None:
    """Make a dealer's statement of a period, and those before it that are missing; what exists stays as it is.

    Raises:
        Busy: documents kept being booked all the while.
    """
    requested = message.event
    if not isinstance(requested, StatementRequested):
        return
    refusals = 0
    while refusals < _ATTEMPTS:
        ledger = table.load_ledger(requested.dealer_id)
        if ledger is None:
            return
        period = _period_due(requested.dealer_id, ledger, requested.period)
        if period is None:
            return
        try:
            _issue(requested.dealer_id, ledger, period)
        except TransactionRefused:
            refusals += 1  # something was booked, or the same statement made, since the ledger was read
    raise Busy


def _period_due(dealer_id: str, ledger: LedgerItem, wanted: str) -> str | None:
    first = None if ledger.closed_through else table.first_movement(dealer_id)
    return domain.period_to_issue(ledger.closed_through, first, wanted)


def _issue(dealer_id: str, ledger: LedgerItem, period: str) -> None:
    first, last = domain.first_day(period), domain.last_day(period)
    # The period before is closed, or nothing was ever booked in it: so this is what the dealer owed when it ended.
    opening_fen = ledger.closing_fen
    days, older = table.days_of(dealer_id, first, last)
    totals = domain.stated(opening_fen, days, older, last)
    statement = _statement_item(dealer_id, period, totals)
    transaction = Transaction()
    table.close(transaction, ledger, statement, totals.closing_fen)
    transaction.create(_statement_issued(statement, totals), "event")
    transaction.commit()
    observability.count("StatementIssued")


def _statement_item(dealer_id: str, period: str, totals: Totals) -> StatementItem:
    return StatementItem(
        *table.statement_key(dealer_id, period),
        dealer_id=dealer_id,
        period=period,
        opening_fen=totals.opening_fen,
        debit_fen=totals.debit_fen,
        credit_fen=totals.credit_fen,
        line_count=totals.line_count,
        ageing={band.value: fen for band, fen in totals.ageing.items()},
        issued_at=clock.stamp(),
    )


def _statement_issued(statement: StatementItem, totals: Totals) -> EventItem:
    event = StatementIssued(
        statement_id=statement.statement_id,
        dealer_id=statement.dealer_id,
        period=statement.period,
        opening_fen=totals.opening_fen,
        closing_fen=totals.closing_fen,
    )
    pk = statement_pk(statement.dealer_id)
    return outbox_event(event, pk=pk, subject=event.statement_id, sequence=1, dealer_id=event.dealer_id)


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
    page = table.dealers_after(run.after, _DEALERS_AT_A_TIME)
    ledgers = table.load_ledgers([dealer.dealer_id for dealer in page.items])
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


def _view(run: StatementRunItem) -> Run:
    return Run(
        period=run.period,
        state="requesting" if run.state == "requesting" else "requested",
        round=run.round,
        requested=run.requested,
        started_at=run.started_at,
        started_by=run.started_by,
    )
