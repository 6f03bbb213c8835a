"""Request about missing pieces."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Body
from services.orders.shipping.api import ShipLine
from services.orders.vocabulary import MAX_LINES, ReasonText


class ShortPick(Body):
    """Reserved pieces of an order that are not in their place. `reason` is read by the dealer."""

    reason: ReasonText
    lines: Annotated[list[ShipLine], Field(min_length=1, max_length=MAX_LINES)]
