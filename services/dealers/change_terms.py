"""Change the terms of a dealer."""

from __future__ import annotations

from dataclasses import replace

from contracts.catalog import PriceListItem, price_list_key
from kernel.base.problems import Invalid, Stale
from kernel.http.principal import Principal
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from services.dealers.api import ChangeTerms, DealerView
from services.dealers.items import dealer_item, dealer_of, next_version, terms_changed_event, unchanged_condition
from services.dealers.read_dealers import dealer_view, load_dealer
from services.dealers.rules import unknown_price_list_problem


def change_terms(caller: Principal, dealer_id: str, request: ChangeTerms) -> DealerView:
    """Replace the terms of the version that the caller has read. The event records author and reason.

    A repeated request changes nothing and gets the same answer.

    Raises:
        NotFound: there is no such dealer.
        Stale: another version is stored.
        Invalid: the price list is not published.
    """
    item = load_dealer(dealer_id)
    stored = item.version
    before = dealer_of(item)
    after = replace(before, **request.model_dump(exclude={"version", "reason"}))
    if after == before and stored in (request.version, request.version + 1):
        return dealer_view(before, stored)
    if stored != request.version:
        raise Stale
    if fetch_one(PriceListItem, price_list_key(after.price_list)) is None:
        raise Invalid([unknown_price_list_problem("price_list")])
    version = next_version(item)
    event = terms_changed_event(item, before, after, author=caller.user_id, reason=request.reason)
    transaction = Transaction()
    transaction.put(dealer_item(after, version), "dealer", unchanged_condition(item))
    transaction.create(event, "event")
    try:
        transaction.commit()
    except TransactionRefused as refused:
        raise Stale from refused
    return dealer_view(after, version)
