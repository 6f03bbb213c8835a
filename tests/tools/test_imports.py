"""Imports through the API: chunks, repetition, accounts and parallel jobs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from tools import identity, imports
from tools.client import Api, ApiProblem
from tools.errors import CommandError
from tools.imports import GoodsReceipt, import_products, publish_prices, receive_goods, run_parallel, set_passwords


class ImportServer:
    """Accepts every import, or refuses paths with an ending by a problem code."""

    def __init__(self, **refusals: str) -> None:
        self.refusals = refusals
        self.requests: list[tuple[str, dict[str, object]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((request.url.path, json.loads(request.content)))
        for ending, code in self.refusals.items():
            if request.url.path.endswith(ending):
                return httpx.Response(409, json={"code": code, "detail": "…"})
        return httpx.Response(200, json={})

    @property
    def api(self) -> Api:
        class FixedToken:
            def token(self) -> str:
                return "t"

        return Api(httpx.Client(base_url="http://origin", transport=httpx.MockTransport(self)), FixedToken())


def test_products_are_imported_in_the_largest_chunks_of_the_api() -> None:
    server, done = ImportServer(), list[int]()
    import_products(server.api, [{"sku": f"S{number}"} for number in range(1_200)], done.append)
    assert [len(body["products"]) for _, body in server.requests] == done == [500, 500, 200]  # type: ignore[arg-type]


def test_published_price_list_is_left_unchanged() -> None:
    server, done = ImportServer(prices="already-published"), list[int]()
    publish_prices(server.api, "GRADE1", {"name": "x"}, [{"sku": "S1"}], done.append)
    assert [path for path, _ in server.requests] == ["/api/catalog/price-lists/GRADE1/drafts/1/prices"]
    assert done == [1]


def test_refused_price_list_raises_its_problem() -> None:
    with pytest.raises(ApiProblem, match="not-the-next-draft"):
        publish_prices(
            ImportServer(publish="not-the-next-draft").api, "A", {"name": "x"}, [{"sku": "S1"}], lambda rows: None
        )


def test_goods_received_before_are_left_out() -> None:
    server, done = ImportServer(receipts="possible-double"), list[int]()
    receive_goods(server.api, GoodsReceipt("GZ", "NOTE", [(f"S{number}", 1) for number in range(1_500)]), done.append)
    assert [body["reference"] for _, body in server.requests] == ["NOTE-1", "NOTE-2"]
    assert done == [1_000, 500]


def test_lines_without_pieces_are_not_received() -> None:
    server = ImportServer()
    receive_goods(server.api, GoodsReceipt("GZ", "NOTE", [("S1", 0), ("S2", 3)]), lambda rows: None)
    assert server.requests[0][1]["lines"] == [{"sku": "S2", "quantity": 3}]


def test_password_is_set_when_the_account_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    changed: list[str] = []

    def has_account(stage: str, user: str) -> bool:
        checked.append(user)
        return checked.count(user) > 1

    monkeypatch.setattr(identity, "has_account", has_account)
    monkeypatch.setattr(identity, "set_password", lambda stage, user, password: changed.append(user))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    set_passwords("test", ["a", "b"], "secret", lambda users: None, threads=1)
    assert changed == ["a", "b"] and checked == ["a", "a", "b", "b"]


def test_account_that_is_never_opened_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "has_account", lambda stage, user: False)
    monkeypatch.setattr(imports, "_ACCOUNT_OPENS_WITHIN_SECONDS", -1)
    with pytest.raises(CommandError, match="account of a was not opened"):
        set_passwords("test", ["a"], "secret", lambda users: None)


def test_first_failed_job_is_raised_and_stops_the_others() -> None:
    started: list[int] = []

    def job(number: int) -> Callable[[], None]:
        def run() -> None:
            started.append(number)
            if number == 0:
                raise CommandError("no")
            threading.Event().wait(0.01)

        return run

    with pytest.raises(CommandError, match="no"):
        run_parallel(1, [job(number) for number in range(100)])
    assert len(started) < 100


def test_results_of_parallel_jobs_are_in_order() -> None:
    both = threading.Barrier(2, timeout=5)

    def slow() -> str:
        both.wait()
        return "slow"

    def quick() -> str:
        both.wait()
        return "quick"

    assert run_parallel(2, [slow, quick]) == ["slow", "quick"]
