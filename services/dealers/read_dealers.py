"""List and show dealers."""

from __future__ import annotations

from contracts.dealers import DEALERS, DealerItem, dealer_key
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.items import Index
from kernel.store.read import fetch_one, query_page
from services.dealers.api import DealerPage, DealersQuery, DealerView, DealerWithUsers, Me, UserView
from services.dealers.items import dealer_of, territory_prefix, user_of, users_of
from services.dealers.rules import Dealer, Status


def list_dealers(caller: Principal, query: DealersQuery) -> DealerPage:
    """A page of dealers by territory and id.

    Raises:
        BadRequest: the cursor is not from this caller's same list.
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
    """A dealer with its people.

    Raises:
        NotFound: there is none, or it is not the caller's own.
    """
    if caller.is_dealer and caller.dealer_id != dealer_id:
        raise NotFound
    item = load_dealer(dealer_id)
    people = [user_of(user) for user in users_of(dealer_id)]
    users = [UserView(username=user.username, name=user.name, roles=sorted(user.roles)) for user in people]
    return DealerWithUsers(**dealer_view(dealer_of(item), item.version).model_dump(), users=users)


def show_me(caller: Principal) -> Me:
    """The caller as the token says, and the dealer as it stands."""
    item = fetch_one(DealerItem, dealer_key(caller.dealer_id)) if caller.dealer_id else None
    return Me(
        user_id=caller.user_id,
        name=caller.name,
        roles=sorted(caller.roles),
        dealer=dealer_view(dealer_of(item), item.version) if item else None,
    )


def load_dealer(dealer_id: str) -> DealerItem:
    item = fetch_one(DealerItem, dealer_key(dealer_id))
    if item is None:
        raise NotFound
    return item


def dealer_view(dealer: Dealer, version: int) -> DealerView:
    return DealerView(**{**vars(dealer), "status": Status(dealer.status)}, version=version)
