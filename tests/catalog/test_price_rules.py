"""Tests of the rules of quantity breaks and of the validity of price lists."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contracts.catalog import Price, PriceListItem, price_list_key
from services.catalog.prices.rules import next_break, price_problems, validity_problems, versions_kept


def test_next_break_is_nearest_above_quantity() -> None:
    price = Price(unit_price=Decimal(10), price_policy="标准价", breaks=((50, Decimal(9)), (200, Decimal(8))))
    assert next_break(price, 1) == (50, Decimal(9))
    assert next_break(price, 50) == (200, Decimal(8))
    assert next_break(price, 200) is None


def test_breaks_must_rise_in_quantity_and_fall_in_price() -> None:
    wrong = Price(
        unit_price=Decimal(10), price_policy="p", breaks=((50, Decimal(10)), (50, Decimal(9)), (60, Decimal("8.5")))
    )
    assert [(problem.field, problem.code) for problem in price_problems(4, wrong)] == [
        ("prices.4.breaks.0.unit_price", "not-cheaper"),
        ("prices.4.breaks.1.quantity", "not-ascending"),
    ]


def test_days_of_a_version_end_after_today_and_begin_within_a_year() -> None:
    today = date(2026, 11, 23)
    assert validity_problems(today, None, today, None) == []
    assert validity_problems(date(2026, 1, 1), today, today, None) == []
    assert validity_problems(date(2027, 11, 24), None, today, None) == []
    for valid_from, valid_to, fields in (
        (date(2026, 11, 24), date(2026, 11, 22), ["valid_to"]),
        (date(2026, 1, 1), date(2026, 11, 22), ["valid_to"]),
        (date(2027, 11, 25), None, ["valid_from"]),
    ):
        assert [problem.field for problem in validity_problems(valid_from, valid_to, today, None)] == fields


# ---- schedules ----

FIRST = date(2026, 11, 1)
days = st.integers(0, 30).map(lambda number: FIRST + timedelta(days=number))


def published(schedule: list[tuple[date, date | None]], today: date) -> PriceListItem:
    """Return a price list after the publication of these versions, all on one day."""
    item = None
    for number, (valid_from, valid_to) in enumerate(schedule, 1):
        earlier = versions_kept(item, valid_from, today) if item else []
        item = PriceListItem(
            *price_list_key("A"),
            price_list_id="A",
            name="价",
            version=number,
            valid_from=valid_from.isoformat(),
            valid_to=valid_to.isoformat() if valid_to else None,
            page_versions=[number],
            earlier=earlier or None,
        )
    assert item is not None
    return item


@given(st.lists(st.tuples(days, st.none() | days), min_size=1, max_size=6), days)
def test_last_version_that_has_begun_is_valid_until_it_ends(
    wanted: list[tuple[date, date | None]], today: date
) -> None:
    schedule = sorted(wanted, key=lambda version: version[0])
    item = published(schedule, today)
    for number in range(60):
        day = today + timedelta(days=number)
        begun = [version for version, (valid_from, _) in enumerate(schedule, 1) if valid_from <= day]
        ends_on = schedule[begun[-1] - 1][1] if begun else None
        expected = begun[-1] if begun and (ends_on is None or day <= ends_on) else None
        valid = item.on_day(day)
        assert (valid and valid.version) == expected
        assert valid is None or list(valid.page_versions) == [expected]
