"""Show how the terms of a dealer changed."""

from __future__ import annotations

from contracts.dealers import DealerTermsChanged, dealer_key
from kernel.http.principal import Principal
from kernel.messaging.outbox import EventItem
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import query_page
from services.dealers.look_up_api import HistoryQuery, TermsChange, TermsHistory
from services.dealers.read_dealers import load_dealer


def show_terms_history(caller: Principal, dealer_id: str, query: HistoryQuery) -> TermsHistory:
    """Return a page of the recorded changes of a dealer's terms, newest first. Its first version has no event.

    Raises:
        NotFound: there is no such dealer.
        BadRequest: the cursor is not of this caller and this history.
    """
    dealer = load_dealer(dealer_id)
    bound_to = [caller.scope, "GET /dealers/terms/history", dealer_id]
    pk, _ = dealer_key(dealer_id)
    page = query_page(
        EventItem,
        pk,
        sk=EventItem.sk.startswith(f"EVENT#{dealer_id}#"),
        limit=query.limit,
        start=open_cursor(bound_to, query.cursor),
        newest_first=True,
        consistent=True,
    )
    return TermsHistory(
        dealer_id=dealer_id,
        dealer_name=dealer.name,
        changes=[_change(item) for item in page.items],
        next_cursor=next_cursor(bound_to, page.next_key),
    )


def _change(item: EventItem) -> TermsChange:
    message = item.envelope
    event = DealerTermsChanged.model_validate(message.data)
    return TermsChange(
        at=message.time,
        author=event.author,
        author_name=event.author_name or event.author,
        reason=event.reason,
        before=event.before,
        after=event.after,
    )
