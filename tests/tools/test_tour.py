"""Tour over the real services in one process, and its failures when a promise is not kept."""

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
from tests.support import world as worlds
from tests.tools.world_users import WorldUsers
from tools.client import Api, Json
from tools.demo.logins import Login
from tools.demo.people import STAFF, dealers
from tools.demo.prices import PRICE_LISTS
from tools.demo.products import lighting_range
from tools.demo.request_rows import dealer_row, price_row, product_row, user_row
from tools.imports import GoodsReceipt, import_dealers, import_products, import_staff, publish_prices, receive_goods
from tools.receiver import Receiver
from tools.tour import effect_steps, follow_all_steps, order_steps
from tools.tour.narration import CheckFailed, Narration
from tools.tour.walk import TourDealer, Walk

DEALER = dealers()[0]
LOGINS = [Login(user.username, "", user.role, DEALER.dealer_id, user.name) for user in DEALER.users]


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    """Context of a tour with 150 products of the demo data and one dealer."""
    with _loopback_allowed(), worlds.opened() as world, Receiver() as receiver:
        world.clock.set(datetime.now(UTC))  # the signature library of the receiver reads the real clock
        users = WorldUsers(world, {login.user: (login.role, DEALER.dealer_id) for login in LOGINS})
        admin = users.api("admin")
        products = [found for found in lighting_range() if found.category == "LED 筒灯" and not found.run_out][:150]
        price_list = next(found for found in PRICE_LISTS if found.price_list_id == DEALER.price_list)
        import_staff(admin, [user_row(user) for user in STAFF])
        import_products(admin, [product_row(product) for product in products], lambda rows: None)
        prices = [price_row(price_list, product) for product in products]
        publication = {"name": price_list.name, "valid_from": "2025-01-01"}
        publish_prices(admin, price_list.price_list_id, publication, prices, lambda rows: None)
        import_dealers(admin, [dealer_row(DEALER)], lambda rows: None)
        receipt = GoodsReceipt(DEALER.warehouse, "OPENING", [(product.sku, 100) for product in products])
        receive_goods(admin, receipt, lambda rows: None)
        yield Walk(users, TourDealer.of(LOGINS, DEALER.dealer_id), Narration(Console(quiet=True)), receiver)


@contextmanager
def _loopback_allowed() -> Iterator[None]:
    """Allow webhooks to a receiver on this machine, as the stack of the local stage does."""
    with patch.dict(os.environ, {"QUDAO_WEBHOOK_ALLOW_LOOPBACK": "true"}):
        settings.cache_clear()
        yield
    settings.cache_clear()


def test_tour_follows_all_steps_and_deletes_its_endpoint(walk: Walk) -> None:
    follow_all_steps(walk)
    names = [step.name_en for step in walk.narration.steps]
    assert names[0] == "log in" and names[-1] == "a service request to its end" and len(names) == 12
    assert walk.users.api("admin").get("/api/notifications/webhook-endpoints")["endpoints"] == []
    assert walk.receiver.messages and walk.receiver.refused == 1  # the forged one


@pytest.fixture
def shipped(walk: Walk) -> tuple[Json, Json]:
    """Confirmation and shipment of a new order."""
    confirmation = order_steps.submit_order(walk, order_steps.choose_lines(walk))
    order_steps.approve_order(walk, order_steps.see_order(walk, confirmation))
    return confirmation, order_steps.ship_order(walk, confirmation)


def test_tour_stops_when_a_statement_differs_by_a_fen(walk: Walk, shipped: tuple[Json, Json]) -> None:
    confirmation, shipment = shipped
    effect_steps.check_statement(walk, confirmation, shipment)
    with pytest.raises(CheckFailed, match="the statement charges"):
        effect_steps.check_statement(walk, confirmation, shipment | {"gross_fen": shipment["gross_fen"] + 1})


def test_tour_names_what_keeps_products_from_being_ordered(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    product = walk.buyer.get("/api/catalog/products", limit=1)["products"][0]
    offers = [
        product | {"price": None},
        product | {"price": None, "availability": None},
        product | {"availability": product["availability"] | {"pieces": 0}},
        product | {"status": "discontinued"},
        product,
    ]
    monkeypatch.setattr(Api, "pages", lambda *_, **__: iter(offers))
    monkeypatch.setattr(Api, "get", lambda *_, **__: {"products": offers[:3]})
    named = "1 products can be ordered, 119 are needed, 2 without a price, 1 without enough stock, 1 discontinued"
    with pytest.raises(CheckFailed, match=named):
        order_steps.choose_lines(walk)


def test_tour_names_a_missing_effect_after_the_promised_time(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.tour.walk.WITHIN_SECONDS", 0)
    with pytest.raises(CheckFailed, match="did not reach the review queue"):
        order_steps.see_order(walk, {"order_id": "D0001-999999"})
    with Receiver() as idle, pytest.raises(CheckFailed, match="did not arrive"):
        effect_steps.check_webhook(replace(walk, receiver=idle), {"order_id": "D0001-999999"})
