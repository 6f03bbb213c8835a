"""Fill an empty Qudao, as its people would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tools import identity
from tools.client import open_http
from tools.demo.logins import Login, read_logins, write_logins
from tools.demo.people import STAFF, Dealer, User, dealers
from tools.demo.prices import PRICE_LISTS
from tools.demo.products import lighting_range
from tools.demo.rows import dealer_row, opening_stock, price_row, product_row, user_row
from tools.identity import Account
from tools.imports import (
    Done,
    People,
    give_passwords,
    import_dealers,
    import_products,
    import_staff,
    in_parallel,
    publish_prices,
    receive_stock,
)
from tools.screen import bars

#: From this business day on the demo's price lists hold.
_VALID_FROM = "2025-01-01"


@dataclass(frozen=True)
class Demo:
    """What there is to try."""

    products: int
    dealers: int
    price_lists: int
    warehouses: int
    logins: tuple[Login, ...]


def seed(url: str, stage: str, logins_file: Path, console: Console, number: int = 1) -> Demo:
    """Fill a stage with the demo data and write its logins. Repeating it changes nothing.

    Args:
        url: origin of the APIs.
        logins_file: logins as JSON; one that exists keeps its password.
        number: makes other dealers and stock.
    Raises:
        ApiProblem, Unreachable: an import was refused or not answered.
        CommandError: an account was not opened in time.
    """
    password = read_logins(logins_file)[0].password if logins_file.is_file() else identity.new_password()
    products, companies = lighting_range(), dealers(number)
    logins, deliveries = _logins(companies, password), opening_stock(products, number)
    _open_first_account(stage, password)
    with open_http(url) as http, bars(console) as progress:
        admin = People(http, stage, password).as_user(_first_admin().username)

        def bar(what: str, total: int) -> Done:
            task = progress.add_task(what, total=total)
            return lambda rows: progress.advance(task, rows)

        import_staff(admin, [user_row(user) for user in STAFF])
        import_products(admin, [product_row(product) for product in products], bar("商品 / products", len(products)))
        price_rows = bar("价格 / prices", len(products) * len(PRICE_LISTS))
        company_rows = bar("经销商 / dealers", len(companies))
        accounts = bar("账号 / accounts", len(logins))
        stock_rows = bar("库存 / stock", sum(len(delivery.wanted) for delivery in deliveries))

        def sell() -> None:
            for price_list in PRICE_LISTS:
                facts = {"name": price_list.name, "valid_from": _VALID_FROM}
                rows = [price_row(price_list, product) for product in products]
                publish_prices(admin, price_list.price_list_id, facts, rows, price_rows)
            import_dealers(admin, [dealer_row(dealer) for dealer in companies], company_rows)
            give_passwords(stage, [login.user for login in logins], password, accounts)

        def stock() -> None:
            for delivery in deliveries:
                receive_stock(admin, delivery, stock_rows)

        jobs: list[Callable[[], None]] = [sell, stock]
        in_parallel(len(jobs), jobs)
    write_logins(logins_file, logins)
    warehouses = len({dealer.warehouse for dealer in companies})
    return Demo(len(products), len(companies), len(PRICE_LISTS), warehouses, tuple(logins))


def _first_admin() -> User:
    return next(user for user in STAFF if user.role == "admin")


def _open_first_account(stage: str, password: str) -> None:
    """Somebody must be there before anybody can be imported; on AWS, too, ops does this once by hand."""
    admin = _first_admin()
    identity.open_account(stage, Account(admin.username, admin.name, (admin.role,)))
    identity.set_password(stage, admin.username, password)


def _logins(companies: list[Dealer], password: str) -> list[Login]:
    staff = [Login(user.username, password, user.role, None, user.name) for user in STAFF]
    buyers = [
        Login(user.username, password, user.role, dealer.dealer_id, f"{dealer.name} {user.name}")
        for dealer in companies
        for user in dealer.users
    ]
    return staff + buyers
