"""Requests and answers about the event log."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Query
from kernel.messaging.events import Envelope


class EventsQuery(Query):
    """Position to read on from. `after`: `next_after` of the page before, or the id of the last event received.

    Without it the list begins with the oldest event, of 30 days ago.
    """

    after: Annotated[str | None, Field(min_length=1, max_length=4_000)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class Events(Answer):
    """Public events in the order in which they were logged, as webhooks send them. `id` is unique: ignore known ones.

    A page may have fewer events than asked for, even none. `has_more`: more can be read at once. `next_after` is
    never absent: keep it, and ask with it for what comes later.
    """

    events: list[Envelope]
    has_more: bool
    next_after: str
