"""From the table to the bus and to command queues."""

from __future__ import annotations

from tests.mutation.planting import Bug, Kind

_FILE = "infra/relay/relay.py"

BUGS = (
    Bug(
        "an outbox_event leaves the index before it is sent, and a crash loses it",
        Kind.EFFECT_BEFORE_RECORD,
        _FILE,
        old="    published = _publish(items)\n    commanded = _command([item for item in items if item.command])\n",
        new=(
            "    items = [item for item in items if _mark(item)]\n"
            "    published = _publish(items)\n    commanded = _command([item for item in items if item.command])\n"
        ),
        caught_by="tests/relay/test_relay.py::test_a_fault_at_any_call_of_the_relay_loses_nothing_and_keeps_the_order",
    ),
    Bug(
        "what the bus refuses of a batch counts as sent",
        Kind.SWALLOWED_FAILURE,
        _FILE,
        old='            if "EventId" in result:\n                taken.append(item)\n            else:\n',
        new='            taken.append(item)\n            if "EventId" not in result:\n',
        caught_by="tests/relay/test_relay.py::test_an_entry_the_bus_refuses_is_sent_later_and_the_others_now",
    ),
    Bug(
        "a command overtakes the one before it that its queue refused",
        Kind.SWAPPED_ORDER,
        _FILE,
        old=(
            "                if first in accepted:\n"
            "                    taken.append(first)\n"
            "                    if rest:\n"
            "                        lanes[lane] = rest\n"
        ),
        new=(
            "                if first in accepted:\n"
            "                    taken.append(first)\n"
            "                if rest:\n"
            "                    lanes[lane] = rest\n"
        ),
        caught_by=(
            "tests/relay/test_relay.py::"
            "test_after_a_refused_command_the_rest_of_its_group_waits_and_other_groups_do_not"
        ),
    ),
    Bug(
        "an outbox_event that is both event and command is done with once the bus has it",
        Kind.LOST_ANNOUNCEMENT,
        _FILE,
        old="if item in published and (item.command is None or item in commanded)]",
        new="if item in published]",
        caught_by=(
            "tests/relay/test_relay.py::test_a_command_for_a_queue_that_is_not_there_stays_unsent_and_holds_up_nothing"
        ),
    ),
    Bug(
        "a change of an outbox_event is announced as if it were new",
        Kind.DROPPED_DEDUP,
        _FILE,
        old='for record in records if record["eventName"] == "INSERT")',
        new="for record in records)",
        caught_by="tests/relay/test_relay.py::test_only_new_announcements_are_sent",
    ),
    Bug(
        "a batch a byte too large fails as a whole, for ever",
        Kind.OFF_BY_ONE,
        _FILE,
        old="or size + more > _MAX_BYTES):",
        new="or size > _MAX_BYTES):",
        caught_by="tests/relay/test_relay.py::test_large_announcements_share_a_call_only_up_to_its_limit",
    ),
    Bug(
        "the sweeper goes on with a group of which a command failed on the page before",
        Kind.SWAPPED_ORDER,
        _FILE,
        old="_resend(page.items, {one.command for one in stuck if one.command})",
        new="_resend(page.items, set())",
        caught_by=(
            "tests/relay/test_relay.py::"
            "test_after_a_refused_command_the_rest_of_its_group_waits_on_the_pages_behind_too"
        ),
    ),
)
