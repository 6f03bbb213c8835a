"""Mutations of service tickets."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "a ticket is completed without a technician",
        Kind.REMOVED_CONDITION,
        "services.tickets:TRANSITIONS",
        old="{(State.REVIEWED, Action.ASK): __ask, **__others}",
        new="""{
            (State.REVIEWED, Action.ASK): __ask,
            (State.REVIEWED, Action.COMPLETE): Transition(_AFTERSALES, State.COMPLETED),
            **__others,
        }""",
        caught_by="test_every_cell_of_the_table_is_as_it_hangs_on_the_wall",
    ),
    Mutation(
        "a dealer reads internal notes",
        Kind.LEAK,
        "services.tickets:show_ticket",
        old="[] if _ else _internal_notes(__ticket)",
        new="_internal_notes(__ticket)",
        caught_by="test_what_staff_note_among_themselves_reaches_no_dealer",
    ),
    Mutation(
        "a dealer opens the ticket of another dealer by its number",
        Kind.MISSING_TENANT_CHECK,
        "services.tickets:owner_of",
        old="__caller.dealer_id or __owner",
        new="__owner",
        caught_by="test_another_dealers_ticket_is_as_absent_as_one_that_never_was",
    ),
    Mutation(
        "the second of two concurrent steps overwrites the first",
        Kind.LOST_UPDATE,
        "services.tickets:change_ticket",
        old="""
            __transaction.put(__ticket, __label, _)
            __transaction.create(__event, __event_label)
        """,
        new="""
            __transaction.put(__ticket, __label)
            __transaction.put(__event, __event_label)
        """,
        caught_by="test_of_two_people_acting_at_once_one_wins_and_the_other_is_told",
    ),
    Mutation(
        "the second of two concurrent requests of a dealer is refused",
        Kind.MISSING_RETRY,
        "services.tickets:_ATTEMPTS",
        old="8",
        new="1",
        caught_by="test_two_registrations_at_once_get_two_numbers",
    ),
    Mutation(
        "the service time runs while the dealer is asked",
        Kind.REMOVED_CONDITION,
        "services.tickets:RUNNING",
        old="WAITING - {State.NEED_INFO}",
        new="WAITING",
        caught_by="test_the_clock_stands_while_the_dealer_is_asked",
    ),
    Mutation(
        "a ticket may be reopened after any time",
        Kind.REMOVED_CONDITION,
        "services.tickets:refusal_of",
        old="action is Action.REOPEN and __status.finished_at and _",
        new="action is Action.REOPEN and __status.finished_at is None",
        caught_by="test_reopening_ends_with_its_last_day",
    ),
    Mutation(
        "an overdue ticket is published at every run",
        Kind.MISSING_DEDUPLICATION,
        "services.tickets.announce_overdue:announce_overdue",
        old="__has_due_time and __is_due and not __ticket.overdue_at",
        new="__has_due_time and __is_due",
        caught_by="test_an_overdue_ticket_is_announced_once",
    ),
    Mutation(
        "all staff see the phone number of a dealer's customer",
        Kind.LEAK,
        "services.tickets:_contact",
        old="__phone if _ else masked_phone(__phone)",
        new="__phone",
        caught_by="test_the_contacts_phone_is_shown_to_those_who_call_and_kept_nowhere_else",
    ),
)
