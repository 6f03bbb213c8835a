"""Triggers of tickets: every step of a service request, and the watch on overdue tickets."""

from http import HTTPStatus

from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import DocumentNumber
from kernel.http.principal import STAFF_ROLES, Principal, Role
from services.tickets import announce_overdue, read_tickets, show_worklist
from services.tickets.api import (
    AnswerQuestion,
    Ask,
    Complete,
    Dispatch,
    Proceed,
    Rate,
    RegisterTicket,
    Reject,
    Reopen,
    TicketConfirmation,
    TicketPage,
    TicketsQuery,
    TicketView,
    Withdraw,
)
from services.tickets.lifecycle import REGISTRANTS, roles_allowed
from services.tickets.register_ticket import register_ticket as register_new_ticket
from services.tickets.take_step import take_step
from services.tickets.vocabulary import Action
from services.tickets.worklist_api import TicketWorklist, TicketWorklistQuery

app = ServiceApp("tickets")

EVERYONE = frozenset(Role)


@app.operation(
    "POST", "/tickets", roles=REGISTRANTS, status=HTTPStatus.CREATED, summary="登记服务请求 / register a request"
)
def register_ticket(caller: Principal, body: RegisterTicket, key: IdempotencyKey) -> TicketConfirmation:
    return register_new_ticket(caller, body, key)


@app.operation(
    "GET", "/tickets", roles=EVERYONE, summary="自己的工单,或待办队列 / own tickets, or the queue of a state"
)
def list_tickets(caller: Principal, query: TicketsQuery) -> TicketPage:
    return read_tickets.list_tickets(caller, query)


@app.operation("GET", "/tickets/worklist", roles=STAFF_ROLES, summary="工单待办 / what waits for staff at tickets")
def show_ticket_worklist(caller: Principal, query: TicketWorklistQuery) -> TicketWorklist:
    return show_worklist.show_worklist(caller, query)


@app.operation("GET", "/tickets/{ticket_id}", roles=EVERYONE, summary="工单与进度 / a ticket with its timeline")
def show_ticket(caller: Principal, ticket_id: DocumentNumber) -> TicketView:
    return read_tickets.show_ticket(caller, ticket_id)


@app.operation("POST", "/tickets/{ticket_id}/accept", roles=roles_allowed(Action.ACCEPT), summary="受理 / accept")
def accept_ticket(
    caller: Principal, ticket_id: DocumentNumber, body: Proceed, key: IdempotencyKey
) -> TicketConfirmation:
    return take_step(caller, ticket_id, Action.ACCEPT, body.step_input(), key)


@app.operation("POST", "/tickets/{ticket_id}/review", roles=roles_allowed(Action.REVIEW), summary="审核 / review")
def review_ticket(
    caller: Principal, ticket_id: DocumentNumber, body: Proceed, key: IdempotencyKey
) -> TicketConfirmation:
    return take_step(caller, ticket_id, Action.REVIEW, body.step_input(), key)


@app.operation(
    "POST", "/tickets/{ticket_id}/dispatch", roles=roles_allowed(Action.DISPATCH), summary="派工 / send a technician"
)
def dispatch_ticket(
    caller: Principal, ticket_id: DocumentNumber, body: Dispatch, key: IdempotencyKey
) -> TicketConfirmation:
    return take_step(caller, ticket_id, Action.DISPATCH, body.step_input(), key)


@app.operation(
    "POST",
    "/tickets/{ticket_id}/reassign",
    roles=roles_allowed(Action.REASSIGN),
    summary="改派 / send another technician instead",
)
def reassign_ticket(
    caller: Principal, ticket_id: DocumentNumber, body: Dispatch, key: IdempotencyKey
) -> TicketConfirmation:
    return take_step(caller, ticket_id, Action.REASSIGN, body.step_input(), key)


@app.operation("POST", "/tickets/{ticket_id}/complete", roles=roles_allowed(Action.COMPLETE), summary="完成 / complete")
def complete_ticket(
    caller: Principal, ticket_id: DocumentNumber, body: Complete, key: IdempotencyKey
) -> TicketConfirmation:
    return take_step(caller, ticket_id, Action.COMPLETE, body.step_input(), key)


@app.operation("POST", "/tickets/{ticket_id}/reject", roles=roles_allowed(Action.REJECT), summary="驳回 / reject")
def reject_ticket(
    caller: Principal, ticket_id: DocumentNumber, body: Reject, key: IdempotencyKey
) -> TicketConfirmation:
    return take_step(caller, ticket_id, Action.REJECT, body.step_input(), key)


@app.operation("POST", "/tickets/{ticket_id}/ask", roles=roles_allowed(Action.ASK), summary="要求补充 / ask the dealer")
def ask_dealer(caller: Principal, ticket_id: DocumentNumber, body: Ask, key: IdempotencyKey) -> TicketConfirmation:
    return take_step(caller, ticket_id, Action.ASK, body.step_input(), key)


@app.operation("POST", "/tickets/{ticket_id}/answer", roles=roles_allowed(Action.ANSWER), summary="补充资料 / answer")
def answer_question(
    caller: Principal, ticket_id: DocumentNumber, body: AnswerQuestion, key: IdempotencyKey
) -> TicketConfirmation:
    return take_step(caller, ticket_id, Action.ANSWER, body.step_input(), key)


@app.operation(
    "POST", "/tickets/{ticket_id}/withdraw", roles=roles_allowed(Action.WITHDRAW), summary="撤回 / withdraw a request"
)
def withdraw_ticket(
    caller: Principal, ticket_id: DocumentNumber, body: Withdraw, key: IdempotencyKey
) -> TicketConfirmation:
    return take_step(caller, ticket_id, Action.WITHDRAW, body.step_input(), key)


@app.operation("POST", "/tickets/{ticket_id}/reopen", roles=roles_allowed(Action.REOPEN), summary="重开 / reopen")
def reopen_ticket(
    caller: Principal, ticket_id: DocumentNumber, body: Reopen, key: IdempotencyKey
) -> TicketConfirmation:
    return take_step(caller, ticket_id, Action.REOPEN, body.step_input(), key)


@app.operation(
    "POST", "/tickets/{ticket_id}/rating", roles=roles_allowed(Action.RATE), summary="评价 / rate the service"
)
def rate_ticket(caller: Principal, ticket_id: DocumentNumber, body: Rate, key: IdempotencyKey) -> TicketConfirmation:
    return take_step(caller, ticket_id, Action.RATE, body.step_input(), key)


@app.periodic(minutes=5)
def watch_clocks() -> None:
    announce_overdue.announce_overdue()
