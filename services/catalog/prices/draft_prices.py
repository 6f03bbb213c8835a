"""Write prices into a draft of a price list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.assortment import listings_of
from contracts.catalog import Price, PriceListItem, PricePageItem, price_list_key, price_page_key
from kernel.base.problems import Busy, FieldProblem, Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.store.items import Item, Key
from kernel.store.read import fetch
from kernel.store.transaction import MAX_ACTIONS, Transaction, TransactionRefused
from kernel.store.write import batches
from services.catalog.prices.api import Drafted, DraftPrices, PriceRow
from services.catalog.prices.drafts import Draft
from services.catalog.prices.publish_prices import _published
from services.catalog.prices.rules import price_problems

#: Somebody else may write into the same draft; each attempt starts from what stands then.
_ATTEMPTS = 5


def draft_prices(price_list_id: str, draft: str, request: DraftPrices, key: IdempotencyKey) -> Drafted:
    """Write prices into a draft, in as many calls as its author likes. Unchanged prices write nothing.

    Raises:
        Invalid: some rows are wrong; names them all, and nothing was written.
        Refusal: this is not the draft to be written now.
        Busy: others kept writing into the same pages.
    """
    key.reject_if_used()
    wanted = Draft.named(price_list_id, draft)
    prices = _by_bucket(request.prices)
    changed = 0
    for _ in range(_ATTEMPTS):
        wanted.check(_published(price_list_id))
        try:
            for written in _write(wanted, prices):
                changed += written
            break
        except TransactionRefused:
            continue
    else:
        raise Busy
    received = len(request.prices)
    answer = Drafted(
        price_list_id=price_list_id, draft=draft, received=received, changed=changed, unchanged=received - changed
    )
    done = Transaction()
    key.record_response(done, answer)
    done.commit()
    return answer


def _by_bucket(rows: Sequence[PriceRow]) -> dict[int, dict[str, Any]]:
    """Prices as pages hold them, by bucket and position.

    Raises:
        Invalid: unknown SKUs, or breaks that are none.
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
    breaks = tuple((one.quantity, one.unit_price) for one in row.breaks)
    return Price(unit_price=row.unit_price, price_policy=row.price_policy, breaks=breaks)


def _write(draft: Draft, prices: Mapping[int, Mapping[str, Any]]) -> Iterator[int]:
    """Write the pages that differ from what stands in the draft; hands out the number of prices after each commit."""
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
            change.put(transaction)
        transaction.commit()
        yield sum(change.changed_prices for change in batch)


class PageChange(NamedTuple):
    """A page of a draft to be written anew, if it is still in the revision that was read."""

    key: Key
    revision: int
    prices: Mapping[str, Any]
    changed_prices: int

    @classmethod
    def of(cls, key: Key, stored: Item | None, prices: Mapping[str, Any]) -> PageChange:
        """What sending these prices makes of a page."""
        page, revision = (stored.prices, stored.revision) if isinstance(stored, PricePageItem) else ({}, 0)
        changed = sum(page.get(position) != price for position, price in prices.items())
        return cls(key, revision, {**page, **prices}, changed)

    def put(self, transaction: Transaction) -> None:
        """Let the transaction write it."""
        unchanged = PricePageItem.revision == self.revision if self.revision else PricePageItem.pk.does_not_exist()
        item = PricePageItem(*self.key, prices=dict(self.prices), revision=self.revision + 1)
        transaction.put(item, f"page {self.key[1]}", unchanged)
