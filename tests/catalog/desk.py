"""Who does what in the tests of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from contracts.dealers import DealerItem, dealer_key
from contracts.stock import SKUS_PER_BUCKET, StockBucketItem, stock_bucket_key
from services.catalog.products.items import SKU_INDEX_COUNTER_KEY, SkuIndexCounterItem
from tests.world import Response, World


def row(sku: str, **facts: Any) -> dict[str, Any]:
    """A row of a product file."""
    base = {"sku": sku, "name_zh": "LED筒灯", "name_en": "LED downlight", "category": "筒灯", "carton": 10}
    return {**base, **facts}


def price(
    sku: str, unit_price: str = "12.50", *breaks: tuple[int, str], price_policy: str = "标准价"
) -> dict[str, Any]:
    """A row of a price file."""
    cheaper = [{"quantity": quantity, "unit_price": broken} for quantity, broken in breaks]
    return {"sku": sku, "unit_price": unit_price, "price_policy": price_policy, "breaks": cheaper}


class Desk:
    """A clerk who fills the catalogue, and dealers who look at it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clerk = world.token(role="assistant")
        self._keys = count()

    def post(self, path: str, body: Any, key: str | None = None) -> Response:
        """Send something under a key of its own."""
        return self.world.call(
            "catalog", "POST", path, body=body, token=self.clerk, key=key or f"key-{next(self._keys)}"
        )

    def import_products(self, *rows: dict[str, Any], key: str | None = None) -> Response:
        """Send a product file."""
        return self.post("/imports/products", {"products": list(rows)}, key)

    def draft(self, price_list: str, version: int | str, *rows: dict[str, Any], key: str | None = None) -> Response:
        """Send prices for a draft."""
        return self.post(f"/price-lists/{price_list}/drafts/{version}/prices", {"prices": list(rows)}, key)

    def publish(self, price_list: str, version: int | str, key: str | None = None, **facts: Any) -> Response:
        """Publish a draft."""
        body = {"name": f"{price_list} 级价", "valid_from": "2026-01-01", **facts}
        return self.post(f"/price-lists/{price_list}/drafts/{version}/publish", body, key)

    def price_list(self, price_list: str, *rows: dict[str, Any], version: int = 1) -> None:
        """A published price list."""
        assert self.draft(price_list, version, *rows).status == 200
        assert self.publish(price_list, version).status == 200

    def look(self, token: str | None = None, **query: Any) -> Response:
        """Search the catalogue."""
        return self.world.call("catalog", "GET", "/products", query=query, token=token or self.clerk)

    def show(self, sku: str, token: str | None = None, **query: Any) -> Response:
        """One product."""
        return self.world.call("catalog", "GET", f"/products/{sku}", query=query, token=token or self.clerk)

    def skus(self, token: str | None = None, **query: Any) -> list[str]:
        """All that a search finds, page after page."""
        found: list[str] = []
        cursor = None
        while True:
            answer = self.look(token, **query, cursor=cursor)
            assert answer.status == 200, answer.json
            found += [product["sku"] for product in answer.json["products"]]
            cursor = answer.json["next_cursor"]
            if cursor is None:
                return found

    def sku_indexes(self) -> dict[str, int]:
        """The sku_index of every product."""
        items = self.world.items("PRODUCT#")
        return {item["sku"]: int(item["sku_index"]) for item in items}

    def products_and_prices(self) -> dict[str, str]:
        """All that catalog stores but for the answers under keys."""
        return {key: item for key, item in self.world.snapshot().items() if not key.startswith("IDEMPOTENCY")}


def next_sku_index(number: int) -> None:
    """As if so many products had been imported before."""
    SkuIndexCounterItem(*SKU_INDEX_COUNTER_KEY, next=number).save()


def have_dealer(dealer_id: str, *, price_list: str = "A", warehouse: str = "GZ") -> None:
    """A dealer, as dealers would have stored it."""
    DealerItem(
        *dealer_key(dealer_id),
        dealer_id=dealer_id,
        name=f"经销商 {dealer_id}",
        territory="广东",
        grade="A",
        price_list=price_list,
        warehouse=warehouse,
        credit_limit_fen=100_000_00,
        payment_days=30,
    ).save()


def have_stock(warehouse: str, available: Sequence[int], bucket: int = 0) -> None:
    """A bucket with these pieces on its first positions, as orders would have stored it."""
    rest = SKUS_PER_BUCKET - len(available)
    StockBucketItem(*stock_bucket_key(warehouse, bucket), available=[*available, *[0] * rest]).save()
