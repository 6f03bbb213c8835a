"""Notices about price lists: dealers learn the day before new prices begin, staff the day on which prices end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.price_notices import request_price_notices
from services.catalog.price_notices.rules import first_day_without_prices
from tests.catalog.fixtures import CatalogClient, price_row, product_row, store_dealer
from tests.catalog.test_price_rules import days, published
from tests.support.interruptions import before_commit
from tests.support.world import World

#: The tests begin on Monday 2026-11-23, 10:00 in Shanghai.
TODAY, TOMORROW = "2026-11-23", "2026-11-24"
DEALERS = ["D0001", "D0002", "D0003", "D0004", "D0005"]


@pytest.fixture
def catalog(fast_world: World) -> Iterator[CatalogClient]:
    """Return a catalogue with list A, which all dealers but D0005 have."""
    catalog = CatalogClient(fast_world)
    catalog.import_products(product_row("P-1", name_en="x"))
    for dealer_id in DEALERS:
        store_dealer(dealer_id, price_list="B" if dealer_id == "D0005" else "A")
    catalog.publish_price_list("A", price_row("P-1", "10"))
    catalog.world.drain()
    yield catalog


def schedule(catalog: CatalogClient, version: int = 2, valid_from: str = TOMORROW) -> None:
    catalog.draft_prices("A", version, price_row("P-1", "12.00"))
    assert catalog.publish_prices("A", version, valid_from=valid_from).status == 200


def inbox(catalog: CatalogClient, dealer_id: str) -> list[dict[str, Any]]:
    token = catalog.world.token(role="dealer_buyer", dealer_id=dealer_id)
    messages: list[dict[str, Any]] = catalog.world.call("notifications", "GET", "/inbox", token=token).json["messages"]
    return messages


def titles(catalog: CatalogClient) -> dict[str, list[str]]:
    """Return the Chinese titles in the mailbox of every dealer, the oldest first."""
    return {dealer_id: [one["title_zh"] for one in inbox(catalog, dealer_id)][::-1] for dealer_id in DEALERS}


SCHEDULED, WITHDRAWN = f"新价格自 {TOMORROW} 起执行", f"原定 {TOMORROW} 的新价格不再执行"


def each(*expected: str) -> dict[str, list[str]]:
    """Return these titles for every dealer of list A."""
    return {dealer_id: list(expected) if dealer_id != "D0005" else [] for dealer_id in DEALERS}


@pytest.mark.parametrize("page", [1, 2, 90])
def test_dealers_of_the_list_learn_the_day_once(catalog: CatalogClient, page: int) -> None:
    with patch.object(request_price_notices, "_DEALERS_PER_TRANSACTION", page):
        schedule(catalog)
        catalog.world.drain()
    assert titles(catalog) == each(SCHEDULED)
    catalog.world.redeliver_everything()
    assert titles(catalog) == each(SCHEDULED)
    [message] = inbox(catalog, "D0001")
    assert TOMORROW in message["text_zh"] and "A 级价" in message["text_zh"] and TOMORROW in message["text_en"]


def test_version_of_today_sends_no_notice(catalog: CatalogClient) -> None:
    schedule(catalog, valid_from=TODAY)
    catalog.world.drain()
    assert titles(catalog) == each()


def test_withdrawal_is_notified_with_its_reason(catalog: CatalogClient) -> None:
    schedule(catalog)
    catalog.world.drain()
    catalog.withdraw_version("A", 2)
    catalog.world.drain()
    assert titles(catalog) == each(SCHEDULED, WITHDRAWN)
    assert "价格有误" in inbox(catalog, "D0001")[0]["text_zh"]


def test_withdrawal_stops_notices_that_are_still_to_come(catalog: CatalogClient) -> None:
    schedule(catalog)
    with (
        patch.object(request_price_notices, "_DEALERS_PER_TRANSACTION", 1),
        before_commit(1, lambda: catalog.withdraw_version("A", 2)),
    ):
        catalog.world.drain()
    told = sum(SCHEDULED in shown for shown in titles(catalog).values())
    assert told == 1
    assert all(shown[-1:] == [WITHDRAWN] for dealer_id, shown in titles(catalog).items() if dealer_id != "D0005")


# ---- the end of a list ----


def staff_messages(catalog: CatalogClient) -> list[str]:
    answer = catalog.world.call("notifications", "GET", "/inbox", token=catalog.clerk)
    return [one["title_zh"] for one in answer.json["messages"] if "没有价格" in one["title_zh"]]


def watch(catalog: CatalogClient) -> None:
    catalog.world.periodic("catalog", "watch_price_lists")
    catalog.world.drain()


def test_assistants_are_warned_once_seven_days_before_a_list_ends(catalog: CatalogClient) -> None:
    catalog.publish_prices("A", 2, valid_to="2026-12-01")
    watch(catalog)
    assert staff_messages(catalog) == [], "eight days are left"
    for _ in range(12):
        catalog.world.clock.advance(days=1)
        watch(catalog)
        assert staff_messages(catalog) == ["价格表 A 自 2026-12-02 起没有价格,请发布新版本"]


def test_list_with_a_successor_raises_no_warning(catalog: CatalogClient) -> None:
    catalog.publish_prices("A", 2, valid_to=TOMORROW)
    catalog.publish_prices("A", 3, valid_from="2026-11-25")
    watch(catalog)
    assert staff_messages(catalog) == []
    catalog.withdraw_version("A", 3)
    watch(catalog)
    assert staff_messages(catalog) == ["价格表 A 自 2026-11-25 起没有价格,请发布新版本"]


@given(st.lists(st.tuples(days, st.none() | st.integers(0, 30)), min_size=1, max_size=6), days)
def test_first_day_without_prices_follows_the_last_day_with_prices(
    wanted: list[tuple[date, int | None]], today: date
) -> None:
    schedule = [(first, first + timedelta(days=more) if more is not None else None) for first, more in wanted]
    item = published(sorted(schedule, key=lambda version: version[0]), today)
    horizon = [today + timedelta(days=number) for number in range(100)]
    without = [day for day in horizon if item.on_day(day) is None]
    expected = without[0] if without and item.on_day(today) is not None else None
    assert first_day_without_prices(item, today) == expected
