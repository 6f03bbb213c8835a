"""Compare a draft with the published version of its price list."""

from __future__ import annotations

from collections import Counter
from typing import Literal, NamedTuple

from contracts.catalog import Price, PricePageItem, page_version, price_page_key
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import fetch
from reads.assortment import listings_by_index
from services.catalog.prices.api import DraftChanges, DraftQuery, ListedPrice, PriceBreak, PriceChange
from services.catalog.prices.drafts import DraftState, PriceListDraft, load_draft
from services.catalog.prices.rules import changed_buckets, price_changes


class _Difference(NamedTuple):
    """Old and new price of one SKU index; None where there is no price."""

    sku_index: int
    before: Price | None
    after: Price | None

    @property
    def change(self) -> Literal["added", "changed", "removed"]:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


def show_draft(caller: Principal, price_list_id: str, version: str, query: DraftQuery) -> DraftChanges:
    """Return a page of what a draft adds, changes and removes, and the numbers of all of it.

    Raises:
        Invalid: the path names no draft.
        Refusal: the draft is published already, or an earlier version is not.
        BadRequest: the cursor belongs to another caller or draft.
    """
    draft = PriceListDraft.from_path(price_list_id, version)
    bound_to = [caller.scope, "GET draft", price_list_id, version]
    start = open_cursor(bound_to, query.cursor) or {"sku_index": 0}
    state = load_draft(draft)
    draft.require_next(state.published)
    all_changes = _differences(state)
    numbers = Counter(difference.change for difference in all_changes)
    rest = [difference for difference in all_changes if difference.sku_index >= start["sku_index"]]
    page, after_page = rest[: query.limit], rest[query.limit :]
    listings = listings_by_index() if page else {}
    return DraftChanges(
        price_list_id=price_list_id,
        draft=version,
        restored_from=state.item.restored_from if state.item else None,
        added=numbers["added"],
        changed=numbers["changed"],
        removed=numbers["removed"],
        changes=[
            PriceChange(
                sku=listings[difference.sku_index][0],
                name_zh=listings[difference.sku_index][1].name_zh,
                change=difference.change,
                before=listed_price(difference.before) if difference.before else None,
                after=listed_price(difference.after) if difference.after else None,
            )
            for difference in page
        ],
        next_cursor=next_cursor(bound_to, {"sku_index": after_page[0].sku_index} if after_page else None),
    )


def count_removals(state: DraftState) -> int:
    """Return the number of SKUs that leave the price list with a draft."""
    return sum(difference.change == "removed" for difference in _differences(state))


def _differences(state: DraftState) -> list[_Difference]:
    """Return all differences between the published version and the draft, by SKU index.

    Only the pages that differ are read.
    """
    buckets = changed_buckets(state.published_pages, state.pages)
    price_list = state.draft.price_list_id
    keys = {
        (bucket, pages): price_page_key(price_list, page_version(pages, bucket), bucket)
        for pages in (tuple(state.published_pages), tuple(state.pages))
        for bucket in buckets
    }
    found = fetch(keys.values())

    def prices(bucket: int, pages: tuple[int, ...]) -> dict[int, Price]:
        page = found.get(keys[bucket, pages])
        return page.by_sku_index(bucket) if isinstance(page, PricePageItem) else {}

    before, after = tuple(state.published_pages), tuple(state.pages)
    return [
        _Difference(sku_index, old, new)
        for bucket in buckets
        for sku_index, (old, new) in price_changes(prices(bucket, before), prices(bucket, after)).items()
    ]


def listed_price(price: Price) -> ListedPrice:
    """Return a stored price as an answer shows it."""
    breaks = [PriceBreak(quantity=quantity, unit_price=unit_price) for quantity, unit_price in price.breaks]
    return ListedPrice(unit_price=price.unit_price, price_policy=price.price_policy, breaks=breaks)
