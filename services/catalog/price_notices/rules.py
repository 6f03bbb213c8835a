"""Rule of the days on which a price list has no prices."""

from __future__ import annotations

from datetime import date, timedelta

from contracts.catalog import PriceListItem


def first_day_without_prices(price_list: PriceListItem, today: date) -> date | None:
    """Return the first day after today on which no version is valid; None without one, or if none is valid today."""
    if price_list.on_day(today) is None:
        return None
    # A version can only stop being valid on the day after its last one.
    versions = (*price_list.earlier_versions, price_list.own_version)
    after_ends = sorted(date.fromisoformat(one.valid_to) + timedelta(days=1) for one in versions if one.valid_to)
    return next((day for day in after_ends if day > today and price_list.on_day(day) is None), None)
