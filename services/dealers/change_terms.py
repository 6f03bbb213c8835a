"""Change the terms of a dealer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from contracts.catalog import price_list_key
from kernel.base.problems import Invalid, Stale
from kernel.http.principal import Principal
from kernel.store.read import fetch
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from reads.price_lists import price_list_problems
from reads.warehouses import warehouse_problems
from services.dealers.api import ChangeTerms, DealerView
from services.dealers.items import dealer_item, dealer_of, terms_changed_event, unchanged_condition
from services.dealers.read_dealers import dealer_view, load_dealer

#: The address book may change meanwhile. Then the next attempt writes the same terms, or finds another version.
_ATTEMPTS = 5


def change_terms(caller: Principal, dealer_id: str, request: ChangeTerms) -> DealerView:
    """Replace the terms of the version that the caller has read. The event records author and reason.

    A repeated request changes nothing and gets the same answer.

    Raises:
        NotFound: there is no such dealer.
        Stale: another version is stored.
        Invalid: the price list is not published, or the warehouse is unknown or no longer used.
        Busy: the dealer kept changing.
    """
    return retry_on_conflict(_ATTEMPTS, partial(_change_terms, caller, dealer_id, request))


def _change_terms(caller: Principal, dealer_id: str, request: ChangeTerms) -> DealerView:
    item = load_dealer(dealer_id)
    stored = item.version
    before = dealer_of(item)
    after = replace(before, **request.model_dump(exclude={"version", "reason"}))
    if after == before and stored in (request.version, request.version + 1):
        return dealer_view(before, stored)
    if stored != request.version:
        raise Stale
    problems = warehouse_problems([("warehouse", after.warehouse)], must_be_active=True)
    problems += price_list_problems([("price_list", after.price_list)], fetch([price_list_key(after.price_list)]))
    if problems:
        raise Invalid(problems)
    changed = dealer_item(after, item)
    event = terms_changed_event(item, before, after, author=caller, reason=request.reason)
    transaction = Transaction()
    transaction.put(changed, "dealer", unchanged_condition(item))
    transaction.create(event, "event")
    transaction.commit()
    return dealer_view(after, changed.version)
