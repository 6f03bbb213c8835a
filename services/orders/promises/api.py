"""Answers about available-to-promise quantities."""

from datetime import date

from kernel.http.models import Answer


class AvailableToPromiseDay(Answer):
    """Pieces that may be promised for a ship day (Asia/Shanghai): more than for the day before, and in total."""

    day: date
    pieces: int
    cumulative: int


class AvailableToPromiseSku(Answer):
    """Pieces of a SKU that may be promised to a new order, by day. The first day is that of pieces reserved now."""

    sku: str
    name_zh: str
    name_en: str | None
    days: list[AvailableToPromiseDay]


class AvailableToPromise(Answer):
    """Pieces that may be promised at a moment, without those that backorders wait for.

    `calendar_known_until`: last day whose days off are published, if a day of this answer is later; else null.
    """

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    as_of: str
    calendar_known_until: str | None
    skus: list[AvailableToPromiseSku]
