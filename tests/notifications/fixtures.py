"""Dealers and users for tests of notifications, and functions that publish events."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from contracts.dealers import DealerItem, UserItem, dealer_key, user_key
from contracts.orders import OrderHoldReleased
from kernel.base.settings import settings
from kernel.messaging.events import Envelope, Event
from kernel.messaging.outbox import outbox_event
from kernel.store.transaction import Transaction
from tests.notifications.sample_events import ORDER
from tests.support.fixtures import open_shop
from tests.support.world import World

PHONES = {
    "boss": "+8613800000001",
    "buyer": "+8613800000002",
    "accountant": "+8613800000003",
    "rival": "+8613900000009",
    "clerk": "+8613700000007",
    "chief": "+8613700000008",
}


@contextmanager
def create_dealers(world: World) -> Iterator[None]:
    """Create D0001 with an administrator, two buyers (one without a phone) and an accountant, D0002, and a clerk.

    Head office has an administrator too.

    There are no orders, so the consumers that record on-time shipments and touch time are paused.
    """
    open_shop(products=0, stock=None)
    add_user("D0001", "boss", "dealer_admin", PHONES["boss"])
    add_user("D0001", "buyer", "dealer_buyer", PHONES["buyer"])
    add_user("D0001", "accountant", "dealer_accountant", PHONES["accountant"])
    add_user("D0001", "newcomer", "dealer_buyer", None)
    add_user("D0002", "rival", "dealer_admin", PHONES["rival"])
    add_user(None, "clerk", "assistant", PHONES["clerk"])
    add_user(None, "chief", "admin", PHONES["chief"])
    with world.held_back("record-on-time-shipments"), world.held_back("record-touch-time"):
        yield


def add_user(dealer_id: str | None, username: str, role: str, phone: str | None) -> None:
    """Store a user of a dealer, or of head office."""
    UserItem(
        *user_key(dealer_id, username), username=username, dealer_id=dealer_id, name=username, phone=phone, roles={role}
    ).save()


def suspend_dealer(dealer_id: str) -> None:
    """Set a dealer to suspended."""
    dealer = DealerItem.get(*dealer_key(dealer_id))
    dealer.status = "suspended"
    dealer.save()


def store_event(event: Event, subject: str, sequence: int = 1) -> Envelope:
    """Store an event in the outbox; nothing delivers the event before the next `world.drain()`."""
    dealer_id = event.model_dump().get("dealer_id")
    pk = f"ORDERS#{dealer_id}" if dealer_id else "PRICELIST#A"
    item = outbox_event(event, pk=pk, subject=subject, sequence=sequence, dealer_id=dealer_id)
    transaction = Transaction()
    transaction.create(item, "event")
    transaction.commit()
    return item.envelope


def publish(world: World, event: Event, subject: str = "D0001-000123", sequence: int = 1) -> Envelope:
    """Store an event and deliver it to all its consumers."""
    envelope = store_event(event, subject, sequence)
    world.drain()
    return envelope


def hold_released(number: int) -> OrderHoldReleased:
    """An event that has no notification rule, so only webhooks send it."""
    order = ORDER | {"order_id": f"D0001-{number:06d}"}
    return OrderHoldReleased(**order, hold="manual", reason="已核实")


def sms_by_user(world: World) -> dict[str, Any]:
    """Return the stored text messages by user name."""
    return {item["username"]: item for item in world.items("SMS#sms_") if item["sk"] == "SMS"}


def sms_states(world: World) -> dict[str, tuple[str, str | None]]:
    """Return state and reason of the stored text messages, by user name."""
    return {name: (item["state"], item.get("reason")) for name, item in sms_by_user(world).items()}


def recorded_sms(world: World) -> list[tuple[str, str]]:
    """Return phone and text of every message that the recorder accepted."""
    return sorted((item["phone"], item["text"]) for item in world.items("SMS#sms_") if item["sk"].startswith("RECORD"))


@contextmanager
def override_settings(**variables: str) -> Iterator[None]:
    """Set environment variables `QUDAO_<NAME>` for the duration of a block."""
    with patch.dict(os.environ, {f"QUDAO_{name.upper()}": value for name, value in variables.items()}):
        settings.cache_clear()
        yield
    settings.cache_clear()
