"""Mutations of the relay, from the outbox to the event bus and the command queues."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "an event leaves the outbox before it is sent, and a crash loses it",
        Kind.EFFECT_BEFORE_RECORD,
        "infra.relay:send_events",
        old="__published = _publish(__items)",
        new="""
            __items = [item for item in __items if _mark_sent(item)]
            __published = _publish(__items)
        """,
        caught_by="test_relay_keeps_events_and_order_after_any_fault",
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
        caught_by="test_event_refused_by_the_bus_is_sent_by_the_sweep",
    ),
    Mutation(
        "a command overtakes an earlier one that its queue refused",
        Kind.SWAPPED_ORDER,
        "infra.relay:_send_commands",
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
        caught_by="test_refused_command_blocks_only_its_own_group",
    ),
    Mutation(
        "an event that is also a command counts as sent when only the bus has it",
        Kind.LOST_EVENT,
        "infra.relay:send_events",
        old="__on_bus and (__item.command is None or __item in __commanded)",
        new="__on_bus",
        caught_by="test_command_for_a_missing_queue_stays_unsent_and_blocks_nothing",
    ),
    Mutation(
        "a changed outbox item is published as a new event",
        Kind.MISSING_DEDUPLICATION,
        "infra.relay:new_events",
        old='(__image for __record in __records if __record["eventName"] == "INSERT")',
        new="(__image for __record in __records)",
        caught_by="test_relay_sends_only_newly_stored_events",
    ),
    Mutation(
        "a batch exceeds the size limit of the bus and never succeeds",
        Kind.OFF_BY_ONE,
        "infra.relay:_batches",
        old="__size + __more > _MAX_BYTES",
        new="__size > _MAX_BYTES",
        caught_by="test_relay_keeps_large_events_within_the_call_limit",
    ),
    Mutation(
        "the sweep sends commands of a group whose earlier command failed on the page before",
        Kind.SWAPPED_ORDER,
        "infra.relay:resend_unsent",
        old="{__item.command for __item in __unsent if __item.command}",
        new="set()",
        caught_by="test_sweep_blocks_group_of_refused_command_on_later_pages",
    ),
)
