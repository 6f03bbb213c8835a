"""Dealers as staff and they themselves see them, and the change of their terms."""

from __future__ import annotations

from dataclasses import replace

from contracts.catalog import PriceListItem, price_list_key
from contracts.dealers import DEALERS, DealerItem, dealer_key
from kernel.base.problems import FieldProblem, Invalid, NotFound, Stale
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.items import Index
from kernel.store.table import Transaction, TransactionRefused, fetch_one, query_page
from services.dealers.api import (
    ChangeTerms,
    DealerPage,
    DealersQuery,
    DealerView,
    DealerWithUsers,
    Me,
    UserView,
)
from services.dealers.domain import Dealer, Status
from services.dealers.table import (
    dealer_item,
    dealer_of,
    next_version,
    terms_changed,
    territory_prefix,
    unchanged,
    user_of,
    users_of,
)


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
        dealers=[_view(dealer_of(item), item.version) for item in page.items],
        next_cursor=next_cursor(bound_to, page.next_key),
    )


def show_dealer(caller: Principal, dealer_id: str) -> DealerWithUsers:
    """A dealer with its people.

    Raises:
        NotFound: there is none, or it is not the caller's own.
    """
    if caller.is_dealer and caller.dealer_id != dealer_id:
        raise NotFound
    item = _load(dealer_id)
    people = [user_of(user) for user in users_of(dealer_id)]
    users = [UserView(username=user.username, name=user.name, roles=sorted(user.roles)) for user in people]
    return DealerWithUsers(**_view(dealer_of(item), item.version).model_dump(), users=users)


def show_me(caller: Principal) -> Me:
    """The caller as the token says, and the dealer as it stands."""
    item = fetch_one(DealerItem, dealer_key(caller.dealer_id)) if caller.dealer_id else None
    return Me(
        user_id=caller.user_id,
        name=caller.name,
        roles=sorted(caller.roles),
        dealer=_view(dealer_of(item), item.version) if item else None,
    )


def change_terms(caller: Principal, dealer_id: str, request: ChangeTerms) -> DealerView:
    """Put new terms in place of the version the caller has read, on record with author and reason.

    Asked again after a lost answer, it changes nothing and answers the same.

    Raises:
        NotFound: there is no such dealer.
        Stale: the terms are no longer those of that version.
        Invalid: the price list is not published.
    """
    item = _load(dealer_id)
    stored = item.version
    before = dealer_of(item)
    after = replace(before, **request.model_dump(exclude={"version", "reason"}))
    if after == before and stored in (request.version, request.version + 1):
        return _view(before, stored)
    if stored != request.version:
        raise Stale
    if fetch_one(PriceListItem, price_list_key(after.price_list)) is None:
        detail = "价格表尚未发布 / no such price list is published; publish it first"
        raise Invalid([FieldProblem(field="price_list", code="unknown-price-list", detail=detail)])
    version = next_version(item)
    transaction = Transaction()
    transaction.put(dealer_item(after, version), "dealer", unchanged(item))
    transaction.create(terms_changed(item, before, after, author=caller.user_id, reason=request.reason), "event")
    try:
        transaction.commit()
    except TransactionRefused as refused:
        raise Stale from refused
    return _view(after, version)


def _load(dealer_id: str) -> DealerItem:
    item = fetch_one(DealerItem, dealer_key(dealer_id))
    if item is None:
        raise NotFound
    return item


def _view(dealer: Dealer, version: int) -> DealerView:
    return DealerView(**{**vars(dealer), "status": Status(dealer.status)}, version=version)
