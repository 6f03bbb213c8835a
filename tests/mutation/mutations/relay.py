"""Mutations of the relay, from the outbox to the event bus and the command queues."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "an event leaves the outbox before it is sent, and a crash loses it",
        Kind.EFFECT_BEFORE_RECORD,
        "infra.relay:send",
        old="__published = _publish(__items)",
        new="""
            __items = [item for item in __items if _mark(item)]
            __published = _publish(__items)
        """,
        caught_by="test_a_fault_at_any_call_of_the_relay_loses_nothing_and_keeps_the_order",
    ),
    Mutation(
        "an event that the bus refuses counts as sent",
        Kind.SWALLOWED_FAILURE,
        "infra.relay:_publish",
        old="""
            if "EventId" in __result:
                __accept
            else:
                __report
        """,
        new="""
            __accept
            if "EventId" not in __result:
                __report
        """,
        caught_by="test_an_entry_the_bus_refuses_is_sent_later_and_the_others_now",
    ),
    Mutation(
        "a command overtakes an earlier one that its queue refused",
        Kind.SWAPPED_ORDER,
        "infra.relay:_command",
        old="""
            if __first in __accepted:
                __taken.append(__first)
                if __rest:
                    __continue
        """,
        new="""
            if __first in __accepted:
                __taken.append(__first)
            if __rest:
                __continue
        """,
        caught_by="test_after_a_refused_command_the_rest_of_its_group_waits_and_other_groups_do_not",
    ),
    Mutation(
        "an event that is also a command counts as sent when only the bus has it",
        Kind.LOST_EVENT,
        "infra.relay:send",
        old="__on_bus and (__item.command is None or __item in __commanded)",
        new="__on_bus",
        caught_by="test_a_command_for_a_queue_that_is_not_there_stays_unsent_and_holds_up_nothing",
    ),
    Mutation(
        "a changed outbox item is published as a new event",
        Kind.MISSING_DEDUPLICATION,
        "infra.relay:announced",
        old='(__image for __record in __records if __record["eventName"] == "INSERT")',
        new="(__image for __record in __records)",
        caught_by="test_only_new_announcements_are_sent",
    ),
    Mutation(
        "a batch exceeds the size limit of the bus and never succeeds",
        Kind.OFF_BY_ONE,
        "infra.relay:_batches",
        old="__size + __more > _MAX_BYTES",
        new="__size > _MAX_BYTES",
        caught_by="test_large_announcements_share_a_call_only_up_to_its_limit",
    ),
    Mutation(
        "the sweep sends commands of a group whose earlier command failed on the page before",
        Kind.SWAPPED_ORDER,
        "infra.relay:resend_unsent",
        old="{__item.command for __item in __unsent if __item.command}",
        new="set()",
        caught_by="test_after_a_refused_command_the_rest_of_its_group_waits_on_the_pages_behind_too",
    ),
)
