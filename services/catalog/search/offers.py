"""Products with the price, next quantity break and availability that one dealer sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from contracts.catalog import Price, PriceListItem, PricePageItem, price_list_key
from contracts.dealers import DealerItem
from contracts.stock import BucketPosition
from kernel.store.items import Item, Key
from kernel.store.read import fetch
from kernel.time import clock
from reads.stock import available_pieces, stock_keys
from reads.warehouses import warehouse_names
from services.catalog.prices.rules import next_break
from services.catalog.search.api import AvailabilityView, BreakView, PriceView, ProductView
from services.catalog.search.items import BucketProductsItem, bucket_products_key
from services.catalog.search.rules import availability_label
from services.catalog.search.selection import Candidate
from services.catalog.vocabulary import Product, ProductStatus


def load_prices_and_stock(
    pricing_dealer: DealerItem | None, positions: Sequence[BucketPosition], extra_keys: Iterable[Key] = ()
) -> Offers:
    """Load price and stock of these positions, and the items at `extra_keys`, in two batched reads.

    Stock and the valid price list are read consistently. Price pages need not be: a published page never changes.
    """
    as_of = clock.stamp()
    if pricing_dealer is None:
        return Offers(None, None, fetch(extra_keys, consistent=False), as_of)
    buckets = sorted({position.bucket for position in positions})
    list_key = price_list_key(pricing_dealer.price_list)
    found = fetch([list_key, *stock_keys(pricing_dealer.warehouse, buckets)])
    stored = found.get(list_key)
    price_list = stored.on_day(clock.business_date(clock.now())) if isinstance(stored, PriceListItem) else None
    pages = [price_list.page_key(bucket) for bucket in buckets] if price_list else []
    return Offers(pricing_dealer, price_list, found | fetch([*extra_keys, *pages], consistent=False), as_of)


class Offers(NamedTuple):
    """Items read for one response, and the dealer whose price and stock it shows; None shows neither."""

    pricing_dealer: DealerItem | None
    price_list: PriceListItem | None
    found: Mapping[Key, Item]
    as_of: str

    def candidates(self, positions: Iterable[BucketPosition]) -> Iterator[Candidate]:
        """Yield the products at these positions, with their price and pieces."""
        buckets = {key: item.by_position for key, item in self.found.items() if isinstance(item, BucketProductsItem)}
        for position in positions:
            product = buckets.get(bucket_products_key(position.bucket), {}).get(position.position)
            if product:
                yield Candidate(position, product, self._stored_price(position), self._pieces(position))

    def view(self, product: Product, position: BucketPosition) -> ProductView:
        """Return one product with its price and availability."""
        return ProductView(
            **product._asdict() | {"printed_sku": product.printed_sku or product.sku},
            price=self._price(product, position),
            availability=self._availability(product, position),
        )

    def _price(self, product: Product, position: BucketPosition) -> PriceView | None:
        price = self._stored_price(position)
        return _price_view(price, self.price_list, product.order_multiple) if price and self.price_list else None

    def _stored_price(self, position: BucketPosition) -> Price | None:
        page = self.found.get(self.price_list.page_key(position.bucket)) if self.price_list else None
        return page.price_at(position.position) if isinstance(page, PricePageItem) else None

    def _pieces(self, position: BucketPosition) -> int | None:
        return available_pieces(self.found, self.pricing_dealer.warehouse, position) if self.pricing_dealer else None

    def _availability(self, product: Product, position: BucketPosition) -> AvailabilityView | None:
        if self.pricing_dealer is None:
            return None
        warehouse = self.pricing_dealer.warehouse
        found = availability_label(
            available_pieces(self.found, warehouse, position),
            product.carton or product.order_multiple,
            ProductStatus(product.status),
        )
        return AvailabilityView(
            warehouse=warehouse,
            **warehouse_names(warehouse),
            band=found.band,
            **found.label.fields,
            pieces=found.pieces,
            as_of=self.as_of,
        )


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
        breaks=[_break_view(*step) for step in price.breaks],
        next_break=_break_view(*upcoming) if upcoming else None,
    )


def _break_view(quantity: int, unit_price: Decimal) -> BreakView:
    return BreakView(quantity=quantity, unit_price=unit_price)
