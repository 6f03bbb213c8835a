"""Import master data and stock through the public API, in large chunks. An import may be repeated."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TypeVar

import httpx

from tools import identity
from tools.client import Api, ApiProblem, Json, TokenSource
from tools.errors import CommandError
from tools.identity import SignIn

# Rows that one request may contain.
PRODUCTS_PER_REQUEST = 500
PRICES_PER_REQUEST = 1_000
DEALERS_PER_REQUEST = 50
STOCK_LINES_PER_REQUEST = 1_000

_ACCOUNT_OPENS_WITHIN_SECONDS = 180

T = TypeVar("T")
#: Called with the number of rows that were imported since the last call.
OnProgress = Callable[[int], None]


class ApiUsers:
    """The API as each of several users with one password. `retries` counts repeated requests by reason.

    Tests run everything in one process; they replace tokens, threads and pauses.
    """

    def __init__(self, http: httpx.Client, stage: str, password: str) -> None:
        self.http = http
        self.stage = stage
        self.password = password
        self.retries: Counter[str] = Counter()
        self._apis: dict[str, Api] = {}
        self._lock = threading.Lock()

    def api(self, user: str) -> Api:
        """Return the API as this user."""
        with self._lock:
            if user not in self._apis:
                self._apis[user] = Api(self.http, self.token_source(user), on_retry=self._count_retry)
            return self._apis[user]

    def _count_retry(self, reason: str) -> None:
        with self._lock:
            self.retries[reason] += 1

    def token_source(self, user: str) -> TokenSource:
        """Return the source of this user's tokens."""
        return SignIn(self.stage, user, self.password)

    def thread_count(self, at_most: int) -> int:
        """Return the number of users that may act at the same time."""
        return at_most

    def pause(self, seconds: float) -> None:
        """Wait while the system works."""
        time.sleep(seconds)


def chunks(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield consecutive parts of at most `size` rows."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def publish_warehouses(api: Api, names: Mapping[str, str]) -> None:
    """Create warehouses, `names`: "广州仓 / Guangzhou" by id. One that exists already stays as it is."""
    for warehouse_id, name in names.items():
        name_zh, _, name_en = name.partition(" / ")
        body = {"name_zh": name_zh, "name_en": name_en, "active": True, "reason": "开仓 / opened", "version": 0}
        try:
            api.put(f"/api/orders/warehouses/{warehouse_id}", body)
        except ApiProblem as problem:
            if problem.code != "stale":
                raise


def import_products(api: Api, rows: Sequence[Json], on_progress: OnProgress) -> None:
    """Import products, rows as `ProductRow`. A successor must be in the same chunk or before it."""
    for part in chunks(rows, PRODUCTS_PER_REQUEST):
        api.post("/api/catalog/imports/products", {"products": part})
        on_progress(len(part))


def publish_prices(
    api: Api, price_list_id: str, publication: Json, rows: Sequence[Json], on_progress: OnProgress
) -> None:
    """Publish the first version of a price list, `publication` as `PublishPrices`, rows as `PriceRow`.

    A version that is published already stays as it is.
    """
    draft = f"/api/catalog/price-lists/{price_list_id}/drafts/1"
    try:
        for part in chunks(rows, PRICES_PER_REQUEST):
            api.post(f"{draft}/prices", {"prices": part})
            on_progress(len(part))
        api.post(f"{draft}/publish", publication)
    except ApiProblem as problem:
        if problem.code != "already-published":
            raise
        on_progress(len(rows))


def import_dealers(api: Api, rows: Sequence[Json], on_progress: OnProgress) -> None:
    """Import dealers with their users, rows as `DealerRow`. Their passwords are set here, so they get no invitation."""
    for part in chunks(rows, DEALERS_PER_REQUEST):
        api.post("/api/dealers/imports/dealers", {"dealers": part, "invite": False})
        on_progress(len(part))


def import_staff(api: Api, rows: Sequence[Json]) -> None:
    """Import the users of head office, rows as `StaffRow`."""
    api.post("/api/dealers/imports/staff", {"staff": rows, "invite": False})


@dataclass(frozen=True)
class GoodsReceipt:
    """Goods for one warehouse. A reference is booked once. `lines`: (SKU, pieces)."""

    warehouse: str
    reference: str
    lines: Sequence[tuple[str, int]]

    @property
    def rows(self) -> list[Json]:
        """Lines with pieces, as the API accepts them."""
        return [{"sku": sku, "quantity": pieces} for sku, pieces in self.lines if pieces]


def receive_goods(api: Api, receipt: GoodsReceipt, on_progress: OnProgress) -> None:
    """Book a goods receipt in parts; a part that was booked before is left out."""
    for number, part in enumerate(chunks(receipt.rows, STOCK_LINES_PER_REQUEST), start=1):
        body = {"warehouse": receipt.warehouse, "reference": f"{receipt.reference}-{number}", "lines": part}
        try:
            api.post("/api/orders/stock/goods-receipts", body)
        except ApiProblem as problem:
            if problem.code != "possible-double":
                raise
        on_progress(len(part))


def set_passwords(stage: str, users: Sequence[str], password: str, on_progress: OnProgress, threads: int = 8) -> None:
    """Wait until the system has opened the accounts of these users, and set their password.

    Raises:
        CommandError: an account was not opened in time.
    """
    deadline = time.monotonic() + _ACCOUNT_OPENS_WITHIN_SECONDS

    def set_one(user: str) -> None:
        while not identity.has_account(stage, user):
            if time.monotonic() > deadline:
                raise CommandError(f"the account of {user} was not opened within {_ACCOUNT_OPENS_WITHIN_SECONDS} s")
            time.sleep(0.5)
        identity.set_password(stage, user, password)
        on_progress(1)

    run_parallel(threads, [lambda user=user: set_one(user) for user in users])  # type: ignore[misc]


def run_parallel(threads: int, jobs: Sequence[Callable[[], T]]) -> list[T]:
    """Run jobs in parallel and return their results in order; raise the first failure and start no further job."""
    with ThreadPoolExecutor(threads) as workers:
        running: list[Future[T]] = [workers.submit(job) for job in jobs]
        try:
            for finished in as_completed(running):
                finished.result()
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
        return [job.result() for job in running]
