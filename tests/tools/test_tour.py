"""The tour over the real services in one process, and what it says when a promise is broken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from rich.console import Console

from kernel.base.settings import settings
from tests import world as worlds
from tests.tools.people import WorldPeople
from tools.client import Json
from tools.demo.logins import Login
from tools.demo.people import STAFF, dealers
from tools.demo.prices import PRICE_LISTS
from tools.demo.products import lighting_range
from tools.demo.rows import dealer_row, price_row, product_row, user_row
from tools.imports import Delivery, import_dealers, import_products, import_staff, publish_prices, receive_stock
from tools.receiver import Receiver
from tools.tour.narration import Narration, PromiseBroken
from tools.tour.walk import Company, Walk

DEALER = dealers()[0]
LOGINS = [Login(user.username, "", user.role, DEALER.dealer_id, user.name) for user in DEALER.users]


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    """A walk in a small part of the demo: 150 products of its range, one dealer."""
    with _loopback_allowed(), worlds.opened() as world, Receiver() as receiver:
        world.clock.set(datetime.now(UTC))  # the receiver, which is not ours, looks at the real time
        people = WorldPeople(world, {login.user: (login.role, DEALER.dealer_id) for login in LOGINS})
        admin = people.as_user("admin")
        products = [one for one in lighting_range() if one.category == "LED 筒灯" and not one.discontinued][:150]
        price_list = next(one for one in PRICE_LISTS if one.price_list_id == DEALER.price_list)
        import_staff(admin, [user_row(user) for user in STAFF])
        import_products(admin, [product_row(product) for product in products], lambda rows: None)
        prices = [price_row(price_list, product) for product in products]
        facts = {"name": price_list.name, "valid_from": "2025-01-01"}
        publish_prices(admin, price_list.price_list_id, facts, prices, lambda rows: None)
        import_dealers(admin, [dealer_row(DEALER)], lambda rows: None)
        goods = Delivery(DEALER.warehouse, "OPENING", [(product.sku, 100) for product in products])
        receive_stock(admin, goods, lambda rows: None)
        yield Walk(people, Company.of(LOGINS, DEALER.dealer_id), Narration(Console(quiet=True)), receiver)


@contextmanager
def _loopback_allowed() -> Iterator[None]:
    """As the stack of a local stage sets it: webhooks may go to a receiver on this machine."""
    with patch.dict(os.environ, {"QUDAO_WEBHOOK_ALLOW_LOOPBACK": "true"}):
        settings.cache_clear()
        yield
    settings.cache_clear()


def test_the_whole_way_is_walked_and_leaves_no_endpoint_behind(walk: Walk) -> None:
    walk.all()
    names = [step.name_en for step in walk.narration.steps]
    assert names[0] == "log in" and names[-1] == "a service request to its end" and len(names) == 12
    assert walk.people.as_user("admin").get("/api/notifications/webhook-endpoints")["endpoints"] == []
    assert walk.receiver.messages and walk.receiver.refused == 1  # the forged one


@pytest.fixture
def shipped(walk: Walk) -> tuple[Json, Json]:
    """Receipt and shipment of a fresh order."""
    confirmation = walk.submit(walk.choose())
    walk.see(confirmation)
    walk.approve(confirmation)
    return confirmation, walk.ship(confirmation)


def test_a_statement_that_differs_by_a_fen_stops_the_tour(walk: Walk, shipped: tuple[Json, Json]) -> None:
    confirmation, shipment = shipped
    walk.statement(confirmation, shipment)
    with pytest.raises(PromiseBroken, match="the statement charges"):
        walk.statement(confirmation, shipment | {"gross_fen": shipment["gross_fen"] + 1})


def test_what_never_comes_is_named_after_the_promised_time(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.tour.walk.WITHIN_SECONDS", 0)
    with pytest.raises(PromiseBroken, match="did not reach the review queue"):
        walk.see({"order_id": "D0001-999999"})
    with Receiver() as idle, pytest.raises(PromiseBroken, match="did not arrive"):
        replace(walk, receiver=idle).webhook({"order_id": "D0001-999999"})
