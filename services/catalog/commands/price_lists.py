"""Price lists are drafted page by page and published by one write. A published version never changes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError
from pynamodb.expressions.condition import Condition

from contracts.assortment import listings_of
from contracts.catalog import Price, PriceListItem, PricePageItem, price_list_key, price_page_key, price_pages
from kernel.base import ids
from kernel.base.problems import Busy, FieldProblem, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import PriceListId
from kernel.store.items import Item, Key
from kernel.store.table import MAX_ACTIONS, Transaction, TransactionRefused, batches, fetch, fetch_one, query_page
from kernel.time import clock
from services.catalog.api import Drafted, DraftPrices, PriceRow, Published, PublishPrices
from services.catalog.domain import price_problems, validity_problems

#: Somebody else may write into the same draft; each attempt starts from what stands then.
_ATTEMPTS = 5

_VERSION = re.compile(r"[1-9][0-9]{0,5}")
_LIST_ID: TypeAdapter[str] = TypeAdapter(PriceListId)


class Draft(NamedTuple):
    """The version of a price list that is being written."""

    price_list_id: str
    version: int

    @classmethod
    def named(cls, price_list_id: str, draft: str) -> Draft:
        """The draft two parts of a path name.

        Raises:
            Invalid: they name none.
        """
        problems = []
        try:
            _LIST_ID.validate_python(price_list_id)
        except ValidationError:
            detail = "大写字母、数字、-、_,最多 24 位 / at most 24 capital letters, digits, - and _"
            problems.append(FieldProblem(field="price_list_id", code="malformed", detail=detail))
        if not _VERSION.fullmatch(draft):
            detail = "版本号应为正整数 / the number of the next version, such as 1"
            problems.append(FieldProblem(field="draft", code="malformed", detail=detail))
        if problems:
            raise Invalid(problems)
        return cls(price_list_id, int(draft))

    @property
    def still_open(self) -> Condition:
        """Holds of the price list until this draft is published."""
        if self.version == 1:
            return PriceListItem.pk.does_not_exist()
        return PriceListItem.version == self.version - 1

    def check(self, published: PriceListItem | None) -> None:
        """See that this is the draft that may be written now.

        Raises:
            Refusal: it is published already, or another must come first.
        """
        upcoming = published.version + 1 if published else 1
        if self.version < upcoming:
            raise Refusal(
                "already-published",
                f"该版本已发布,不能再改;下一版为 {upcoming} / published and final; the next draft is {upcoming}",
                next_draft=str(upcoming),
            )
        if self.version > upcoming:
            raise Refusal(
                "not-the-next-draft",
                f"下一版应为 {upcoming} / the next draft of this list is {upcoming}",
                next_draft=str(upcoming),
            )


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


def publish_prices(price_list_id: str, draft: str, request: PublishPrices, key: IdempotencyKey) -> Published:
    """Let a draft hold from now on, in place of the version before it. Whoever orders meanwhile gets the one or the
    other, whole.

    Raises:
        Invalid: the days make no sense.
        Refusal: this is not the draft to be published now, or there is nothing in it.
    """
    wanted = Draft.named(price_list_id, draft)
    problems = validity_problems(request.valid_from, request.valid_to, clock.business_date(clock.now()))
    if problems:
        raise Invalid(problems)
    answer = Published(
        price_list_id=price_list_id,
        version=wanted.version,
        name=request.name,
        valid_from=request.valid_from,
        valid_to=request.valid_to,
    )
    transaction = Transaction()
    key.record_response(transaction, answer)
    published = _published(price_list_id)
    if published is None or _facts(published) != answer:
        wanted.check(published)
        _see_that_it_has_prices(wanted)
        transaction.put(_price_list_item(answer), "price list", wanted.still_open)
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if key.LABEL in refused:
            raise
        raise Busy from refused
    return answer


def _published(price_list_id: str) -> PriceListItem | None:
    return fetch_one(PriceListItem, price_list_key(price_list_id))


def _facts(item: PriceListItem) -> Published:
    return Published(
        price_list_id=item.price_list_id,
        version=item.version,
        name=item.name,
        valid_from=date.fromisoformat(item.valid_from),
        valid_to=date.fromisoformat(item.valid_to) if item.valid_to else None,
    )


def _price_list_item(facts: Published) -> PriceListItem:
    return PriceListItem(
        *price_list_key(facts.price_list_id), **facts.model_dump(mode="json"), edition=ids.new_id("edn")
    )


def _see_that_it_has_prices(draft: Draft) -> None:
    pages = PricePageItem.sk.startswith(price_pages(draft.version))
    if not query_page(PricePageItem, price_list_key(draft.price_list_id)[0], sk=pages, limit=1, consistent=True).items:
        raise Refusal("empty-draft", "该版本还没有价格 / there are no prices in this draft; send them first")


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
