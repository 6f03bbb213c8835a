"""Damages of service tickets."""

from __future__ import annotations

from tests.support.company_data import OWN
from tests.tools.audit.table import Damages, TableCopy, remove_from_index


def _note_of_unknown_step(table: TableCopy) -> None:
    key = table.keys(f"TICKETS#{OWN}", "NOTE#")[0]
    table.move(key, key[0], f"{key[1][:-6]}000099")


DAMAGES: Damages = {
    "a ticket made an impossible transition": (
        lambda table: table.change_event(table.event_key(table.ids["ticket reviewed", OWN], 2), step="dispatched"),
        {"log-event", "ticket-transition"},
    ),
    "a version of a ticket has no event": (
        lambda table: table.add(table.ticket_key("ticket registered"), version=1),
        {"ticket-events"},
    ),
    "a ticket lost its request": (
        lambda table: table.delete(table.ticket_key("ticket registered", "REQUEST")),
        {"ticket-incomplete"},
    ),
    "a note belongs to a step never taken": (_note_of_unknown_step, {"ticket-note"}),
    "a ticket number is missing": (
        lambda table: table.add((f"TICKETS#{OWN}", "SEQUENCE"), last=1),
        {"ticket-sequence"},
    ),
    "a ticket is due at another time": (
        lambda table: table.update(table.ticket_key("ticket accepted"), due_at="2026-12-24T00:00:00.000Z"),
        {"ticket-due"},
    ),
    "a waiting ticket is not in the index": (
        lambda table: remove_from_index(table, table.ticket_key("ticket accepted")),
        {"ticket-queue"},
    ),
}
