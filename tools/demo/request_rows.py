"""Rows of the demo data for the import routes."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tools.client import Json
from tools.demo.people import WAREHOUSES, Dealer, User
from tools.demo.prices import PriceList
from tools.demo.products import Product
from tools.imports import GoodsReceipt

#: Reference of the goods receipts of the opening stock; it is booked once.
_OPENING_REFERENCE = "OPENING"


def product_row(product: Product) -> Json:
    """Return the `ProductRow` of a product."""
    return {
        "sku": product.sku,
        "name_zh": product.name_zh,
        "name_en": product.name_en,
        "category": product.category,
        "specs": product.specs,
        "carton": product.carton,
        "order_multiple": product.order_multiple,
        "status": "run_out" if product.run_out else "active",
        "successor": product.successor,
    }


def price_row(price_list: PriceList, product: Product) -> Json:
    """Return the `PriceRow` of a product in a price list."""
    price = price_list.price(product)
    return {
        "sku": price.sku,
        "unit_price": str(price.unit_price),
        "price_policy": price.price_policy,
        "breaks": [{"quantity": least, "unit_price": str(unit_price)} for least, unit_price in price.breaks],
    }


def dealer_row(dealer: Dealer) -> Json:
    """Return the `DealerRow` of a dealer with its users."""
    return {
        "dealer_id": dealer.dealer_id,
        "name": dealer.name,
        "territory": dealer.territory,
        "grade": dealer.grade,
        "price_list": dealer.price_list,
        "warehouse": dealer.warehouse,
        "credit_limit_fen": dealer.credit_limit_fen,
        "payment_days": dealer.payment_days,
        "users": [user_row(user) for user in dealer.users],
    }


def user_row(user: User) -> Json:
    """Return the `DealerUserRow` or `StaffRow` of a user."""
    return {"username": user.username, "name": user.name, "phone": user.phone, "roles": [user.role]}


def opening_stock(products: Sequence[Product], seed: int) -> list[GoodsReceipt]:
    """Return the opening stock of each warehouse: whole cartons; a few SKUs have one carton or none."""
    draw = random.Random(seed)
    return [
        GoodsReceipt(warehouse, _OPENING_REFERENCE, [(product.sku, _pieces(product, draw)) for product in products])
        for warehouse in WAREHOUSES
    ]


def _pieces(product: Product, draw: random.Random) -> int:
    cartons = draw.choices([0, 1, draw.randint(20, 80)], [3, 5, 92])[0]
    if product.run_out:
        return min(cartons, 4) * product.carton
    return cartons * product.carton
