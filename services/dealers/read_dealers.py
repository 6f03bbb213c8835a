"""List and show dealers."""

from __future__ import annotations

from contracts.dealers import DEALERS, DealerItem, dealer_key
from contracts.grades import grade_name
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.items import Index
from kernel.store.read import fetch_one, query_page
from services.dealers.api import DealerPage, DealersQuery, DealerView, DealerWithUsers, Me, UserView
from services.dealers.items import dealer_of, load_users, territory_prefix, user_of
from services.dealers.rules import Dealer, DealerStatus


def list_dealers(caller: Principal, query: DealersQuery) -> DealerPage:
    """Return a page of dealers by territory and id.

    Raises:
        BadRequest: the cursor is not of this caller and this list.
    """
    bound_to = [caller.scope, "GET /dealers", query.territory or ""]
    page = query_page(
        DealerItem,
        DEALERS,
        sk=Index.gsi1sk.startswith(territory_prefix(query.territory)) if query.territory else None,
        on_index=True,
        limit=query.limit,
        start=open_cursor(bound_to, query.cursor),
    )
    return DealerPage(
        dealers=[dealer_view(dealer_of(item), item.version) for item in page.items],
        next_cursor=next_cursor(bound_to, page.next_key),
    )


def show_dealer(caller: Principal, dealer_id: str) -> DealerWithUsers:
    """Return a dealer with its users.

    Raises:
        NotFound: there is no such dealer, or the caller is of another dealer.
    """
    if caller.is_dealer and caller.dealer_id != dealer_id:
        raise NotFound
    item = load_dealer(dealer_id)
    users = [
        UserView(username=user.username, name=user.name, roles=sorted(user.roles))
        for user in map(user_of, load_users(dealer_id))
    ]
    return DealerWithUsers(**dealer_view(dealer_of(item), item.version).model_dump(), users=users)


def show_me(caller: Principal) -> Me:
    """Return the caller as the token has it, and the dealer as it is stored."""
    item = fetch_one(DealerItem, dealer_key(caller.dealer_id)) if caller.dealer_id else None
    return Me(
        user_id=caller.user_id,
        name=caller.name,
        roles=sorted(caller.roles),
        dealer=dealer_view(dealer_of(item), item.version) if item else None,
    )


def load_dealer(dealer_id: str) -> DealerItem:
    """Load a dealer.

    Raises:
        NotFound: there is no such dealer.
    """
    item = fetch_one(DealerItem, dealer_key(dealer_id))
    if item is None:
        raise NotFound
    return item


def dealer_view(dealer: Dealer, version: int) -> DealerView:
    """Return the answer that shows a dealer at a version."""
    facts = {**vars(dealer), "status": DealerStatus(dealer.status), "grade_name": grade_name(dealer.grade)}
    return DealerView(**facts, version=version)
