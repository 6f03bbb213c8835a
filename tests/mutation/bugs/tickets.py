"""Service requests."""

from __future__ import annotations

from tests.mutation.planting import Bug, Kind

BUGS = (
    Bug(
        "a ticket is completed that nobody was sent out for",
        Kind.REMOVED_CONDITION,
        "services/tickets/domain.py",
        old="    (State.REVIEWED, Action.ASK): Rule(_AFTERSALES, State.NEED_INFO),\n",
        new=(
            "    (State.REVIEWED, Action.ASK): Rule(_AFTERSALES, State.NEED_INFO),\n"
            "    (State.REVIEWED, Action.COMPLETE): Rule(_AFTERSALES, State.COMPLETED),\n"
        ),
        caught_by="tests/tickets/test_domain.py::test_every_cell_of_the_table_is_as_it_hangs_on_the_wall",
    ),
    Bug(
        "a dealer reads what the house notes about it",
        Kind.LEAK,
        "services/tickets/queries.py",
        old="        internal_notes=[] if caller.is_dealer else _internal_notes(ticket),\n",
        new="        internal_notes=_internal_notes(ticket),\n",
        caught_by="tests/tickets/test_tickets.py::test_what_staff_note_among_themselves_reaches_no_dealer",
    ),
    Bug(
        "a dealer opens the ticket of another by its number",
        Kind.MISSING_TENANT,
        "services/tickets/items.py",
        old="    return caller.dealer_id or match[1]\n",
        new="    return match[1]\n",
        caught_by="tests/tickets/test_tickets.py::test_another_dealers_ticket_is_as_absent_as_one_that_never_was",
    ),
    Bug(
        "of two people acting at once the second undoes what the first did",
        Kind.LOST_UPDATE,
        "services/tickets/items.py",
        old='    transaction.put(ticket, "ticket", as_read)\n    transaction.create(\n',
        new='    transaction.put(ticket, "ticket")\n    transaction.put(\n',
        caught_by="tests/tickets/test_tickets.py::test_of_two_people_acting_at_once_one_wins_and_the_other_is_told",
    ),
    Bug(
        "of two requests of one dealer at once the second is turned away",
        Kind.MISSING_RETRY,
        "services/tickets/commands.py",
        old="_ATTEMPTS = 8",
        new="_ATTEMPTS = 1",
        caught_by="tests/tickets/test_tickets.py::test_two_registrations_at_once_get_two_numbers",
    ),
    Bug(
        "the clock runs while the dealer is asked",
        Kind.REMOVED_CONDITION,
        "services/tickets/domain.py",
        old="RUNNING = WAITING - {State.NEED_INFO}\n",
        new="RUNNING = WAITING\n",
        caught_by="tests/tickets/test_service_clock.py::test_the_clock_stands_while_the_dealer_is_asked",
    ),
    Bug(
        "a ticket can be reopened for ever",
        Kind.REMOVED_CONDITION,
        "services/tickets/domain.py",
        old=(
            "    if action is Action.REOPEN and standing.finished_at and now - standing.finished_at > "
            "timedelta(days=REOPEN_DAYS):\n"
        ),
        new="    if action is Action.REOPEN and standing.finished_at is None:\n",
        caught_by="tests/tickets/test_domain.py::test_reopening_ends_with_its_last_day",
    ),
    Bug(
        "an overdue ticket is announced at every run",
        Kind.DROPPED_DEDUP,
        "services/tickets/commands.py",
        old=" and not ticket.overdue_at:\n",
        new=":\n",
        caught_by="tests/tickets/test_tickets.py::test_an_overdue_ticket_is_announced_once",
    ),
    Bug(
        "the phone of a dealer's customer is shown to the whole house",
        Kind.LEAK,
        "services/tickets/queries.py",
        old="    phone = request.contact_phone if in_full else masked_phone(request.contact_phone)\n",
        new="    del in_full\n    phone = request.contact_phone\n",
        caught_by=(
            "tests/tickets/test_tickets.py::test_the_contacts_phone_is_shown_to_those_who_call_and_kept_nowhere_else"
        ),
    ),
)
