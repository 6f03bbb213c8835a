"""Query and answer of the worklist of tickets, in the shape of that of orders."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Query
from kernel.http.principal import Role
from services.tickets.vocabulary import State, TicketTask


class TicketWorklistQuery(Query):
    """Filter and page of the worklist."""

    kind: TicketTask | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class TicketWorklistEntry(Answer):
    """A ticket that waits for staff.

    `kind`: the action that it waits for; `id`: number of the ticket; `since`: moment of its last step; `due_at`: end of
    the service time; `overdue`: that moment has passed; `roles`: the staff who may take the action.
    """

    kind: TicketTask
    id: str
    dealer_id: str
    dealer_name: str
    title: str
    state: State
    urgent: bool
    since: str
    due_at: str | None
    overdue: bool
    roles: list[Role]


class TicketWorklist(Answer):
    """Page of the tickets that wait for staff, urgent and old ones first; `next_cursor`: null after the last page.

    `calendar_known_until`: last day whose days off are published, if a day of this answer is later and may therefore
    move; else null.
    """

    entries: list[TicketWorklistEntry]
    next_cursor: str | None
    calendar_known_until: str | None
