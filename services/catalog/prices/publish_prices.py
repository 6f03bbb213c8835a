"""Publish a draft: one write makes it the valid version of its price list."""

from __future__ import annotations

from datetime import date

from contracts.catalog import PriceListItem, PricePageItem, price_list_key, price_pages
from kernel.base import ids
from kernel.base.problems import Busy, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.store.read import query_page
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.catalog.prices.api import PublishedPriceList, PublishPrices
from services.catalog.prices.drafts import PriceListDraft, load_published_price_list
from services.catalog.prices.rules import validity_problems


def publish_prices(price_list_id: str, version: str, request: PublishPrices, key: IdempotencyKey) -> PublishedPriceList:
    """Replace the valid version of a price list by this draft. An order uses either version as a whole.

    Raises:
        Invalid: the days are wrong.
        Refusal: the draft is empty or published already, or an earlier version is not published.
    """
    draft = PriceListDraft.from_path(price_list_id, version)
    problems = validity_problems(request.valid_from, request.valid_to, clock.business_date(clock.now()))
    if problems:
        raise Invalid(problems)
    wanted = PublishedPriceList(
        price_list_id=price_list_id,
        version=draft.version,
        name=request.name,
        valid_from=request.valid_from,
        valid_to=request.valid_to,
    )
    transaction = Transaction()
    key.record_response(transaction, wanted)
    stored = load_published_price_list(price_list_id)
    if stored is None or _view(stored) != wanted:
        draft.require_next(stored)
        _require_prices(draft)
        transaction.put(_price_list_item(wanted), "price list", draft.still_open)
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if key.LABEL in refused:
            raise
        raise Busy from refused
    return wanted


def _view(item: PriceListItem) -> PublishedPriceList:
    return PublishedPriceList(
        price_list_id=item.price_list_id,
        version=item.version,
        name=item.name,
        valid_from=date.fromisoformat(item.valid_from),
        valid_to=date.fromisoformat(item.valid_to) if item.valid_to else None,
    )


def _price_list_item(view: PublishedPriceList) -> PriceListItem:
    return PriceListItem(*price_list_key(view.price_list_id), **view.model_dump(mode="json"), edition=ids.new_id("edn"))


def _require_prices(draft: PriceListDraft) -> None:
    pages = PricePageItem.sk.startswith(price_pages(draft.version))
    if not query_page(PricePageItem, price_list_key(draft.price_list_id)[0], sk=pages, limit=1, consistent=True).items:
        raise Refusal("empty-draft", "该版本还没有价格 / there are no prices in this draft; send them first")
