"""Show the tickets that wait for staff now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.ranges import KeyRange, read_ranges
from kernel.time import clock
from kernel.time.holidays import calendar_end_if_passed
from reads.dealers import dealer_names
from services.tickets.items import TicketItem, waiting_pk
from services.tickets.lifecycle import TRANSITIONS
from services.tickets.vocabulary import TASK_OF_STATE, Action, State, TicketTask
from services.tickets.worklist_api import TicketWorklist, TicketWorklistEntry, TicketWorklistQuery


def show_worklist(caller: Principal, query: TicketWorklistQuery) -> TicketWorklist:
    """Show the tickets that wait for staff, urgent ones first, then by state and age.

    Only tickets that wait for staff are read, by the queues of their states: finished ones cost nothing.

    Raises:
        BadRequest: the cursor is not of this caller and this list.
    """
    now = clock.now()
    bound_to = ["tickets", caller.scope, "worklist", str(query.kind)]
    found = read_ranges(
        _key_ranges(query.kind),
        lambda tickets: tickets,
        limit=query.limit,
        filtered=False,
        start=open_cursor(bound_to, query.cursor),
    )
    dealers = dealer_names(ticket.dealer_id for ticket in found.rows)
    entries = [_entry(ticket, now, dealers) for ticket in found.rows]
    return TicketWorklist(
        entries=entries,
        next_cursor=next_cursor(bound_to, found.position),
        calendar_known_until=calendar_end_if_passed(*(entry.due_at for entry in entries)),
    )


def _key_ranges(kind: TicketTask | None) -> list[KeyRange]:
    """Return the keys of the tickets that wait for the task: of all states the urgent ones first."""
    states = [state for state, task in TASK_OF_STATE.items() if kind in {None, task}]
    return [
        KeyRange(TicketItem, waiting_pk(state), f"{urgency}#", on_index=True) for urgency in "01" for state in states
    ]


def _entry(ticket: TicketItem, now: datetime, dealers: Mapping[str, str]) -> TicketWorklistEntry:
    state = State(ticket.state)
    task = TASK_OF_STATE[state]
    return TicketWorklistEntry(
        kind=task,
        id=ticket.ticket_id,
        dealer_id=ticket.dealer_id,
        dealer_name=dealers[ticket.dealer_id],
        title=ticket.title,
        state=state,
        urgent=bool(ticket.urgent),
        since=ticket.changed_at,
        due_at=ticket.due_at,
        overdue=bool(ticket.due_at and ticket.due_at < clock.stamp(now)),
        roles=sorted(TRANSITIONS[state, Action(task)].roles),
    )
