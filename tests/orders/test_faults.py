"""Every handler that changes orders or stock, broken at every AWS call it makes: the same result, once.

After the fault a person repeats the request with its key, as clients do, and messages are delivered again.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.reconciliation import PaymentPosted
from contracts.stock import SKUS_PER_BUCKET
from kernel.messaging.outbox import history, outbox_event
from services.orders.credit.items import OrderingAccountItem, account_key
from tests import faults
from tests.orders.desk import Desk
from tests.shop import counters, open_shop, order_of
from tests.world import Response, World

ORDER = "D0001-000001"


@pytest.fixture
def desk(fast_world: World) -> Desk:
    return Desk(fast_world)


def in_the_end(request: Callable[[], Response]) -> Response:
    """What a client gets that repeats until it is answered."""
    for _ in range(3):
        answer = request()
        if answer.status < 500:
            return answer
    raise AssertionError(answer.json)


def happened() -> list[str]:
    """The events of the order."""
    return [message.type.split(".")[1] for message in history("ORDERS#D0001", ORDER)]


def committed() -> int:
    """Fen the dealer has committed."""
    return int(OrderingAccountItem.get(*account_key("D0001"), consistent_read=True).committed_fen)


def test_an_order_is_stored_once_whatever_breaks_while_it_is_submitted(desk: Desk) -> None:
    def submit() -> Response:
        return desk.submit(order_of((1, 10), (2, 5)), key="once")

    for fault in faults.every_point(desk.world, prepare=open_shop, act=submit):
        answer = in_the_end(submit)
        desk.world.drain()
        assert (answer.status, answer.json["order_id"], answer.json["state"]) == (202, ORDER, "submitted"), fault
        assert (happened(), counters(1), committed()) == (["submitted", "reserved"], (90, 10), 18_750), fault


@pytest.mark.parametrize(
    ("stock", "shortage_policy", "reserved"),
    [(100, "ship_available", 15), (6, "ship_available", 11), (6, "all_or_nothing", 0)],
)
def test_stock_is_decided_once_whatever_breaks_in_the_reservation(
    desk: Desk, stock: int, shortage_policy: str, reserved: int
) -> None:
    def prepare() -> None:
        open_shop(stock=stock)
        desk.submit(order_of((1, 10), (2, 5), shortage_policy=shortage_policy), key="once")
        desk.world.relay_once()

    for fault in faults.every_point(desk.world, prepare=prepare, act=desk.world.drain, within="orders.reserve_stock"):
        for _ in range(2):
            desk.world.drain()
            shown = desk.show(ORDER).json
            assert (shown["state"], shown["reserved"], shown["backordered"]) == ("in_review", reserved, 15 - reserved)
            assert counters(1)[1] + counters(2)[1] == reserved, fault
            assert counters(1)[0] + counters(2)[0] == 2 * stock - reserved, fault
            assert happened() == ["submitted", "reserved"], fault
            desk.world.redeliver_everything()


def test_an_order_over_many_buckets_is_reserved_once_whatever_breaks(desk: Desk) -> None:
    one_a_bucket = range(0, SKUS_PER_BUCKET * 92, SKUS_PER_BUCKET)

    def prepare() -> None:
        open_shop(products=one_a_bucket)
        desk.submit(order_of(*((number, 10) for number in one_a_bucket)), key="once")
        desk.world.relay_once()

    kinds = (faults.Kind.CRASH_BEFORE, faults.Kind.CRASH_AFTER)
    for fault in faults.every_point(
        desk.world, prepare=prepare, act=desk.world.drain, within="orders.reserve_stock", kinds=kinds
    ):
        desk.world.drain()
        assert desk.show(ORDER).json["reserved"] == 920, fault
        assert {counters(number) for number in one_a_bucket} == {(90, 10)}, fault


@pytest.mark.parametrize(
    ("action", "body", "events", "left"),
    [
        ("approve", {}, ["submitted", "reserved", "approved"], (90, 10, 18_750)),
        ("reject", {"reason": "缺货"}, ["submitted", "reserved", "rejected"], (100, 0, 0)),
        ("cancel", {"reason": "不要了"}, ["submitted", "reserved", "cancelled"], (100, 0, 0)),
    ],
)
def test_a_decision_is_taken_once_whatever_breaks(
    desk: Desk, action: str, body: dict[str, str], events: list[str], left: tuple[int, int, int]
) -> None:
    def prepare() -> None:
        open_shop()
        desk.accepted(order_of((1, 10), (2, 5)))

    def act() -> Response:
        return desk.act(ORDER, action, body, key="once")

    for fault in faults.every_point(desk.world, prepare=prepare, act=act):
        assert in_the_end(act).status == 200, fault
        assert (happened(), (*counters(1), committed())) == (events, left), fault


@pytest.mark.parametrize("lines", [(), ((1, 4),)])
def test_goods_leave_once_whatever_breaks(desk: Desk, lines: tuple[tuple[int, int], ...]) -> None:
    def prepare() -> None:
        open_shop()
        desk.approved(order_of((1, 10), (2, 5)))

    def ship() -> Response:
        return desk.ship(ORDER, *lines, key="once")

    for fault in faults.every_point(desk.world, prepare=prepare, act=ship):
        answer = in_the_end(ship)
        assert (answer.status, len(desk.shipments(ORDER))) == (201, 1), fault
        assert counters(1) == (90, 10 - (4 if lines else 10)), fault
        assert happened() == ["submitted", "reserved", "approved", "shipped"], fault


def test_goods_come_in_once_whatever_breaks(desk: Desk) -> None:
    def receive() -> Response:
        return desk.receive("DN-1", ("L00001", 7), key="once")

    for fault in faults.every_point(desk.world, prepare=lambda: open_shop(stock=None), act=receive):
        assert in_the_end(receive).status == 201, fault
        assert counters(1) == (7, 0), fault


def test_a_receipt_of_money_frees_credit_once_whatever_breaks(desk: Desk) -> None:
    def prepare() -> None:
        open_shop()
        desk.accepted(order_of((1, 10)))
        receipt = PaymentPosted(payment_id="pay_1", dealer_id="D0001", amount_fen=5_000, received_on="2026-11-23")
        outbox_event(receipt, pk="LEDGER#D0001", subject="pay_1", sequence=1, dealer_id="D0001").save()

    for fault in faults.every_point(desk.world, prepare=prepare, act=desk.world.drain, within="orders.update_credit"):
        desk.world.drain()
        assert committed() == 7_500, fault
        desk.world.redeliver_everything()
        assert committed() == 7_500, fault
