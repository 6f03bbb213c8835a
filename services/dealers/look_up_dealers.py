"""Look up dealers by name and by their terms. A page reads a bounded number of items, however many are stored."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from contracts.catalog import price_list_key
from contracts.dealers import DEALERS, DealerItem, dealer_key
from kernel.base.problems import Invalid
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.items import Item
from kernel.store.ranges import KeyRange, read_ranges
from kernel.store.read import fetch
from reads.price_lists import price_list_problems
from reads.warehouses import warehouse_problems
from services.dealers.items import dealer_of, territory_prefix
from services.dealers.look_up_api import DealerPage, DealersQuery
from services.dealers.name_items import DealerNameItem, name_key, names_pk
from services.dealers.name_rules import entry_prefix, matching_entries
from services.dealers.read_dealers import dealer_view


def list_dealers(caller: Principal, query: DealersQuery) -> DealerPage:
    """Return a page of dealers that pass all filters.

    Raises:
        BadRequest: the cursor is not of this caller and this list.
        Invalid: the warehouse or price list is unknown; names the known ones.
    """
    _require_known(query)
    filters = query.model_dump(mode="json", exclude={"cursor", "limit"}, exclude_none=True)
    bound_to = [caller.scope, "dealers", *(f"{name}={value}" for name, value in filters.items())]
    found = read_ranges(
        _key_ranges(query),
        partial(_chosen, query),
        limit=query.limit,
        filtered=bool(filters),
        start=open_cursor(bound_to, query.cursor),
    )
    return DealerPage(
        dealers=[dealer_view(dealer_of(item), item.version) for item in found.rows],
        next_cursor=next_cursor(bound_to, found.position),
    )


def _key_ranges(query: DealersQuery) -> list[KeyRange]:
    """Return the keys of the entries of the name, or of the dealers of the territory, or of all; none for no name."""
    if query.name:
        prefix = entry_prefix(query.name)
        return [KeyRange(DealerNameItem, names_pk(prefix), prefix)] if prefix else []
    first = territory_prefix(query.territory) if query.territory else ""
    return [KeyRange(DealerItem, DEALERS, first, on_index=True)]


def _chosen(query: DealersQuery, items: Sequence[Item]) -> list[DealerItem | None]:
    """Return the dealer of each item if it passes all filters."""
    dealers = _named(query.name, items) if query.name else items
    return [dealer if isinstance(dealer, DealerItem) and _passes(dealer, query) else None for dealer in dealers]


def _named(name: str, entries: Sequence[Any]) -> list[Item | None]:
    """Return the dealers found by name. A dealer has several entries; it is found by the first one that matches."""
    dealers = fetch((dealer_key(entry.dealer_id) for entry in entries), consistent=False)
    found: list[Item | None] = []
    for entry in entries:
        dealer = dealers.get(dealer_key(entry.dealer_id))
        matching = matching_entries(dealer.name, name) if isinstance(dealer, DealerItem) else []
        is_first = matching and name_key(matching[0], entry.dealer_id) == (entry.pk, entry.sk)
        found.append(dealer if is_first else None)
    return found


def _passes(dealer: DealerItem, query: DealersQuery) -> bool:
    wanted = {name: getattr(query, name) for name in ("territory", "status", "price_list", "warehouse")}
    return all(value is None or getattr(dealer, name) == value for name, value in wanted.items())


def _require_known(query: DealersQuery) -> None:
    problems = []
    if query.warehouse:
        problems += warehouse_problems([("warehouse", query.warehouse)])
    if query.price_list:
        known = fetch([price_list_key(query.price_list)], consistent=False)
        problems += price_list_problems([("price_list", query.price_list)], known)
    if problems:
        raise Invalid(problems)
