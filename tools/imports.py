"""Fill a running Qudao the way the distributor's own people do: by importing through the public API, in large chunks.

Every import here may be repeated: what is there already stays as it is.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TypeVar

import httpx

from tools import identity
from tools.client import Api, ApiProblem, Json, TokenSource
from tools.errors import CommandError
from tools.identity import SignIn

#: How much one call takes (services/*/api.py).
PRODUCTS_AT_A_TIME = 500
PRICES_AT_A_TIME = 1_000
DEALERS_AT_A_TIME = 50
STOCK_LINES_AT_A_TIME = 1_000

_ACCOUNT_OPENS_WITHIN_SECONDS = 180

T = TypeVar("T")
Done = Callable[[int], None]
"""Told how many more rows are in."""


class People:
    """The API as each of several users, whose password is the same. `retries` counts what had to be sent again, by why.

    Tests, where all is one process, give tokens, threads and pauses of their own.
    """

    def __init__(self, http: httpx.Client, stage: str, password: str) -> None:
        self.http = http
        self.stage = stage
        self.password = password
        self.retries: Counter[str] = Counter()
        self._known: dict[str, Api] = {}
        self._lock = threading.Lock()

    def as_user(self, user: str) -> Api:
        """The API as this user sees it."""
        with self._lock:
            if user not in self._known:
                self._known[user] = Api(self.http, self.identity_of(user), retrying=self._retrying)
            return self._known[user]

    def _retrying(self, why: str) -> None:
        with self._lock:
            self.retries[why] += 1

    def identity_of(self, user: str) -> TokenSource:
        """Where this user's tokens come from."""
        return SignIn(self.stage, user, self.password)

    def threads(self, wanted: int) -> int:
        """How many of them may act at the same time, at most as many as wanted."""
        return wanted

    def pause(self, seconds: float) -> None:
        """Let the system work on."""
        time.sleep(seconds)


def chunks(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Consecutive parts of at most `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def import_products(api: Api, rows: Sequence[Json], done: Done) -> None:
    """Products as `ProductRow` (services/catalog/api.py); a successor must stand before or in the same chunk."""
    for part in chunks(rows, PRODUCTS_AT_A_TIME):
        api.post("/api/catalog/imports/products", {"products": part})
        done(len(part))


def publish_prices(api: Api, price_list_id: str, facts: Json, rows: Sequence[Json], done: Done) -> None:
    """The first version of a price list: `facts` as `PublishPrices`, rows as `PriceRow`. What was published stays."""
    draft = f"/api/catalog/price-lists/{price_list_id}/drafts/1"
    try:
        for part in chunks(rows, PRICES_AT_A_TIME):
            api.post(f"{draft}/prices", {"prices": part})
            done(len(part))
        api.post(f"{draft}/publish", facts)
    except ApiProblem as problem:
        if problem.code != "already-published":
            raise
        done(len(rows))


def import_dealers(api: Api, rows: Sequence[Json], done: Done) -> None:
    """Dealers with their users as `DealerRow` (services/dealers/api.py)."""
    for part in chunks(rows, DEALERS_AT_A_TIME):
        api.post("/api/dealers/imports/dealers", {"dealers": part})
        done(len(part))


def import_staff(api: Api, rows: Sequence[Json]) -> None:
    """The distributor's own people as `StaffRow` (services/dealers/api.py)."""
    api.post("/api/dealers/imports/staff", {"staff": rows})


@dataclass(frozen=True)
class Delivery:
    """Goods for one warehouse under one delivery note, which counts once for ever: (SKU, pieces) each."""

    warehouse: str
    note: str
    lines: Sequence[tuple[str, int]]

    @property
    def wanted(self) -> list[Json]:
        """The lines that bring anything, as the API takes them."""
        return [{"sku": sku, "quantity": pieces} for sku, pieces in self.lines if pieces]


def receive_stock(api: Api, delivery: Delivery, done: Done) -> None:
    """Take goods in; a part that was taken in before is left out."""
    for number, part in enumerate(chunks(delivery.wanted, STOCK_LINES_AT_A_TIME), start=1):
        body = {"warehouse": delivery.warehouse, "reference": f"{delivery.note}-{number}", "lines": part}
        try:
            api.post("/api/orders/stock/goods-receipts", body)
        except ApiProblem as problem:
            if problem.code != "already-received":
                raise
        done(len(part))


def give_passwords(stage: str, users: Sequence[str], password: str, done: Done, threads: int = 8) -> None:
    """Wait until the system has opened these accounts, and give them a password.

    Raises:
        CommandError: an account was not opened.
    """
    deadline = time.monotonic() + _ACCOUNT_OPENS_WITHIN_SECONDS

    def one(user: str) -> None:
        while not identity.is_open(stage, user):
            if time.monotonic() > deadline:
                raise CommandError(f"the account of {user} was not opened within {_ACCOUNT_OPENS_WITHIN_SECONDS} s")
            time.sleep(0.5)
        identity.set_password(stage, user, password)
        done(1)

    in_parallel(threads, [lambda user=user: one(user) for user in users])  # type: ignore[misc]


def in_parallel(threads: int, jobs: Sequence[Callable[[], T]]) -> list[T]:
    """Do all of these, so many at a time; the first failure ends it and is raised."""
    with ThreadPoolExecutor(threads) as workers:
        running: list[Future[T]] = [workers.submit(job) for job in jobs]
        try:
            for finished in as_completed(running):
                finished.result()
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
        return [job.result() for job in running]
