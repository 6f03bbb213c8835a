"""Import the demo data through the public API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tools import identity
from tools.client import open_http
from tools.demo.logins import Login, read_logins, write_logins
from tools.demo.people import STAFF, WAREHOUSES, Dealer, User, dealers
from tools.demo.prices import PRICE_LISTS
from tools.demo.products import lighting_range
from tools.demo.request_rows import dealer_row, opening_stock, price_row, product_row, user_row
from tools.identity import Account
from tools.imports import (
    ApiUsers,
    import_dealers,
    import_products,
    import_staff,
    publish_prices,
    publish_warehouses,
    receive_goods,
    run_parallel,
    set_passwords,
)
from tools.screen import add_bar, bars

#: First business day on which the price lists are valid.
_VALID_FROM = "2025-01-01"


@dataclass(frozen=True)
class Demo:
    """Numbers of imported records, and the logins."""

    products: int
    dealers: int
    price_lists: int
    warehouses: int
    logins: tuple[Login, ...]


def seed(url: str, stage: str, logins_file: Path, console: Console, number: int = 1) -> Demo:
    """Import the demo data into a stage and write its logins. A repetition changes nothing.

    Args:
        url: origin of the APIs.
        logins_file: logins as JSON; the password of an existing file stays valid.
        number: seed of dealers and stock; another number gives other ones.
    Raises:
        ApiProblem, Unreachable: an import was refused or not answered.
        CommandError: an account was not opened in time.
    """
    password = read_logins(logins_file)[0].password if logins_file.is_file() else identity.new_password()
    products, companies = lighting_range(), dealers(number)
    logins, receipts = _logins(companies, password), opening_stock(products, number)
    _open_first_account(stage, password)
    with open_http(url) as http, bars(console) as progress:
        admin = ApiUsers(http, stage, password).api(_first_admin().username)

        publish_warehouses(admin, WAREHOUSES)
        import_staff(admin, [user_row(user) for user in STAFF])
        product_bar = add_bar(progress, "商品 / products", len(products))
        import_products(admin, [product_row(product) for product in products], product_bar)
        price_bar = add_bar(progress, "价格 / prices", len(products) * len(PRICE_LISTS))
        dealer_bar = add_bar(progress, "经销商 / dealers", len(companies))
        account_bar = add_bar(progress, "账号 / accounts", len(logins))
        stock_bar = add_bar(progress, "库存 / stock", sum(len(receipt.rows) for receipt in receipts))

        def import_prices_and_dealers() -> None:
            for price_list in PRICE_LISTS:
                publication = {"name": price_list.name, "valid_from": _VALID_FROM}
                rows = [price_row(price_list, product) for product in products]
                publish_prices(admin, price_list.price_list_id, publication, rows, price_bar)
            import_dealers(admin, [dealer_row(dealer) for dealer in companies], dealer_bar)
            set_passwords(stage, [login.user for login in logins], password, account_bar)

        def import_stock() -> None:
            for receipt in receipts:
                receive_goods(admin, receipt, stock_bar)

        jobs: list[Callable[[], None]] = [import_prices_and_dealers, import_stock]
        run_parallel(len(jobs), jobs)
    write_logins(logins_file, logins)
    warehouses = len({dealer.warehouse for dealer in companies})
    return Demo(len(products), len(companies), len(PRICE_LISTS), warehouses, tuple(logins))


def _first_admin() -> User:
    return next(user for user in STAFF if user.role == "admin")


def _open_first_account(stage: str, password: str) -> None:
    """Create the first administrator, who imports all others. On AWS an operator does this once by hand."""
    admin = _first_admin()
    identity.create_login(stage, Account(admin.username, admin.name, (admin.role,)))
    identity.set_password(stage, admin.username, password)


def _logins(companies: list[Dealer], password: str) -> list[Login]:
    staff = [Login(user.username, password, user.role, None, user.name) for user in STAFF]
    dealer_users = [
        Login(user.username, password, user.role, dealer.dealer_id, f"{dealer.name} {user.name}")
        for dealer in companies
        for user in dealer.users
    ]
    return staff + dealer_users
