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
from tools.imports import Delivery, give_passwords, import_products, in_parallel, publish_prices, receive_stock


class Desk:
    """Takes every import, or refuses paths that end so with a code."""

    def __init__(self, **refusing: str) -> None:
        self.refusing = refusing
        self.asked: list[tuple[str, dict[str, object]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path, json.loads(request.content)))
        for ending, code in self.refusing.items():
            if request.url.path.endswith(ending):
                return httpx.Response(409, json={"code": code, "detail": "…"})
        return httpx.Response(200, json={})

    @property
    def api(self) -> Api:
        class Someone:
            def token(self) -> str:
                return "t"

        return Api(httpx.Client(base_url="http://origin", transport=httpx.MockTransport(self)), Someone())


def test_products_go_in_by_the_largest_chunks_the_api_takes() -> None:
    desk, done = OrdersClient(), list[int]()
    import_products(desk.api, [{"sku": f"S{number}"} for number in range(1_200)], done.append)
    assert [len(body["products"]) for _, body in desk.asked] == done == [500, 500, 200]  # type: ignore[arg-type]


def test_a_price_list_that_was_published_before_stays_as_it_is() -> None:
    desk, done = OrdersClient(prices="already-published"), list[int]()
    publish_prices(desk.api, "GRADE1", {"name": "x"}, [{"sku": "S1"}], done.append)
    assert [path for path, _ in desk.asked] == ["/api/catalog/price-lists/GRADE1/drafts/1/prices"]
    assert done == [1]


def test_a_price_list_that_is_refused_for_another_reason_is_not_passed_over() -> None:
    with pytest.raises(ApiProblem, match="not-the-next-draft"):
        publish_prices(OrdersClient(publish="not-the-next-draft").api, "A", {"name": "x"}, [{"sku": "S1"}], lambda rows: None)


def test_goods_that_were_taken_in_before_are_left_out_and_the_others_go_on() -> None:
    desk, done = OrdersClient(receipts="already-received"), list[int]()
    receive_stock(desk.api, Delivery("GZ", "NOTE", [(f"S{number}", 1) for number in range(1_500)]), done.append)
    assert [body["reference"] for _, body in desk.asked] == ["NOTE-1", "NOTE-2"]
    assert done == [1_000, 500]


def test_lines_without_pieces_are_not_delivered() -> None:
    desk = OrdersClient()
    receive_stock(desk.api, Delivery("GZ", "NOTE", [("S1", 0), ("S2", 3)]), lambda rows: None)
    assert desk.asked[0][1]["lines"] == [{"sku": "S2", "quantity": 3}]


def test_a_password_is_given_as_soon_as_the_account_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    given: list[str] = []

    def is_open(stage: str, user: str) -> bool:
        looked.append(user)
        return looked.count(user) > 1

    monkeypatch.setattr(identity, "is_open", is_open)
    monkeypatch.setattr(identity, "set_password", lambda stage, user, password: given.append(user))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    give_passwords("test", ["a", "b"], "secret", lambda users: None, threads=1)
    assert given == ["a", "b"] and looked == ["a", "a", "b", "b"]


def test_an_account_that_is_never_opened_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "is_open", lambda stage, user: False)
    monkeypatch.setattr(imports, "_ACCOUNT_OPENS_WITHIN_SECONDS", -1)
    with pytest.raises(CommandError, match="account of a was not opened"):
        give_passwords("test", ["a"], "secret", lambda users: None)


def test_the_first_failure_ends_the_rest_and_is_told() -> None:
    begun: list[int] = []

    def job(number: int) -> Callable[[], None]:
        def run() -> None:
            begun.append(number)
            if number == 0:
                raise CommandError("no")
            threading.Event().wait(0.01)

        return run

    with pytest.raises(CommandError, match="no"):
        in_parallel(1, [job(number) for number in range(100)])
    assert len(begun) < 100


def test_what_runs_in_parallel_comes_back_in_order() -> None:
    both = threading.Barrier(2, timeout=5)

    def slow() -> str:
        both.wait()
        return "slow"

    def quick() -> str:
        both.wait()
        return "quick"

    assert in_parallel(2, [slow, quick]) == ["slow", "quick"]
