"""Request of an order."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import AddressId, Body, Name, Quantity, Sku
from services.orders.vocabulary import MAX_LINES, NoteText, ShortagePolicy


class OrderLineRequest(Body):
    """One line of an order. A SKU may be on several lines."""

    sku: Sku
    quantity: Quantity


class SubmitOrder(Body):
    """An order. `shortage_policy`: what to do when stock is short; `purchase_order`: the dealer's own number.

    `confirm_double`: the order is no repetition, although another one has its purchase order.
    `address_id`: the delivery address, by default the dealer's default address. A dealer without any may order too.
    """

    lines: Annotated[list[OrderLineRequest], Field(min_length=1, max_length=MAX_LINES)]
    shortage_policy: ShortagePolicy = ShortagePolicy.SHIP_AVAILABLE
    urgent: bool = False
    purchase_order: Annotated[Name, Field(max_length=60)] | None = None
    note: NoteText | None = None
    confirm_double: bool = False
    address_id: AddressId | None = None
