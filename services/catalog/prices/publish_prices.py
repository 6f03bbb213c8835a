"""Publish a draft: one write makes it the valid version."""

from __future__ import annotations

from datetime import date

from contracts.catalog import PriceListItem, PricePageItem, price_list_key, price_pages
from kernel.base import ids
from kernel.base.problems import Busy, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.store.read import fetch_one, query_page
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.catalog.prices.api import Published, PublishPrices
from services.catalog.prices.drafts import Draft
from services.catalog.prices.rules import validity_problems


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
