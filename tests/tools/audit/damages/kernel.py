"""Damages of outbox events and of dealers' partitions."""

from __future__ import annotations

from kernel.messaging.outbox import shard_key
from tests.support.company_data import OTHER, OWN
from tests.tools.audit.table import Damages, Key, TableCopy, unsend_event


def _user_event_key(table: TableCopy, user: str = "dealer_buyer") -> Key:
    return table.keys(f"DEALER#{OWN}", f"EVENT#{user}")[0]


def _number_first_event_two(table: TableCopy) -> None:
    key = _user_event_key(table)
    subject = table.item(key).envelope.subject
    table.change_event(key, {"sequence": 2, "id": f"evt_{subject}_2"})
    table.move(key, key[0], f"EVENT#{subject}#000002")


def _move_event(table: TableCopy) -> None:
    key = _user_event_key(table)
    table.move(key, key[0], "EVENT#other#000001")


def _answer_other_dealer(table: TableCopy) -> None:
    key = table.keys(f"IDEMPOTENCY#{OWN}", "POST /tickets")[0]
    table.move(key, f"IDEMPOTENCY#{OTHER}", "POST /tickets#x")


DAMAGES: Damages = {
    # events
    "an event cannot be read": (
        lambda table: table.update(_user_event_key(table, "dealer_accountant"), body="{"),
        {"event-unreadable"},
    ),
    "an event is stored under another subject": (_move_event, {"event-key"}),
    "an event number is missing": (_number_first_event_two, {"event-gap"}),
    "an unsent event is under another time": (
        lambda table: table.update(table.order_event_key("order in review", 1), gsi1pk=shard_key(0)),
        {"event-index", "event-unsent"},
    ),
    "an event is unsent": (unsend_event, {"event-unsent"}),
    # tenancy
    "an order names another dealer": (
        lambda table: table.update(table.order_key("order in review"), dealer_id=OTHER),
        {"tenant-item", "order-sequence", "order-committed", "order-exposure"},
    ),
    "a ticket names another dealer": (
        lambda table: table.update(table.ticket_key("ticket accepted"), dealer_id=OTHER),
        {"tenant-item"},
    ),
    "an event names another dealer": (
        lambda table: table.change_event(table.event_key(table.ids["ticket accepted", OWN], 1), {"dealerid": OTHER}),
        {"log-event", "log-entry", "tenant-event"},
    ),
    "a response is about another dealer": (_answer_other_dealer, {"tenant-response"}),
}
