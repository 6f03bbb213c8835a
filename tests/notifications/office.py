"""Two dealers with their people, and a way to say that something happened."""

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
from tests.notifications.events import ORDER
from tests.shop import open_shop
from tests.world import World

PHONES = {
    "boss": "+8613800000001",
    "buyer": "+8613800000002",
    "books": "+8613800000003",
    "rival": "+8613900000009",
}


@contextmanager
def open_office(world: World) -> Iterator[None]:
    """D0001 with an owner, a buyer, an accountant and a buyer without a phone; D0002 with an owner; a clerk.

    There are no orders, so nobody looks at what was promised of those of which it is told.
    """
    open_shop(products=0, stock=None)
    add_person("D0001", "boss", "dealer_admin", PHONES["boss"])
    add_person("D0001", "buyer", "dealer_buyer", PHONES["buyer"])
    add_person("D0001", "books", "dealer_accountant", PHONES["books"])
    add_person("D0001", "newcomer", "dealer_buyer", None)
    add_person("D0002", "rival", "dealer_admin", PHONES["rival"])
    add_person(None, "clerk", "assistant", "+8613700000007")
    with world.held_back("record-on-time-shipments"):
        yield


def add_person(dealer_id: str | None, username: str, role: str, phone: str | None) -> None:
    """Somebody who may sign in."""
    UserItem(
        *user_key(dealer_id, username), username=username, dealer_id=dealer_id, name=username, phone=phone, roles={role}
    ).save()


def suspend(dealer_id: str) -> None:
    """Do no more business with a dealer."""
    dealer = DealerItem.get(*dealer_key(dealer_id))
    dealer.status = "suspended"
    dealer.save()


def announce(event: Event, subject: str, sequence: int = 1) -> Envelope:
    """Let it be true that this happened; nothing is carried anywhere yet."""
    dealer_id = str(event.model_dump()["dealer_id"])
    said = outbox_event(event, pk=f"ORDERS#{dealer_id}", subject=subject, sequence=sequence, dealer_id=dealer_id)
    transaction = Transaction()
    transaction.create(said, "event")
    transaction.commit()
    return said.envelope


def happen(world: World, event: Event, subject: str = "D0001-000123", sequence: int = 1) -> Envelope:
    """Let it be true that this happened, and everybody concerned hear of it."""
    message = announce(event, subject, sequence)
    world.drain()
    return message


def released(number: int) -> OrderHoldReleased:
    """Something that only webhooks hear of."""
    order = ORDER | {"order_id": f"D0001-{number:06d}"}
    return OrderHoldReleased(**order, hold="manual", reason="已核实")


def texts(world: World) -> dict[str, Any]:
    """The text messages by user name."""
    return {item["username"]: item for item in world.items("SMS#sms_") if item["sk"] == "SMS"}


def recorded(world: World) -> list[tuple[str, str]]:
    """What the recorder was given: (phone, text)."""
    return sorted((item["phone"], item["text"]) for item in world.items("SMS#sms_") if item["sk"].startswith("RECORD"))


@contextmanager
def set_to(**variables: str) -> Iterator[None]:
    """With these settings."""
    with patch.dict(os.environ, {f"QUDAO_{name.upper()}": value for name, value in variables.items()}):
        settings.cache_clear()
        yield
    settings.cache_clear()
