"""Find products by words, and show them with price and availability."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.catalog import ProductItem, product_key
from contracts.dealers import DealerItem, dealer_key
from contracts.stock import BucketPosition
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import fetch_one
from services.catalog.products.items import product_of
from services.catalog.search.api import ProductPage, ProductsQuery, ProductView
from services.catalog.search.items import bucket_products_key, postings
from services.catalog.search.offers import load_offers
from services.catalog.search.rules import EVERYTHING, category_token, matches, page_end, search_tokens

#: A page ends after this many buckets even if it is not full: a bucket costs two read units (stock one, products and
#: prices mostly a half each), and no page may cost more than 30.
BUCKETS_PER_PAGE = 8


#: Tokens looked up for a search; whether a product has the others too is seen when it is read.
TOKENS_LOOKED_UP = 4


#: How often a search reads on while it has not found enough for a page.
_ROUNDS = 2


def list_products(caller: Principal, query: ProductsQuery) -> ProductPage:
    """A page of the products that match, in the order of the catalogue.

    Raises:
        NotFound: the dealer to look for is not there, or not the caller's to ask for.
        BadRequest: the cursor is not from this caller's same search.
    """
    pricing_dealer = _pricing_dealer(caller, query.dealer_id)
    bound_to = [caller.scope, "GET /products", query.text or "", query.category or "", query.dealer_id or ""]
    start = open_cursor(bound_to, query.cursor) or {"bucket": 0, "position": 0}
    wanted = _wanted_tokens(query)
    positions, rest = _find(wanted, BucketPosition(start["bucket"], start["position"]), query.limit)
    offers = load_offers(
        pricing_dealer,
        positions,
        also=[bucket_products_key(bucket) for bucket in {position.bucket for position in positions}],
    )
    found = offers.at(positions, having=wanted)
    return ProductPage(products=list(found), next_cursor=next_cursor(bound_to, rest._asdict() if rest else None))


def show_product(caller: Principal, sku: str, dealer_id: str | None) -> ProductView:
    """One product.

    Raises:
        NotFound: there is none of this SKU, or the dealer to look for is not there, or not the caller's to ask for.
    """
    pricing_dealer = _pricing_dealer(caller, dealer_id)
    item = fetch_one(ProductItem, product_key(sku))
    if item is None:
        raise NotFound
    return load_offers(pricing_dealer, [item.bucket_position]).of(product_of(item), item.bucket_position)


def _pricing_dealer(caller: Principal, dealer_id: str | None) -> DealerItem | None:
    """The dealer to look for: a dealer's own; for staff the one named, or none."""
    if caller.is_dealer and dealer_id not in (None, caller.dealer_id):
        raise NotFound
    wanted = caller.dealer_id or dealer_id
    if wanted is None:
        return None
    dealer = fetch_one(DealerItem, dealer_key(wanted))
    if dealer is None:
        raise NotFound
    return dealer


def _wanted_tokens(query: ProductsQuery) -> tuple[str, ...]:
    category = [category_token(query.category)] if query.category else []
    return (*category, *search_tokens(query.text or "")) or (EVERYTHING,)


def _find(
    wanted: Sequence[str], start: BucketPosition, most: int
) -> tuple[list[BucketPosition], BucketPosition | None]:
    """SKU indexes of a page from `start` on, and where the next page begins, None after the last."""
    found: list[BucketPosition] = []
    for _ in range(_ROUNDS):
        more, bucket = matches([postings(token, start.bucket) for token in wanted[:TOKENS_LOOKED_UP]], start)
        found += more
        end = page_end(found, most, BUCKETS_PER_PAGE)
        if end < len(found):
            return found[:end], found[end]
        if bucket is None:
            return found, None
        start = BucketPosition(bucket, 0)
    return found, start
