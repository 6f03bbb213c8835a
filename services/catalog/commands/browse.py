"""What a dealer sees: products found by words, each with the dealer's own price and what its warehouse can promise.

However large the catalogue, a page costs a few reads: products, prices and stock all lie 80 to an item, by bucket.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from contracts.catalog import (
    Price,
    PriceListItem,
    PricePageItem,
    ProductItem,
    price_list_key,
    price_page_key,
    product_key,
)
from contracts.dealers import DealerItem, dealer_key
from contracts.stock import BucketPosition, StockBucketItem, stock_bucket_key
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.items import Item, Key
from kernel.store.table import fetch, fetch_one
from kernel.time import clock
from services.catalog.api import (
    AvailabilityView,
    BreakView,
    PriceView,
    ProductPage,
    ProductsQuery,
    ProductView,
)
from services.catalog.domain import (
    EVERYTHING,
    Product,
    availability,
    category_token,
    matches,
    next_break,
    page_end,
    search_tokens,
    tokens,
)
from services.catalog.table import BucketProductsItem, bucket_products_key, postings, product_of

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
    offers = _load_offers(
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
    return _load_offers(pricing_dealer, [item.bucket_position]).of(product_of(item), item.bucket_position)


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


def _load_offers(
    pricing_dealer: DealerItem | None, positions: Sequence[BucketPosition], also: Iterable[Key] = ()
) -> Offers:
    """All it takes to show what stands in these positions, in two batched reads.

    Stock and the valid price list are read consistently. A price page is not: it never changes once published.
    """
    as_of = clock.stamp()
    if pricing_dealer is None:
        return Offers(None, None, fetch(also, consistent=False), as_of)
    buckets = sorted({position.bucket for position in positions})
    list_key = price_list_key(pricing_dealer.price_list)
    found = fetch([list_key, *(stock_bucket_key(pricing_dealer.warehouse, bucket) for bucket in buckets)])
    price_list = found.get(list_key)
    pages: list[Key] = []
    if isinstance(price_list, PriceListItem) and price_list.holds_on(clock.business_date(clock.now())):
        pages = [price_page_key(pricing_dealer.price_list, price_list.version, bucket) for bucket in buckets]
    else:
        price_list = None
    return Offers(pricing_dealer, price_list, found | fetch([*also, *pages], consistent=False), as_of)


class Offers(NamedTuple):
    """What was read for a page, and how one dealer (or nobody in particular) sees it."""

    pricing_dealer: DealerItem | None
    price_list: PriceListItem | None
    found: Mapping[Key, Item]
    as_of: str

    def at(self, positions: Iterable[BucketPosition], having: Iterable[str]) -> Iterator[ProductView]:
        """What stands in the positions, but for products that lack a token."""
        buckets = {key: item.by_position for key, item in self.found.items() if isinstance(item, BucketProductsItem)}
        for position in positions:
            product = buckets.get(bucket_products_key(position.bucket), {}).get(position.position)
            if product and tokens(product).issuperset(having):
                yield self.of(product, position)

    def of(self, product: Product, position: BucketPosition) -> ProductView:
        """One product."""
        return ProductView(
            **product._asdict(),
            price=self._price(product, position),
            availability=self._availability(product, position),
        )

    def _price(self, product: Product, position: BucketPosition) -> PriceView | None:
        if self.price_list is None:
            return None
        page = self.found.get(price_page_key(self.price_list.price_list_id, self.price_list.version, position.bucket))
        price = page.price_at(position.position) if isinstance(page, PricePageItem) else None
        return _price_view(price, self.price_list, product.order_multiple) if price else None

    def _availability(self, product: Product, position: BucketPosition) -> AvailabilityView | None:
        if self.pricing_dealer is None:
            return None
        bucket = self.found.get(stock_bucket_key(self.pricing_dealer.warehouse, position.bucket))
        pieces = bucket.available[position.position] if isinstance(bucket, StockBucketItem) else 0
        told = availability(pieces, product.carton)
        return AvailabilityView(warehouse=self.pricing_dealer.warehouse, as_of=self.as_of, **told._asdict())


def _price_view(price: Price, price_list: PriceListItem, quantity: int) -> PriceView:
    upcoming = next_break(price, quantity)
    return PriceView(
        unit_price=price.unit_price,
        price_policy=price.price_policy,
        price_list=price_list.price_list_id,
        price_list_name=price_list.name,
        version=price_list.version,
        valid_from=date.fromisoformat(price_list.valid_from),
        valid_to=date.fromisoformat(price_list.valid_to) if price_list.valid_to else None,
        breaks=[_break_view(*one) for one in price.breaks],
        next_break=_break_view(*upcoming) if upcoming else None,
    )


def _break_view(quantity: int, unit_price: Decimal) -> BreakView:
    return BreakView(quantity=quantity, unit_price=unit_price)
