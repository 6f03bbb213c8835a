"""List tickets, and show one with its timeline. Callers see only the parts they may know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.tickets import TicketProgressed
from kernel.base.problems import FieldProblem, Invalid, NotFound
from kernel.http.models import mask_phone
from kernel.http.principal import Principal
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import history
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import Page, fetch, query_page
from kernel.time import clock
from kernel.time.holidays import CHINA, calendar_end_if_passed
from reads.assortment import product_names
from reads.dealers import dealer_names
from services.tickets.api import (
    ContactView,
    InternalNote,
    PartView,
    TicketPage,
    TicketsQuery,
    TicketSummary,
    TicketView,
    TimelineEntry,
)
from services.tickets.items import (
    NoteItem,
    RequestItem,
    TicketItem,
    dealer_id_of_ticket,
    state_history,
    ticket_key,
    ticket_request_key,
    tickets_pk,
    waiting_pk,
)
from services.tickets.lifecycle import CALLERS, MAX_STEPS, possible_actions
from services.tickets.service_clock import compute_service_clock
from services.tickets.vocabulary import WAITING, State, Step, TicketKind, label


def list_tickets(caller: Principal, query: TicketsQuery) -> TicketPage:
    """Return a dealer's tickets, newest first; for staff the queue of a state, or the tickets of a dealer.

    Raises:
        Invalid: the caller may not use a filter, or the state has no queue.
        BadRequest: the cursor is not of this caller and this list.
    """
    _check_filter(caller, query)
    dealer_id = caller.dealer_id or query.dealer_id
    state = query.state or State.REGISTERED
    bound_to = ["tickets", caller.scope, dealer_id or "", "" if dealer_id else state]
    start = open_cursor(bound_to, query.cursor)
    page: Page
    if dealer_id:
        headers = TicketItem.sk.startswith("TICKET#")
        page = query_page(
            TicketItem, tickets_pk(dealer_id), sk=headers, limit=query.limit, start=start, newest_first=True
        )
    else:
        page = query_page(TicketItem, waiting_pk(state), on_index=True, limit=query.limit, start=start)
    now = clock.now()
    dealers = dealer_names(ticket.dealer_id for ticket in page.items)
    products = product_names(ticket.sku for ticket in page.items)
    return TicketPage(
        tickets=[
            TicketSummary(**_summary(ticket, now, dealers), product_name_zh=products[ticket.sku])
            for ticket in page.items
        ],
        next_cursor=next_cursor(bound_to, page.next_key),
    )


def show_ticket(caller: Principal, ticket_id: str) -> TicketView:
    """Return one ticket with its timeline.

    Raises:
        NotFound: there is none, or the ticket is another dealer's.
    """
    dealer_id = dealer_id_of_ticket(caller, ticket_id)
    keys = [ticket_key(dealer_id, ticket_id), ticket_request_key(dealer_id, ticket_id)]
    found = fetch(keys)
    ticket, request = (found.get(key) for key in keys)
    if not isinstance(ticket, TicketItem) or not isinstance(request, RequestItem):
        raise NotFound
    now = clock.now()
    events = history(ticket.pk, ticket_id)
    service = compute_service_clock(state_history(events), urgent=bool(ticket.urgent), now=now, calendar=CHINA)
    return TicketView(
        **_summary(ticket, now, dealer_names([ticket.dealer_id])),
        product_name_zh=request.product_name_zh,
        product_name_en=request.product_name_en,
        serial=request.serial,
        lot=request.lot,
        description=request.description,
        contact=_contact(caller, request),
        site_address=request.site_address,
        order_id=request.order_id,
        elapsed_business_minutes=service.elapsed_minutes,
        allowed_business_minutes=service.allowed_minutes,
        first_response_at=clock.stamp(service.first_response_at) if service.first_response_at else None,
        actions=possible_actions(ticket.status, caller.roles, now),
        timeline=_timeline(events),
        internal_notes=[] if caller.is_dealer else _internal_notes(ticket),
    )


def _check_filter(caller: Principal, query: TicketsQuery) -> None:
    problems = []
    if caller.is_dealer:
        detail = "仅供内部使用 / for staff only; leave it out"
        given = [name for name in ("state", "dealer_id") if getattr(query, name) is not None]
        problems = [FieldProblem(field=name, code="staff-only", detail=detail) for name in given]
    elif query.state and query.dealer_id:
        detail = "状态与经销商编号只能给一个 / give a state or a dealer_id, not both"
        problems = [FieldProblem(field="state", code="one-filter-only", detail=detail)]
    elif query.state and query.state not in WAITING:
        detail = "已结束的工单不再排队,请按经销商编号查询 / finished tickets do not queue; look under their dealer_id"
        problems = [FieldProblem(field="state", code="not-a-queue", detail=detail)]
    if problems:
        raise Invalid(problems)


def _summary(ticket: TicketItem, now: datetime, dealers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "ticket_id": ticket.ticket_id,
        "state": State(ticket.state),
        "version": ticket.version,
        "changed_at": ticket.changed_at,
        "due_at": ticket.due_at,
        "calendar_known_until": calendar_end_if_passed(ticket.due_at),
        "dealer_id": ticket.dealer_id,
        "dealer_name": dealers[ticket.dealer_id],
        "kind": TicketKind(ticket.request_kind),
        "sku": ticket.sku,
        "title": ticket.title,
        "urgent": ticket.urgent,
        "registered_at": ticket.registered_at,
        "assignee": ticket.assignee or "",
        "overdue": bool(ticket.due_at and ticket.due_at < clock.stamp(now)),
        "rating": ticket.status.rating,
    }


def _contact(caller: Principal, request: RequestItem) -> ContactView:
    """Return the contact. The dealer, who gave the phone number, and staff who call see all of it."""
    in_full = caller.is_dealer or bool(caller.roles & CALLERS)
    phone = request.contact_phone if in_full else mask_phone(request.contact_phone)
    return ContactView(name=request.contact_name, phone=phone)


def _timeline(messages: Sequence[Envelope]) -> list[TimelineEntry]:
    steps = [(message.time, _step(message)) for message in messages]
    products = product_names(part.sku for _, step in steps for part in step.parts)
    return [
        TimelineEntry(
            at=at,
            **label(Step(step.step)).fields,
            parts=[PartView(sku=part.sku, name_zh=products[part.sku], quantity=part.quantity) for part in step.parts],
            **step.model_dump(include={"step", "state", "by", "note", "expected_at", "assignee", "cost", "rating"}),
        )
        for at, step in steps
    ]


def _step(message: Envelope) -> TicketProgressed:
    event = message.event
    return event if isinstance(event, TicketProgressed) else TicketProgressed(**message.data, step=Step.OVERDUE)


def _internal_notes(ticket: TicketItem) -> list[InternalNote]:
    page = query_page(
        NoteItem,
        ticket.pk,
        sk=NoteItem.sk.startswith(f"NOTE#{ticket.ticket_id}#"),
        limit=2 * MAX_STEPS,
        consistent=True,
    )
    return [InternalNote(at=note.at, by=note.by, text=note.text) for note in page.items]
