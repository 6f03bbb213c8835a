"""Preparation of a replay: import products, prices, dealers and stock; sign in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rich.progress import Progress

from tools.client import Json
from tools.errors import CommandError
from tools.imports import (
    ApiUsers,
    GoodsReceipt,
    import_dealers,
    import_products,
    publish_prices,
    publish_warehouses,
    receive_goods,
    run_parallel,
)
from tools.replay.plan import Plan, PlannedDealer, PlannedProduct
from tools.screen import add_bar

_WAREHOUSE = "GZ"
_CATEGORY = "回放 / Replay"
_PRICE_POLICY = "回放价 / as invoiced"
#: Ten million yuan: no order of a replay exceeds its credit limit.
_CREDIT_LIMIT_FEN = 1_000_000_000
#: Any day in the past.
_VALID_FROM = "2025-01-01"

#: Opens the accounts of users, and calls the second argument with the number of accounts opened.
OpenAccounts = Callable[[Sequence[str], Callable[[int], None]], None]


def import_plan(users: ApiUsers, plan: Plan, scarce: bool, open_accounts: OpenAccounts, progress: Progress) -> None:
    """Import products, one price list, dealers with one user each, and stock."""
    admin = users.api("admin")
    publish_warehouses(admin, {_WAREHOUSE: "广州仓 / Guangzhou"})
    product_rows = [_product_row(product) for product in plan.products]
    import_products(admin, product_rows, add_bar(progress, "商品 / products", len(plan.products)))
    stocked = [product for product in plan.products if product.stock_pieces(scarce)]
    price_bar = add_bar(progress, "价格 / prices", len(plan.products))
    dealer_bar = add_bar(progress, "经销商 / dealers", len(plan.dealers))
    account_bar = add_bar(progress, "账号 / accounts", len(plan.dealers))
    stock_bar = add_bar(progress, "库存 / stock", len(stocked))

    def import_prices_and_dealers() -> None:
        publication = {"name": f"{_PRICE_POLICY} {plan.run}", "valid_from": _VALID_FROM}
        price_rows = [_price_row(product) for product in plan.products]
        publish_prices(admin, plan.price_list_id, publication, price_rows, price_bar)
        import_dealers(admin, [_dealer_row(dealer, plan) for dealer in plan.dealers], dealer_bar)
        open_accounts([dealer.username for dealer in plan.dealers], account_bar)

    def import_stock() -> None:
        lines = [(product.sku, product.stock_pieces(scarce)) for product in plan.products]
        receive_goods(admin, GoodsReceipt(_WAREHOUSE, plan.run, lines), stock_bar)

    jobs: list[Callable[[], None]] = [import_prices_and_dealers, import_stock]
    run_parallel(users.thread_count(len(jobs)), jobs)


def sign_in_dealers(users: ApiUsers, plan: Plan, threads: int, progress: Progress) -> None:
    """Sign in as every dealer and read its orders.

    Raises:
        CommandError: a dealer has orders already.
    """
    bar = add_bar(progress, "登录 / signed in", len(plan.dealers))

    def read_orders(dealer: PlannedDealer) -> None:
        if users.api(dealer.username).get("/api/orders/orders", limit=1)["orders"]:
            raise CommandError(f"{dealer.dealer_id} has orders already: another run has this one's name, start again")
        bar(1)

    run_parallel(users.thread_count(threads), [partial(read_orders, dealer) for dealer in plan.dealers])


def _product_row(product: PlannedProduct) -> Json:
    return {
        "sku": product.sku,
        "name_zh": product.name,
        "name_en": product.name,
        "category": _CATEGORY,
        "carton": 1,
    }


def _price_row(product: PlannedProduct) -> Json:
    return {"sku": product.sku, "unit_price": format(product.unit_price, "f"), "price_policy": _PRICE_POLICY}


def _dealer_row(dealer: PlannedDealer, plan: Plan) -> Json:
    return {
        "dealer_id": dealer.dealer_id,
        "name": dealer.name,
        "territory": dealer.territory,
        "grade": "C",
        "price_list": plan.price_list_id,
        "warehouse": _WAREHOUSE,
        "credit_limit_fen": _CREDIT_LIMIT_FEN,
        "payment_days": 30,
        "users": [{"username": dealer.username, "name": dealer.name, "roles": ["dealer_admin"]}],
    }
