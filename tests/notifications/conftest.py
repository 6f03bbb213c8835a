"""Fixtures of the tests of notifications."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.notifications.sms import send_sms as sending
from tests.notifications.fake_provider import FakeProvider
from tests.notifications.fixtures import create_dealers, override_settings
from tests.notifications.webhook_receiver import Receiver, run_receiver
from tests.support.world import World


@pytest.fixture
def dealer_world(world: World) -> Iterator[World]:
    """A world with two dealers and their users. Sample events name orders that were not submitted: none is listed."""
    with create_dealers(world), world.held_back("record-order-entries"):
        yield world


@pytest.fixture
def fast_dealer_world(fast_world: World) -> Iterator[World]:
    """The same on our own small AWS, for tests that deliver hundreds of messages."""
    with create_dealers(fast_world), fast_world.held_back("record-order-entries"):
        yield fast_world


@pytest.fixture
def webhook_world(dealer_world: World) -> Iterator[World]:
    """A world with two dealers, whose webhooks may go to receivers on this machine."""
    with override_settings(webhook_allow_loopback="true"):
        yield dealer_world


@pytest.fixture
def fast_webhook_world(fast_dealer_world: World) -> Iterator[World]:
    """The same on our own small AWS."""
    with override_settings(webhook_allow_loopback="true"):
        yield fast_dealer_world


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook receiver on this machine."""
    with run_receiver() as running:
        yield running


@pytest.fixture
def fake_provider(monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    provider = FakeProvider()
    monkeypatch.setattr(sending, "configured_provider", lambda: provider)
    return provider
