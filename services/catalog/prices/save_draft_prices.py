"""Write prices into a draft of a price list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from contracts.assortment import Listing
from contracts.catalog import Price, PricePageItem, page_version, price_page_key
from kernel.base.problems import FieldProblem, Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.store.read import fetch
from kernel.store.transaction import MAX_ACTIONS, Transaction
from kernel.store.write import batches, retry_on_conflict
from reads.assortment import listings_of
from services.catalog.prices.api import DraftPrices, DraftPricesResult, PriceRow
from services.catalog.prices.drafts import DraftState, PriceListDraft, load_draft
from services.catalog.prices.rules import price_problems, with_pages

#: Another clerk may write into the same draft; each attempt reads the draft anew.
_ATTEMPTS = 5


class PageChange(NamedTuple):
    """Page of a draft to write: all prices of its bucket as they are stored, and how many of them change."""

    bucket: int
    prices: Mapping[str, Any]
    changed_prices: int


def save_draft_prices(price_list_id: str, version: str, request: DraftPrices, key: IdempotencyKey) -> DraftPricesResult:
    """Write prices into a draft; its author may send them in any number of requests. Unchanged prices write nothing.

    Raises:
        Invalid: rows are wrong; names them all, and nothing is written.
        Refusal: the draft is published already, or an earlier version is not.
        Busy: other requests kept writing into the same draft.
    """
    key.reject_if_used()
    draft = PriceListDraft.from_path(price_list_id, version)
    listings = listings_of([row.sku for row in request.prices])
    written: list[PageChange] = []
    retry_on_conflict(_ATTEMPTS, partial(_write_pages, draft, request.prices, listings, written))
    changed = sum(change.changed_prices for change in written)
    received = len(request.prices)
    result = DraftPricesResult(
        price_list_id=price_list_id, draft=version, received=received, changed=changed, unchanged=received - changed
    )
    transaction = Transaction()
    key.record_response(transaction, result)
    transaction.commit()
    return result


def check_draft_prices(price_list_id: str, draft: str, body: DraftPrices) -> None:
    """Refuse prices of unknown products, new prices that lack fields, or wrong breaks; write nothing.

    Raises:
        Invalid: names all rows.
    """
    state = load_draft(PriceListDraft.from_path(price_list_id, draft))
    _page_changes(state, body.prices, listings_of([row.sku for row in body.prices]))


def _write_pages(
    draft: PriceListDraft, rows: Sequence[PriceRow], listings: Mapping[str, Listing], written: list[PageChange]
) -> None:
    """Write the pages of the draft that change; append them to `written` after each commit.

    Raises:
        Invalid: rows are wrong.
        Refusal: the draft is published already, or an earlier version is not.
    """
    state = load_draft(draft)
    draft.require_next(state.published)
    changes = _page_changes(state, rows, listings)
    for batch in batches(changes, lambda change: [change.bucket], MAX_ACTIONS - 2):
        transaction = Transaction()
        pages = with_pages(state.pages, draft.version, [change.bucket for change in batch])
        after_commit = state.write(transaction, pages, state.item.restored_from if state.item else None)
        for change in batch:
            key = price_page_key(draft.price_list_id, draft.version, change.bucket)
            # The revision of the draft guards its pages.
            transaction.put(PricePageItem(*key, prices=dict(change.prices)), f"page {change.bucket}")
        transaction.commit()
        state = after_commit
        written += batch


def _page_changes(state: DraftState, rows: Sequence[PriceRow], listings: Mapping[str, Listing]) -> list[PageChange]:
    """Return the pages that these rows change. A page begins with the prices that its bucket has in the draft.

    Raises:
        Invalid: SKUs are unknown, new prices lack fields, or breaks are wrong.
    """
    buckets = {listing.bucket_position.bucket for listing in listings.values()}
    price_list = state.draft.price_list_id
    keys = {bucket: price_page_key(price_list, page_version(state.pages, bucket), bucket) for bucket in buckets}
    found = fetch(keys.values())
    before: dict[int, dict[str, Any]] = defaultdict(dict)
    for bucket, key in keys.items():
        page = found.get(key)
        before[bucket] = dict(page.prices) if isinstance(page, PricePageItem) else {}
    after = {bucket: dict(prices) for bucket, prices in before.items()}
    problems: list[FieldProblem] = []
    for index, row in enumerate(rows):
        listing = listings.get(row.sku)
        if listing is None:
            detail = f"无此商品 {row.sku},请先导入 / no such product {row.sku}; import it first"
            problems.append(FieldProblem(field=f"prices.{index}.sku", code="unknown-sku", detail=detail))
            continue
        bucket, position = listing.bucket_position
        problems += _apply(index, row, after[bucket], str(position))
    if problems:
        raise Invalid(problems)
    changed = {
        bucket: sum(before[bucket].get(at) != prices.get(at) for at in before[bucket].keys() | prices.keys())
        for bucket, prices in after.items()
    }
    return [PageChange(bucket, after[bucket], changed[bucket]) for bucket in sorted(after) if changed[bucket]]


def _apply(index: int, row: PriceRow, prices: dict[str, Any], position: str) -> list[FieldProblem]:
    """Apply a row to the prices of its bucket as they are stored; return the problems of the row."""
    changes = row.changes
    if "unit_price" in changes and changes["unit_price"] is None:
        prices.pop(position, None)
        return []
    stored = Price.of(prices[position]) if position in prices else None
    missing = row.missing_fields(f"prices.{index}", stored)
    if missing:
        return missing
    fields = row.applied_to(stored._asdict() if stored else None)
    if "breaks" in changes:
        fields["breaks"] = tuple((step.quantity, step.unit_price) for step in changes["breaks"])
    price = Price(fields["unit_price"], fields["price_policy"], fields["breaks"])
    prices[position] = price.as_stored
    return price_problems(index, price)
