"""Write prices into a draft of a price list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from contracts.catalog import Price, PriceListItem, PricePageItem, price_list_key, price_page_key
from kernel.base.problems import FieldProblem, Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.store.items import Item, Key
from kernel.store.read import fetch
from kernel.store.transaction import MAX_ACTIONS, Transaction
from kernel.store.write import batches, retry_on_conflict
from reads.assortment import listings_of
from services.catalog.prices.api import DraftPrices, DraftPricesResult, PriceRow
from services.catalog.prices.drafts import PriceListDraft, load_published_price_list
from services.catalog.prices.rules import price_problems

#: Another clerk may write into the same draft; each attempt reads the draft anew.
_ATTEMPTS = 5


def save_draft_prices(price_list_id: str, version: str, request: DraftPrices, key: IdempotencyKey) -> DraftPricesResult:
    """Write prices into a draft; its author may send them in any number of requests. Unchanged prices write nothing.

    Raises:
        Invalid: rows are wrong; names them all, and nothing is written.
        Refusal: the draft is published already, or an earlier version is not.
        Busy: other requests kept writing into the same pages.
    """
    key.reject_if_used()
    draft = PriceListDraft.from_path(price_list_id, version)
    prices = _prices_by_bucket(request.prices)
    written: list[PageChange] = []
    retry_on_conflict(_ATTEMPTS, partial(_write_pages, draft, prices, written))
    changed = sum(change.changed_prices for change in written)
    received = len(request.prices)
    result = DraftPricesResult(
        price_list_id=price_list_id, draft=version, received=received, changed=changed, unchanged=received - changed
    )
    transaction = Transaction()
    key.record_response(transaction, result)
    transaction.commit()
    return result


def _prices_by_bucket(rows: Sequence[PriceRow]) -> dict[int, dict[str, Any]]:
    """Return prices as pages store them: {bucket: {position as text: price}}.

    Raises:
        Invalid: SKUs are unknown, or breaks are wrong.
    """
    listings = listings_of([row.sku for row in rows])
    problems = []
    pages: dict[int, dict[str, Any]] = defaultdict(dict)
    for index, row in enumerate(rows):
        price = _price(row)
        problems += price_problems(index, price)
        listing = listings.get(row.sku)
        if listing is None:
            detail = "无此商品,请先导入 / no such product; import it first"
            problems.append(FieldProblem(field=f"prices.{index}.sku", code="unknown-sku", detail=detail))
        else:
            pages[listing.bucket_position.bucket][str(listing.bucket_position.position)] = price.as_stored
    if problems:
        raise Invalid(problems)
    return pages


def _price(row: PriceRow) -> Price:
    breaks = tuple((step.quantity, step.unit_price) for step in row.breaks)
    return Price(unit_price=row.unit_price, price_policy=row.price_policy, breaks=breaks)


def _write_pages(draft: PriceListDraft, prices: Mapping[int, Mapping[str, Any]], written: list[PageChange]) -> None:
    """Write the pages of the draft that change; append them to `written` after each commit.

    Raises:
        Refusal: the draft is published already, or an earlier version is not.
    """
    draft.require_next(load_published_price_list(draft.price_list_id))
    keys = {bucket: price_page_key(draft.price_list_id, draft.version, bucket) for bucket in prices}
    found = fetch(keys.values())
    changes = [
        change
        for bucket, key in keys.items()
        if (change := PageChange.of(key, found.get(key), prices[bucket])).changed_prices
    ]
    for batch in batches(changes, lambda change: [change.key], MAX_ACTIONS - 1):
        transaction = Transaction()
        transaction.check(PriceListItem, price_list_key(draft.price_list_id), draft.still_open, "price list")
        for change in batch:
            change.add_to(transaction)
        transaction.commit()
        written += batch


class PageChange(NamedTuple):
    """Next revision of a page: all its prices, and how many of them change."""

    key: Key
    revision: int
    prices: Mapping[str, Any]
    changed_prices: int

    @classmethod
    def of(cls, key: Key, stored: Item | None, prices: Mapping[str, Any]) -> PageChange:
        """Return the change that these prices make to the stored page."""
        page, revision = (stored.prices, stored.revision) if isinstance(stored, PricePageItem) else ({}, 0)
        changed = sum(page.get(position) != price for position, price in prices.items())
        return cls(key, revision + 1, {**page, **prices}, changed)

    def add_to(self, transaction: Transaction) -> None:
        """Add the page to a transaction that is refused if another request has written the page since."""
        replaced = self.revision - 1
        unchanged = PricePageItem.revision == replaced if replaced else PricePageItem.pk.does_not_exist()
        item = PricePageItem(*self.key, prices=dict(self.prices), revision=self.revision)
        transaction.put(item, f"page {self.key[1]}", unchanged)
