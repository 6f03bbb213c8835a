"""Answers about available-to-promise quantities."""

from datetime import date

from kernel.http.models import Answer


class AvailableToPromiseDay(Answer):
    """Pieces that may be promised for a day (Asia/Shanghai) on which they leave: so many more than for the day before,
    so many in all."""

    day: date
    pieces: int
    cumulative: int


class AvailableToPromiseSku(Answer):
    """What may be promised of a SKU to a new order, by the day; the first is that on which pieces held now leave."""

    sku: str
    days: list[AvailableToPromiseDay]


class AvailableToPromise(Answer):
    """What may be promised, as of now; what those in line wait for is taken off."""

    warehouse: str
    as_of: str
    skus: list[AvailableToPromiseSku]
