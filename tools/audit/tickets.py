"""Invariants of service tickets: each stands where its history led it, and on the clock that history set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from contracts.tickets import TicketOverdue
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.tickets.items import NoteItem, RequestItem, SequenceItem, TicketItem, state_history, waiting_pk
from services.tickets.lifecycle import TRANSITIONS
from services.tickets.service_clock import compute_service_clock
from services.tickets.vocabulary import FINISHED, STEP_OF_ACTION, WAITING, State, Step
from tools.audit.findings import Finding
from tools.audit.reading import Snapshot

_ACTIONS = {step.value: action for action, step in STEP_OF_ACTION.items()}
#: A step and its event are timed one after the other.
_AT_ONCE = timedelta(seconds=5)


def ticket_history_is_a_possible_one(table: Snapshot) -> Iterator[Finding]:
    """T1: every step of a ticket stands in the table of what is possible."""
    for ticket in table.all(TicketItem):
        state, asked_in = None, None
        for message in table.history.get(ticket.ticket_id, []):
            step = Step.OVERDUE if message.type == TicketOverdue.TYPE else Step(message.data["step"])
            after = State(message.data["state"])
            if not _possible(state, step, after, asked_in):
                yield Finding("ticket-path", ticket.ticket_id, f"{step} from {state or 'nothing'} to {after}")
            if step is Step.ASKED:
                asked_in = state
            state = after


def tickets_are_told(table: Snapshot) -> Iterator[Finding]:
    """T1: version grows by one with every event, and the last event is in the ticket's state."""
    for ticket in table.all(TicketItem):
        history = table.history.get(ticket.ticket_id, [])
        numbers, version = [message.sequence for message in history], ticket.version
        if numbers != list(range(1, version + 1)):
            yield Finding("ticket-events", ticket.ticket_id, f"version {version}, events {numbers}")
        elif (told := history[-1].data["state"]) != ticket.state:
            yield Finding("ticket-events", ticket.ticket_id, f"{ticket.state}, its last event says {told}")


def tickets_are_whole(table: Snapshot) -> Iterator[Finding]:
    """T2: a ticket keeps what was asked for, and every note belongs to one of its steps."""
    versions = {(ticket.pk, ticket.ticket_id): ticket.version for ticket in table.all(TicketItem)}
    requests = {(request.pk, request.sk.partition("#")[2]) for request in table.all(RequestItem)}
    for pk, ticket_id in sorted(versions.keys() ^ requests):
        yield Finding("ticket-torn", ticket_id, f"{pk} holds its header or its request alone")
    for note in table.all(NoteItem):
        _, ticket_id, step = note.sk.split("#")
        if int(step) > versions.get((note.pk, ticket_id), 0):
            yield Finding("ticket-note", ticket_id, f"a note of step {step}, which it never took")


def ticket_numbers_have_no_gap(table: Snapshot) -> Iterator[Finding]:
    """T2: a dealer's tickets are numbered from 1 to the last number given, each once."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for ticket in table.all(TicketItem):
        numbers[ticket.pk].append(int(ticket.ticket_id.rpartition("-")[2]))
    last = {item.pk: item.last for item in table.all(SequenceItem)}
    for pk in sorted(numbers.keys() | last.keys()):
        if sorted(numbers[pk]) != list(range(1, last.get(pk, 0) + 1)):
            yield Finding("ticket-sequence", pk, f"{len(numbers[pk])} tickets up to {last.get(pk, 0)}")


def service_clocks_are_right(table: Snapshot) -> Iterator[Finding]:
    """T3: when a ticket that waits is due follows from its history: working time without what the clock stood still."""
    for ticket in table.all(TicketItem):
        if State(ticket.state) not in WAITING:
            continue
        told = [one for one in table.history.get(ticket.ticket_id, []) if one.type != TicketOverdue.TYPE]
        if not told:
            continue
        now = clock.parse_stamp(told[-1].time)
        due = compute_service_clock(state_history(told), urgent=bool(ticket.urgent), now=now, calendar=CHINA).due_at
        stored = clock.parse_stamp(ticket.due_at) if ticket.due_at else None
        if (due is None) != (stored is None) or (due and stored and abs(due - stored) > _AT_ONCE):
            yield Finding("ticket-due", ticket.ticket_id, f"{stored}, its history says {due}")


def waiting_tickets_are_listed(table: Snapshot) -> Iterator[Finding]:
    """T4: closed implies that nothing waits for it; a ticket that waits stands in the queue of its state."""
    for ticket in table.all(TicketItem):
        state = State(ticket.state)
        rank = f"{0 if ticket.urgent else 1}#{ticket.registered_at}#{ticket.ticket_id}"
        expected = (waiting_pk(state), rank) if state in WAITING else (None, None)
        if (ticket.gsi1pk, ticket.gsi1sk) != expected or (state in FINISHED) != bool(ticket.finished_at):
            detail = f"{state} since {ticket.finished_at}, listed under {ticket.gsi1pk}"
            yield Finding("ticket-queue", ticket.ticket_id, detail)


ALWAYS = (
    ticket_history_is_a_possible_one,
    tickets_are_told,
    tickets_are_whole,
    ticket_numbers_have_no_gap,
    service_clocks_are_right,
    waiting_tickets_are_listed,
)


def _possible(before: State | None, step: Step, after: State, asked_in: State | None) -> bool:
    if before is None or step is Step.REGISTERED:
        return before is None and (step, after) == (Step.REGISTERED, State.REGISTERED)
    if step is Step.OVERDUE:
        return after is before
    rule = TRANSITIONS.get((before, _ACTIONS[step]))
    return rule is not None and after is (rule.leads_to or asked_in)
