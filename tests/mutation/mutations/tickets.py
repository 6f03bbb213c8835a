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
        caught_by="test_state_table_equals_the_expected_table",
    ),
    Mutation(
        "a dealer reads internal notes",
        Kind.LEAK,
        "services.tickets:show_ticket",
        old="[] if _ else _internal_notes(__ticket)",
        new="_internal_notes(__ticket)",
        caught_by="test_internal_notes_reach_no_dealer",
    ),
    Mutation(
        "a dealer opens the ticket of another dealer by its number",
        Kind.MISSING_TENANT_CHECK,
        "services.tickets:dealer_id_of_ticket",
        old="__caller.dealer_id or __owner",
        new="__owner",
        caught_by="test_ticket_of_another_dealer_answers_like_a_missing_one",
    ),
    Mutation(
        "the second of two concurrent steps overwrites the first",
        Kind.LOST_UPDATE,
        "services.tickets:write_ticket",
        old="""
            __transaction.put(__ticket, __label, _)
            __transaction.create(__event, __event_label)
        """,
        new="""
            __transaction.put(__ticket, __label)
            __transaction.put(__event, __event_label)
        """,
        caught_by="test_concurrent_action_is_decided_again_in_the_new_state",
    ),
    Mutation(
        "the second of two concurrent requests of a dealer is refused",
        Kind.MISSING_RETRY,
        "services.tickets.register_ticket:_ATTEMPTS",
        old="8",
        new="1",
        caught_by="test_concurrent_registrations_get_two_numbers",
    ),
    Mutation(
        "the service time runs while the dealer is asked",
        Kind.REMOVED_CONDITION,
        "services.tickets:RUNNING",
        old="WAITING - {State.NEED_INFO}",
        new="WAITING",
        caught_by="test_clock_is_stopped_while_the_dealer_is_asked",
    ),
    Mutation(
        "a ticket may be reopened after any time",
        Kind.REMOVED_CONDITION,
        "services.tickets:action_problem",
        old="action is Action.REOPEN and __status.finished_at and _",
        new="action is Action.REOPEN and __status.finished_at is None",
        caught_by="test_reopening_is_allowed_until_its_last_day",
    ),
    Mutation(
        "an overdue ticket is published at every run",
        Kind.MISSING_DEDUPLICATION,
        "services.tickets.announce_overdue:announce_overdue",
        old="__has_due_time and __is_due and not __ticket.overdue_at",
        new="__has_due_time and __is_due",
        caught_by="test_overdue_ticket_is_published_once",
    ),
    Mutation(
        "all staff see the phone number of a dealer's customer",
        Kind.LEAK,
        "services.tickets:_contact",
        old="__phone if _ else mask_phone(__phone)",
        new="__phone",
        caught_by="test_contact_phone_is_shown_only_to_dealer_and_callers",
    ),
)
