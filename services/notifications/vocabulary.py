"""Roles, page size and ids that every room of notifications uses."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Query, one_of
from kernel.http.principal import Role
from kernel.messaging.events import event_types

BUYER_ROLES = frozenset({Role.DEALER_ADMIN, Role.DEALER_BUYER})
ACCOUNTANT_ROLES = frozenset({Role.DEALER_ADMIN, Role.DEALER_ACCOUNTANT})
REVIEWER_ROLES = frozenset({Role.ASSISTANT, Role.ADMIN})

#: Messages, text messages or deliveries on one page.
PAGE_SIZE = 20


#: Types of the events that endpoints may get.
PublicEventType = Annotated[str, one_of(lambda: (name for name, event in event_types().items() if event.PUBLIC))]


class PageQuery(Query):
    """Cursor of the page to return; without it the first page is returned."""

    cursor: Annotated[str | None, Field(max_length=4_000)] = None


def is_safe_in_key(text: str) -> bool:
    """Return True if an id from a request may be part of a table key: 1 to 200 printable characters."""
    return 0 < len(text) <= 200 and text.isprintable()
