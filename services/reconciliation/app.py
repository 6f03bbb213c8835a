"""Triggers of reconciliation: the ledger, statements and their runs."""

from http import HTTPStatus

from contracts.orders import OrderShipmentVoided, OrderShipped
from contracts.reconciliation import StatementRequested, StatementRunStarted
from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import DocumentNumber
from kernel.http.principal import Principal, Role
from kernel.messaging.events import Envelope
from services.reconciliation.journals import post_payment, post_shipment, reverse_voided_shipment
from services.reconciliation.journals import reverse_journal as reversal
from services.reconciliation.journals import show_journal as journals
from services.reconciliation.journals.api import JournalView, Payment, PostPayment, ReverseJournal
from services.reconciliation.ledger import list_balances as balances
from services.reconciliation.ledger import show_trial_balance
from services.reconciliation.ledger.api import BalancePage, BalancesQuery, TrialBalance
from services.reconciliation.statements import issue_statement, run_statements
from services.reconciliation.statements import list_statements as issued
from services.reconciliation.statements import show_live_statement as live
from services.reconciliation.statements.api import (
    IssuedPage,
    IssuedStatement,
    LinesQuery,
    StartStatementRun,
    Statement,
    StatementQuery,
    StatementRun,
    StatementsQuery,
)

app = ServiceApp("reconciliation")

FINANCE = frozenset({Role.FINANCE})
BOOKKEEPERS = frozenset({Role.FINANCE, Role.ADMIN})
#: Buyers place orders, but do not read what their company owes.
READERS = BOOKKEEPERS | {Role.ASSISTANT, Role.DEALER_ADMIN, Role.DEALER_ACCOUNTANT}


@app.consumer(subscribes=[OrderShipped, OrderShipmentVoided])
def post_ledger_entries(message: Envelope) -> None:
    post_shipment.post_shipment(message)
    reverse_voided_shipment.reverse_voided_shipment(message)


@app.operation("POST", "/payments", roles=FINANCE, status=HTTPStatus.CREATED, summary="收款入账 / Post a payment")
def create_payment(caller: Principal, body: PostPayment, key: IdempotencyKey) -> Payment:
    return post_payment.post_payment(caller, body, key)


@app.operation("GET", "/journals/{journal_id}", roles=BOOKKEEPERS, summary="凭证详情 / Show a journal")
def show_journal(journal_id: str) -> JournalView:
    return journals.show_journal(journal_id)


@app.operation(
    "POST",
    "/journals/{journal_id}/reversal",
    roles=FINANCE,
    status=HTTPStatus.CREATED,
    summary="冲销凭证 / Reverse a journal",
)
def reverse_journal(caller: Principal, journal_id: str, body: ReverseJournal, key: IdempotencyKey) -> JournalView:
    return reversal.reverse_journal(caller, journal_id, body, key)


@app.operation("GET", "/statement", roles=READERS, summary="实时对账单 / Show the live statement")
def show_statement(caller: Principal, query: StatementQuery) -> Statement:
    return live.show_live_statement(caller, query)


@app.operation("GET", "/balances", roles=BOOKKEEPERS, summary="经销商欠款 / List what dealers owe")
def list_balances(caller: Principal, query: BalancesQuery) -> BalancePage:
    return balances.list_balances(caller, query)


@app.operation("GET", "/trial-balance", roles=BOOKKEEPERS, summary="试算平衡表 / Show the trial balance")
def trial_balance() -> TrialBalance:
    return show_trial_balance.show_trial_balance()


@app.periodic(minutes=60)
def start_monthly_run() -> None:
    run_statements.start_monthly_run()


@app.operation(
    "POST",
    "/statement-runs",
    roles=FINANCE,
    status=HTTPStatus.ACCEPTED,
    summary="生成月度对账单 / Issue the statements of a month",
)
def start_statement_run(caller: Principal, body: StartStatementRun, key: IdempotencyKey) -> StatementRun:
    return run_statements.start_run(caller, body, key)


@app.consumer(subscribes=[StatementRunStarted], batch_size=1, timeout_seconds=60)
def request_statements(message: Envelope) -> None:
    run_statements.request_statement_of_each_dealer(message)


@app.consumer(subscribes=[StatementRequested])
def generate_statement(message: Envelope) -> None:
    issue_statement.issue_statement(message)


@app.operation("GET", "/statement-runs/{period}", roles=BOOKKEEPERS, summary="对账单生成进度 / Show a run's progress")
def show_statement_run(period: str) -> StatementRun:
    return run_statements.show_run(period)


@app.operation("GET", "/statements", roles=READERS, summary="月度对账单列表 / List issued statements")
def list_statements(caller: Principal, query: StatementsQuery) -> IssuedPage:
    return issued.list_statements(caller, query)


@app.operation("GET", "/statements/{statement_id}", roles=READERS, summary="月度对账单 / Show an issued statement")
def show_issued_statement(caller: Principal, statement_id: DocumentNumber, query: LinesQuery) -> IssuedStatement:
    return issued.show_issued_statement(caller, statement_id, query)
