"""Invariants of service tickets: state, service clock and queue follow from the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from contracts.tickets import TicketOverdue
from kernel.invariants.events import every_version_has_an_event
from kernel.invariants.snapshot import Finding, Snapshot
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.tickets.items import NoteItem, RequestItem, SequenceItem, TicketItem, state_history, waiting_pk
from services.tickets.lifecycle import TRANSITIONS
from services.tickets.service_clock import compute_service_clock
from services.tickets.vocabulary import FINISHED, STEP_OF_ACTION, WAITING, State, Step

_ACTION_OF_STEP = {step.value: action for action, step in STEP_OF_ACTION.items()}
#: A step and its event are stamped one after the other.
_TOLERANCE = timedelta(seconds=5)


def ticket_histories_follow_the_state_table(snapshot: Snapshot) -> Iterator[Finding]:
    """Find steps of tickets that the state table does not have."""
    for ticket in snapshot.items(TicketItem):
        state, asked_in = None, None
        for message in snapshot.history.get(ticket.ticket_id, []):
            step = Step.OVERDUE if message.type == TicketOverdue.TYPE else Step(message.data["step"])
            after = State(message.data["state"])
            if not _is_possible(state, step, after, asked_in):
                yield Finding("ticket-transition", ticket.ticket_id, f"{step} from {state or 'nothing'} to {after}")
            if step is Step.ASKED:
                asked_in = state
            state = after


def every_ticket_version_has_an_event(snapshot: Snapshot) -> Iterator[Finding]:
    """Find tickets whose events are not numbered 1 to the ticket's version, or whose last event has another state."""
    tickets = ((ticket.ticket_id, ticket.version, ticket.state) for ticket in snapshot.items(TicketItem))
    return every_version_has_an_event(snapshot, "ticket-events", tickets)


def tickets_have_all_their_items(snapshot: Snapshot) -> Iterator[Finding]:
    """Find tickets without a request, requests without a ticket, and notes of steps that were never taken."""
    versions = {(ticket.pk, ticket.ticket_id): ticket.version for ticket in snapshot.items(TicketItem)}
    requests = {(request.pk, request.sk.partition("#")[2]) for request in snapshot.items(RequestItem)}
    for pk, ticket_id in sorted(versions.keys() ^ requests):
        yield Finding("ticket-incomplete", ticket_id, f"{pk} has only its header or only its request")
    for note in snapshot.items(NoteItem):
        _, ticket_id, step = note.sk.split("#")
        if int(step) > versions.get((note.pk, ticket_id), 0):
            yield Finding("ticket-note", ticket_id, f"a note of step {step}, which was never taken")


def ticket_numbers_have_no_gap(snapshot: Snapshot) -> Iterator[Finding]:
    """Find dealers whose ticket numbers do not run from 1 to the last number given."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for ticket in snapshot.items(TicketItem):
        numbers[ticket.pk].append(int(ticket.ticket_id.rpartition("-")[2]))
    last = {item.pk: item.last for item in snapshot.items(SequenceItem)}
    for pk in sorted(numbers.keys() | last.keys()):
        if sorted(numbers[pk]) != list(range(1, last.get(pk, 0) + 1)):
            yield Finding("ticket-sequence", pk, f"{len(numbers[pk])} tickets up to {last.get(pk, 0)}")


def ticket_due_times_follow_from_history(snapshot: Snapshot) -> Iterator[Finding]:
    """Find waiting tickets that are due at another time than their history gives: working time while the clock ran."""
    for ticket in snapshot.items(TicketItem):
        if State(ticket.state) not in WAITING:
            continue
        history = snapshot.history.get(ticket.ticket_id, [])
        steps = [message for message in history if message.type != TicketOverdue.TYPE]
        if not steps:
            continue
        now = clock.parse_stamp(steps[-1].time)
        due = compute_service_clock(state_history(steps), urgent=bool(ticket.urgent), now=now, calendar=CHINA).due_at
        stored = clock.parse_stamp(ticket.due_at) if ticket.due_at else None
        if (due is None) != (stored is None) or (due and stored and abs(due - stored) > _TOLERANCE):
            yield Finding("ticket-due", ticket.ticket_id, f"{stored}, by its history {due}")


def waiting_tickets_are_indexed_by_state(snapshot: Snapshot) -> Iterator[Finding]:
    """Find waiting tickets that are missing in the index of their state, and finished ones that are in an index."""
    for ticket in snapshot.items(TicketItem):
        state = State(ticket.state)
        sort_key = f"{0 if ticket.urgent else 1}#{ticket.registered_at}#{ticket.ticket_id}"
        expected = (waiting_pk(state), sort_key) if state in WAITING else (None, None)
        if (ticket.gsi1pk, ticket.gsi1sk) != expected or (state in FINISHED) != bool(ticket.finished_at):
            detail = f"{state} since {ticket.finished_at}, indexed under {ticket.gsi1pk}"
            yield Finding("ticket-queue", ticket.ticket_id, detail)


ALWAYS = (
    ticket_histories_follow_the_state_table,
    every_ticket_version_has_an_event,
    tickets_have_all_their_items,
    ticket_numbers_have_no_gap,
    ticket_due_times_follow_from_history,
    waiting_tickets_are_indexed_by_state,
)
WRITTEN_ONCE = (RequestItem, NoteItem)


def _is_possible(before: State | None, step: Step, after: State, asked_in: State | None) -> bool:
    if before is None or step is Step.REGISTERED:
        return before is None and (step, after) == (Step.REGISTERED, State.REGISTERED)
    if step is Step.OVERDUE:
        return after is before
    rule = TRANSITIONS.get((before, _ACTION_OF_STEP[step]))
    return rule is not None and after is (rule.leads_to or asked_in)
