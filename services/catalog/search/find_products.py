"""Find products by words and category, and show one product."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.catalog import ProductItem, product_key
from contracts.dealers import DealerItem, dealer_key
from contracts.stock import BucketPosition
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import fetch_one
from services.catalog.search.api import ProductPage, ProductsQuery, ProductView
from services.catalog.search.items import bucket_products_key, load_postings
from services.catalog.search.offers import load_prices_and_stock
from services.catalog.search.rules import (
    EVERY_PRODUCT,
    category_token,
    intersect_postings,
    parts_not_understood,
    products_that_fit_on_page,
    search_tokens,
)
from services.catalog.vocabulary import Product

#: A page ends after this many buckets even if it is not full: a bucket costs two read units (stock one, products and
#: prices mostly a half each), and no page may cost more than 30.
BUCKETS_PER_PAGE = 8

#: Tokens looked up in the index. The others are compared with the products once these are read.
TOKENS_LOOKED_UP = 4

#: Reads of the index for one page, while the page is not full.
_ROUNDS = 2


def list_products(caller: Principal, query: ProductsQuery) -> ProductPage:
    """Return a page of the products that match, in the order of the catalogue.

    Raises:
        NotFound: the pricing dealer does not exist, or the caller may not name it.
        BadRequest: the cursor belongs to another caller or search.
    """
    pricing_dealer = _pricing_dealer(caller, query.dealer_id)
    bound_to = [caller.scope, "GET /products", query.text or "", query.category or "", query.dealer_id or ""]
    start = open_cursor(bound_to, query.cursor) or {"bucket": 0, "position": 0}
    tokens = _tokens(query)
    positions, next_start = _find(tokens, BucketPosition(start["bucket"], start["position"]), query.limit)
    buckets = {position.bucket for position in positions}
    offers = load_prices_and_stock(pricing_dealer, positions, [bucket_products_key(bucket) for bucket in buckets])
    return ProductPage(
        products=list(offers.views_at(positions, tokens)),
        ignored=parts_not_understood(query.text or ""),
        next_cursor=next_cursor(bound_to, next_start._asdict() if next_start else None),
    )


def show_product(caller: Principal, sku: str, dealer_id: str | None) -> ProductView:
    """Return one product.

    Raises:
        NotFound: the product or the pricing dealer does not exist, or the caller may not name this dealer.
    """
    pricing_dealer = _pricing_dealer(caller, dealer_id)
    item = fetch_one(ProductItem, product_key(sku))
    if item is None:
        raise NotFound
    return load_prices_and_stock(pricing_dealer, [item.bucket_position]).view(Product.of(item), item.bucket_position)


def _pricing_dealer(caller: Principal, dealer_id: str | None) -> DealerItem | None:
    """Load the dealer whose prices apply: the caller's own, or for staff the one named; None without one."""
    if caller.is_dealer and dealer_id not in (None, caller.dealer_id):
        raise NotFound
    wanted = caller.dealer_id or dealer_id
    if wanted is None:
        return None
    dealer = fetch_one(DealerItem, dealer_key(wanted))
    if dealer is None:
        raise NotFound
    return dealer


def _tokens(query: ProductsQuery) -> tuple[str, ...]:
    category = [category_token(query.category)] if query.category else []
    return (*category, *search_tokens(query.text or "")) or (EVERY_PRODUCT,)


def _find(
    tokens: Sequence[str], start: BucketPosition, max_products: int
) -> tuple[list[BucketPosition], BucketPosition | None]:
    """Return the positions of a page from `start` on, and the start of the next page, None after the last."""
    found: list[BucketPosition] = []
    for _ in range(_ROUNDS):
        postings = [load_postings(token, start.bucket) for token in tokens[:TOKENS_LOOKED_UP]]
        matches, next_bucket = intersect_postings(postings, start)
        found += matches
        length = products_that_fit_on_page(found, max_products, BUCKETS_PER_PAGE)
        if length < len(found):
            return found[:length], found[length]
        if next_bucket is None:
            return found, None
        start = BucketPosition(next_bucket, 0)
    return found, start
