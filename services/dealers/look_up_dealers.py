"""Look up dealers by name and by their terms. A page reads a bounded number of items, however many are stored."""

from __future__ import annotations

from contracts.catalog import price_list_key
from contracts.dealers import DEALERS, DealerItem, dealer_key
from kernel.base.problems import Invalid
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.items import Index
from kernel.store.read import Page, fetch, query_page
from reads.price_lists import price_list_problems
from reads.warehouses import warehouse_problems
from services.dealers.items import dealer_of, territory_prefix
from services.dealers.look_up_api import DealerPage, DealersQuery
from services.dealers.name_items import DealerNameItem, name_key, names_pk
from services.dealers.name_rules import entry_prefix, matching_entries
from services.dealers.read_dealers import dealer_view

#: Most queries of one page. Filters that few dealers pass make a page shorter, not dearer.
_MOST_QUERIES = 4


def list_dealers(caller: Principal, query: DealersQuery) -> DealerPage:
    """Return a page of dealers that pass all filters.

    Raises:
        BadRequest: the cursor is not of this caller and this list.
        Invalid: the warehouse or price list is unknown; names the known ones.
    """
    _require_known(query)
    filters = query.model_dump(mode="json", exclude={"cursor", "limit"}, exclude_none=True)
    bound_to = [caller.scope, "GET /dealers", *(f"{name}={value}" for name, value in filters.items())]
    start, found = open_cursor(bound_to, query.cursor), list[DealerItem]()
    for _ in range(_MOST_QUERIES):
        page = _page(query, query.limit - len(found), start)
        found += [dealer for dealer in page.items if _passes(dealer, query)]
        start = page.next_key
        if start is None or len(found) == query.limit:
            break
    return DealerPage(
        dealers=[dealer_view(dealer_of(item), item.version) for item in found],
        next_cursor=next_cursor(bound_to, start),
    )


def _page(query: DealersQuery, limit: int, start: dict[str, str] | None) -> Page:
    if query.name:
        return _page_by_name(query.name, limit, start)
    return query_page(
        DealerItem,
        DEALERS,
        sk=Index.gsi1sk.startswith(territory_prefix(query.territory)) if query.territory else None,
        on_index=True,
        limit=limit,
        start=start,
    )


def _page_by_name(name: str, limit: int, start: dict[str, str] | None) -> Page:
    """Return dealers found by name. A dealer has several entries; it is found by the first one that matches."""
    prefix = entry_prefix(name)
    if not prefix:
        return Page([], None)
    page = query_page(
        DealerNameItem, names_pk(prefix), sk=DealerNameItem.sk.startswith(prefix), limit=limit, start=start
    )
    dealers = fetch((dealer_key(entry.dealer_id) for entry in page.items), consistent=False)
    found = []
    for entry in page.items:
        dealer = dealers.get(dealer_key(entry.dealer_id))
        if not isinstance(dealer, DealerItem):
            continue
        matching = matching_entries(dealer.name, name)
        if matching and name_key(matching[0], dealer.dealer_id) == (entry.pk, entry.sk):
            found.append(dealer)
    return Page(found, page.next_key)


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
