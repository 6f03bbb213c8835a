"""What tickets says."""

from __future__ import annotations

from typing import ClassVar

from kernel.events import Event


class TicketProgressed(Event):
    """Said at every step of a service request, its registration included. Heard by notifications.

    `step` is what was done (registered, accepted, reviewed, dispatched, completed, rejected, …), `state` where it left
    the ticket, `title` the dealer's own words.
    """

    TYPE: ClassVar[str] = "ticket.progressed.v1"
    SOURCE: ClassVar[str] = "tickets"

    ticket_id: str
    dealer_id: str
    step: str
    state: str
    title: str
