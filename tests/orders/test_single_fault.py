"""Handlers of orders and stock with a fault at every AWS call: the same result, once.

After the fault the client repeats the request under its key, and messages are delivered again.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.reconciliation import PaymentPosted
from contracts.stock import SKUS_PER_BUCKET
from kernel.messaging.outbox import history, outbox_event
from services.orders.credit.items import OrderingAccountItem, ordering_account_key
from tests.orders.client import OrdersClient
from tests.support import faults
from tests.support.fixtures import counters, open_shop, order_of
from tests.support.gateway import Response
from tests.support.world import World

ORDER = "D0001-000001"


@pytest.fixture
def client(fast_world: World) -> OrdersClient:
    return OrdersClient(fast_world)


def in_the_end(request: Callable[[], Response]) -> Response:
    """Return the answer of a client that repeats until it gets one."""
    for _ in range(3):
        answer = request()
        if answer.status < 500:
            return answer
    raise AssertionError(answer.json)


def happened() -> list[str]:
    """Events of the order."""
    return [message.type.split(".")[1] for message in history("ORDERS#D0001", ORDER)]


def committed() -> int:
    """Fen the dealer has committed."""
    return int(OrderingAccountItem.get(*ordering_account_key("D0001"), consistent_read=True).committed_fen)


def test_submit_stores_one_order_when_any_call_fails(client: OrdersClient) -> None:
    def submit() -> Response:
        return client.submit(order_of((1, 10), (2, 5)), key="once")

    for fault in faults.every_point(client.world, prepare=open_shop, act=submit):
        answer = in_the_end(submit)
        client.world.drain()
        assert (answer.status, answer.json["order_id"], answer.json["state"]) == (202, ORDER, "submitted"), fault
        assert (happened(), counters(1), committed()) == (["submitted", "reserved"], (90, 10), 18_750), fault


@pytest.mark.parametrize(
    ("stock", "shortage_policy", "reserved"),
    [(100, "ship_available", 15), (6, "ship_available", 11), (6, "all_or_nothing", 0)],
)
def test_reservation_decides_stock_once_when_any_call_fails(
    client: OrdersClient, stock: int, shortage_policy: str, reserved: int
) -> None:
    def prepare() -> None:
        open_shop(stock=stock)
        client.submit(order_of((1, 10), (2, 5), shortage_policy=shortage_policy), key="once")
        client.world.relay_once()

    for fault in faults.every_point(
        client.world, prepare=prepare, act=client.world.drain, within="orders.reserve_stock"
    ):
        for _ in range(2):
            client.world.drain()
            shown = client.show(ORDER).json
            assert (shown["state"], shown["reserved"], shown["backordered"]) == ("in_review", reserved, 15 - reserved)
            assert counters(1)[1] + counters(2)[1] == reserved, fault
            assert counters(1)[0] + counters(2)[0] == 2 * stock - reserved, fault
            assert happened() == ["submitted", "reserved"], fault
            client.world.redeliver_everything()


def test_reservation_over_many_buckets_happens_once_when_any_call_fails(client: OrdersClient) -> None:
    one_a_bucket = range(0, SKUS_PER_BUCKET * 92, SKUS_PER_BUCKET)

    def prepare() -> None:
        open_shop(products=one_a_bucket)
        client.submit(order_of(*((number, 10) for number in one_a_bucket)), key="once")
        client.world.relay_once()

    kinds = (faults.Kind.CRASH_BEFORE, faults.Kind.CRASH_AFTER)
    for fault in faults.every_point(
        client.world, prepare=prepare, act=client.world.drain, within="orders.reserve_stock", kinds=kinds
    ):
        client.world.drain()
        assert client.show(ORDER).json["reserved"] == 920, fault
        assert {counters(number) for number in one_a_bucket} == {(90, 10)}, fault


@pytest.mark.parametrize(
    ("action", "body", "events", "left"),
    [
        ("approve", {}, ["submitted", "reserved", "approved"], (90, 10, 18_750)),
        ("reject", {"reason": "缺货"}, ["submitted", "reserved", "rejected"], (100, 0, 0)),
        ("cancel", {"reason": "不要了"}, ["submitted", "reserved", "cancelled"], (100, 0, 0)),
    ],
)
def test_review_decides_once_when_any_call_fails(
    client: OrdersClient, action: str, body: dict[str, str], events: list[str], left: tuple[int, int, int]
) -> None:
    def prepare() -> None:
        open_shop()
        client.accepted(order_of((1, 10), (2, 5)))

    def act() -> Response:
        return client.act(ORDER, action, body, key="once")

    for fault in faults.every_point(client.world, prepare=prepare, act=act):
        assert in_the_end(act).status == 200, fault
        assert (happened(), (*counters(1), committed())) == (events, left), fault


@pytest.mark.parametrize("lines", [(), ((1, 4),)])
def test_shipment_happens_once_when_any_call_fails(client: OrdersClient, lines: tuple[tuple[int, int], ...]) -> None:
    def prepare() -> None:
        open_shop()
        client.approved(order_of((1, 10), (2, 5)))

    def ship() -> Response:
        return client.ship(ORDER, *lines, key="once")

    for fault in faults.every_point(client.world, prepare=prepare, act=ship):
        answer = in_the_end(ship)
        assert (answer.status, len(client.shipments(ORDER))) == (201, 1), fault
        assert counters(1) == (90, 10 - (4 if lines else 10)), fault
        assert happened() == ["submitted", "reserved", "approved", "shipped"], fault


def test_goods_receipt_counts_once_when_any_call_fails(client: OrdersClient) -> None:
    def receive() -> Response:
        return client.receive("DN-1", ("L00001", 7), key="once")

    for fault in faults.every_point(client.world, prepare=lambda: open_shop(stock=None), act=receive):
        assert in_the_end(receive).status == 201, fault
        assert counters(1) == (7, 0), fault


def test_payment_frees_credit_once_when_any_call_fails(client: OrdersClient) -> None:
    def prepare() -> None:
        open_shop()
        client.accepted(order_of((1, 10)))
        receipt = PaymentPosted(payment_id="pay_1", dealer_id="D0001", amount_fen=5_000, received_on="2026-11-23")
        outbox_event(receipt, pk="LEDGER#D0001", subject="pay_1", sequence=1, dealer_id="D0001").save()

    for fault in faults.every_point(
        client.world, prepare=prepare, act=client.world.drain, within="orders.update_credit"
    ):
        client.world.drain()
        assert committed() == 7_500, fault
        client.world.redeliver_everything()
        assert committed() == 7_500, fault
