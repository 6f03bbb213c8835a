"""Find products by words, category, status, stock and price, and show one product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.catalog import ProductItem, product_key
from contracts.dealers import DealerItem, dealer_key
from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from kernel.base.problems import FieldProblem, Invalid, NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import fetch_one
from services.catalog.search.api import ProductPage, ProductsQuery, ProductView
from services.catalog.search.items import bucket_products_key, load_postings
from services.catalog.search.offers import Offers, load_prices_and_stock
from services.catalog.search.rules import (
    EVERY_PRODUCT,
    category_token,
    intersect_postings,
    parts_not_understood,
    product_tokens,
    products_that_fit_on_page,
    search_tokens,
    status_token,
)
from services.catalog.search.selection import Selection, Sort, mirrored, page_in_order, selection_problems, sort_key
from services.catalog.vocabulary import Product

#: A page ends after this many buckets even if it is not full: a bucket costs two read units (stock one, products and
#: prices mostly a half each), and no page may cost more than 30.
BUCKETS_PER_PAGE = 8

#: A page sorted by SKU, name or price reads all matching products: at most those of this many buckets, which cost at
#: most 100 read units. Their keys fit into two batched reads.
BUCKETS_SORTED = 32

#: Tokens looked up in the index. The others are compared with the products once these are read.
TOKENS_LOOKED_UP = 4

#: Beginning of a page, as its cursor has it: bucket and position, or the sort key `after` which it begins.
_PageStart = dict[str, Any]

#: Reads of the index for one page, while the page is not full.
_ROUNDS = 2


def list_products(caller: Principal, query: ProductsQuery) -> ProductPage:
    """Return a page of the products that match.

    Raises:
        Invalid: a filter needs a pricing dealer, limits contradict each other, or too many products would be sorted.
        NotFound: the pricing dealer does not exist, or the caller may not name it.
        BadRequest: the cursor belongs to another caller or search.
    """
    pricing_dealer = _pricing_dealer(caller, query.dealer_id)
    selection = Selection(query.in_stock, query.price_from, query.price_to)
    if problems := selection_problems(selection, query.sort, pricing_dealer is not None):
        raise Invalid(problems)
    search = query.model_dump(mode="json", exclude={"cursor", "limit"}, exclude_none=True)
    bound_to = [caller.scope, "GET /products", *(f"{name}={value}" for name, value in sorted(search.items()))]
    start = open_cursor(bound_to, query.cursor)
    if query.sort in (None, Sort.NEWEST):
        products, following = _page_of_catalogue(query, pricing_dealer, selection, start)
    else:
        products, following = _sorted_page(query, query.sort, pricing_dealer, selection, start)
    return ProductPage(
        products=products,
        ignored=parts_not_understood(query.text or ""),
        next_cursor=next_cursor(bound_to, following),
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
    filters = [category_token(query.category)] if query.category else []
    filters += [status_token(query.status)] if query.status else []
    return (*filters, *search_tokens(query.text or "")) or (EVERY_PRODUCT,)


# ---- in the order of the catalogue, or its reverse ----


def _page_of_catalogue(
    query: ProductsQuery, pricing_dealer: DealerItem | None, selection: Selection, start: _PageStart | None
) -> tuple[list[ProductView], _PageStart | None]:
    """Return the products of a page and where the next one begins; from the newest on, positions are mirrored."""
    newest_first = query.sort is Sort.NEWEST
    tokens = _tokens(query)
    begin = BucketPosition(start["bucket"], start["position"]) if start else BucketPosition(0, 0)
    # Filters leave out products that are read already, so all products of the page's buckets are looked at.
    most = query.limit if selection.selects_all else BUCKETS_PER_PAGE * SKUS_PER_BUCKET
    found, following = _find(tokens, begin, most, BUCKETS_PER_PAGE, newest_first=newest_first)
    positions = [mirrored(position) for position in found] if newest_first else found
    offers = _load(pricing_dealer, positions)
    views: list[ProductView] = []
    for candidate in offers.candidates(positions):
        if not (selection.accepts(candidate) and product_tokens(candidate.product).issuperset(tokens)):
            continue
        if len(views) == query.limit:
            following = mirrored(candidate.position) if newest_first else candidate.position
            break
        views.append(offers.view(candidate.product, candidate.position))
    return views, following._asdict() if following else None


def _load(pricing_dealer: DealerItem | None, positions: Sequence[BucketPosition]) -> Offers:
    buckets = {position.bucket for position in positions}
    return load_prices_and_stock(pricing_dealer, positions, [bucket_products_key(bucket) for bucket in buckets])


def _find(
    tokens: Sequence[str], start: BucketPosition, max_products: int, max_buckets: int, *, newest_first: bool = False
) -> tuple[list[BucketPosition], BucketPosition | None]:
    """Return the positions of a page from `start` on, and the start of the next page, None after the last.

    Args:
        newest_first: count all positions from the end of the catalogue, see `mirrored`.
    """
    found: list[BucketPosition] = []
    for _ in range(_ROUNDS):
        postings = [
            load_postings(token, start.bucket, newest_first=newest_first) for token in tokens[:TOKENS_LOOKED_UP]
        ]
        matches, next_bucket = intersect_postings(postings, start)
        found += matches
        length = products_that_fit_on_page(found, max_products, max_buckets)
        if length < len(found):
            return found[:length], found[length]
        if next_bucket is None:
            return found, None
        start = BucketPosition(next_bucket, 0)
    return found, start


# ---- sorted by SKU, name or price ----


def _sorted_page(
    query: ProductsQuery,
    sort: Sort,
    pricing_dealer: DealerItem | None,
    selection: Selection,
    start: _PageStart | None,
) -> tuple[list[ProductView], _PageStart | None]:
    """Return the products of a page and the key after which the next one begins. Every page sorts all matches anew.

    Raises:
        Invalid: the matches are in too many buckets.
    """
    tokens = _tokens(query)
    positions, more = _find(tokens, BucketPosition(0, 0), BUCKETS_SORTED * SKUS_PER_BUCKET, BUCKETS_SORTED)
    if more:
        raise Invalid([_too_many_to_sort()])
    offers = _load(pricing_dealer, positions)
    candidates = [candidate for candidate in offers.candidates(positions) if selection.accepts(candidate)]
    keys = [sort_key(sort, candidate) for candidate in candidates]
    views: list[ProductView] = []
    last: list[int | str] | None = None
    for index in page_in_order(keys, start["after"] if start else None):
        candidate = candidates[index]
        if not product_tokens(candidate.product).issuperset(tokens):
            continue
        if len(views) == query.limit:
            return views, {"after": last or []}
        views.append(offers.view(candidate.product, candidate.position))
        last = keys[index]
    return views, None


def _too_many_to_sort() -> FieldProblem:
    detail = (
        "结果太多,不能这样排序;请加 category 或 text 缩小范围,或用 sort=newest / too many products to sort; add "
        "category or text, or use sort=newest"
    )
    return FieldProblem(field="sort", code="too-many-to-sort", detail=detail)
