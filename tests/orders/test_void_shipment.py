"""Voiding a shipment that never left: order, stock, ledger, credit, on-time rate and dealer agree."""

from __future__ import annotations

from typing import Any

import pytest

from tests.orders.client import OrdersClient
from tests.orders.test_credit import committed_fen
from tests.orders.test_on_time_rate import on_time_report
from tests.support.fixtures import counters, open_shop, order_of
from tests.support.gateway import Response


def void(client: OrdersClient, order_id: str, number: int = 1, **more: Any) -> Response:
    """Void a shipment of an order by its number."""
    action = f"shipments/{order_id}-S{number:02d}/void"
    return client.act(order_id, action, {"reason": "未装车"}, **{"role": "warehouse", **more})


def owed_fen(client: OrdersClient) -> int:
    """Return what the dealer owes by its statement, once all messages are delivered."""
    client.world.drain()
    token = client.world.token(role="finance")
    answer = client.world.call("reconciliation", "GET", "/statement", query={"dealer_id": "D0001"}, token=token)
    return int(answer.json["closing_fen"])


def reverse(client: OrdersClient, journal_id: str, key: str) -> Response:
    """Reverse a journal by hand."""
    path = f"/journals/{journal_id}/reversal"
    token = client.world.token(role="finance")
    return client.world.call("reconciliation", "POST", path, body={"reason": "冲"}, token=token, key=key)


@pytest.mark.parametrize("posted_before", [True, False])
def test_void_takes_a_shipment_out_of_order_ledger_and_on_time_rate(client: OrdersClient, posted_before: bool) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10)))
    assert client.ship(order_id).json["state"] == "closed"
    if posted_before:
        assert (owed_fen(client), on_time_report(client)["total"]["on_time"]) == (12_500, 10)
    answer = void(client, order_id)
    assert (answer.status, answer.json["state"], answer.json["void_reason"]) == (200, "confirmed", "未装车")
    shown = client.show(order_id).json
    assert (shown["reserved"], shown["shipped"], counters(1)) == (10, 0, (90, 10))
    assert (owed_fen(client), committed_fen(), on_time_report(client)["total"]["on_time"]) == (0, 12_500, 0)
    before = client.world.snapshot()
    client.world.redeliver_everything()
    assert client.world.snapshot() == before
    (listed,) = client.shipments(order_id)
    assert (listed["voided_by"], listed["void_reason"]) == (answer.json["voided_by"], "未装车")
    again = client.ship(order_id).json
    assert (again["shipment_id"], again["gross_fen"], again["state"]) == (f"{order_id}-S02", 12_500, "closed")
    assert (owed_fen(client), committed_fen(), on_time_report(client)["total"]["on_time"]) == (12_500, 12_500, 10)


def test_shipment_is_voided_once(client: OrdersClient) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10)))
    client.ship(order_id, (1, 4))
    assert void(client, order_id, key="once").text == void(client, order_id, key="once").text
    before = client.world.snapshot()
    refused = void(client, order_id)
    assert (refused.status, refused.json["code"], "voided_at" in refused.json) == (409, "already-voided", True)
    assert void(client, order_id, 2).status == 404
    assert void(client, order_id, role="assistant").status == 403
    assert client.world.snapshot() == before


def test_void_is_refused_while_a_line_was_shipped_again(client: OrdersClient) -> None:
    open_shop(unit_price="0.335")
    order_id = client.approved(order_of((1, 3), (2, 2)))
    for lines in ([(1, 1), (2, 2)], [(1, 1)]):
        client.ship(order_id, *lines)
    refused = void(client, order_id, 1)
    assert (refused.json["code"], refused.json["shipment_id"]) == ("shipped-again", f"{order_id}-S02")
    assert void(client, order_id, 2).status == 200
    assert void(client, order_id, 1).status == 200
    shipped = client.ship(order_id).json
    # 3 x 0.335 and 2 x 0.335 yuan
    assert (shipped["state"], shipped["gross_fen"], owed_fen(client), committed_fen()) == ("closed", 168, 168, 168)


@pytest.mark.parametrize("manual", ["before", "after"])
def test_void_and_manual_reversal_count_once(client: OrdersClient, manual: str) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10)))
    client.ship(order_id)
    journal_id = f"D0001.shipment.{order_id}-S01"
    assert owed_fen(client) == 12_500
    if manual == "before":
        assert reverse(client, journal_id, "by hand").status == 201
        client.world.drain()
        assert committed_fen() == 0
    assert void(client, order_id).status == 200
    assert (owed_fen(client), committed_fen()) == (0, 12_500)
    assert reverse(client, journal_id, "once more").json["code"] == "already-reversed"
    reversal = f"D0001.reversal.shipment.{order_id}-S01"
    assert reverse(client, reversal, "back").json["code"] == "shipment-voided"
    assert (owed_fen(client), committed_fen()) == (0, 12_500)


def test_void_after_a_reversal_that_was_reversed_takes_the_shipment_out(client: OrdersClient) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10)))
    client.ship(order_id)
    assert owed_fen(client) == 12_500
    assert reverse(client, f"D0001.shipment.{order_id}-S01", "1").status == 201
    assert reverse(client, f"D0001.reversal.shipment.{order_id}-S01", "2").status == 201
    assert owed_fen(client) == 12_500
    assert void(client, order_id).status == 200
    assert (owed_fen(client), committed_fen()) == (0, 12_500)
    client.world.redeliver_everything()
    assert (owed_fen(client), committed_fen()) == (0, 12_500)


def test_rest_is_cancelled_after_a_void(client: OrdersClient) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10)))
    client.ship(order_id, (1, 4))
    client.act(order_id, "cancel", {"reason": "够了"})
    assert void(client, order_id).json["state"] == "confirmed"
    assert client.act(order_id, "cancel", {"reason": "都不要"}).json["state"] == "cancelled"
    assert (counters(1), owed_fen(client), committed_fen()) == ((100, 0), 0, 0)
