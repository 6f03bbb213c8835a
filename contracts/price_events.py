"""Events of price lists. Days are ISO business days in Asia/Shanghai."""

from typing import ClassVar

from kernel.messaging.events import Event


class PriceListScheduled(Event):
    """Published when a version of a price list is published that begins on a coming day.

    Subscribers: catalog (request the notice of each dealer whose terms name the list).
    """

    TYPE: ClassVar[str] = "price-list.scheduled.v1"
    SOURCE: ClassVar[str] = "catalog"

    price_list_id: str
    version: int
    name: str
    valid_from: str
    valid_to: str | None
    author: str


class PriceListWithdrawn(Event):
    """Published when a version of a price list is withdrawn before it begins.

    Subscribers: catalog (request the notice of each dealer whose terms name the list).
    """

    TYPE: ClassVar[str] = "price-list.withdrawn.v1"
    SOURCE: ClassVar[str] = "catalog"

    price_list_id: str
    version: int
    name: str
    valid_from: str
    author: str
    reason: str


class DealerPricesScheduled(Event):
    """Published for each dealer whose terms name a price list with a scheduled version. Subscribers: notifications."""

    TYPE: ClassVar[str] = "dealer.prices-scheduled.v1"
    PUBLIC: ClassVar[bool] = True
    SOURCE: ClassVar[str] = "catalog"

    dealer_id: str
    price_list_id: str
    version: int
    name: str
    valid_from: str


class DealerPricesWithdrawn(Event):
    """Published for each dealer whose terms name a price list with a withdrawn version. Subscribers: notifications."""

    TYPE: ClassVar[str] = "dealer.prices-withdrawn.v1"
    PUBLIC: ClassVar[bool] = True
    SOURCE: ClassVar[str] = "catalog"

    dealer_id: str
    price_list_id: str
    version: int
    name: str
    valid_from: str
    reason: str


class PriceListEnding(Event):
    """Published once, some days before a valid price list has no version any more. Subscribers: notifications (staff).

    `without_prices_from`: first day on which no version is valid; orders are refused from then on.
    """

    TYPE: ClassVar[str] = "price-list.ending.v1"
    SOURCE: ClassVar[str] = "catalog"

    price_list_id: str
    name: str
    without_prices_from: str
