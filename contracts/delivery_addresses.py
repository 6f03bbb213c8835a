"""Delivery addresses of a dealer, with the contact who takes the goods. Only dealers writes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute

#: Most delivery addresses of one dealer.
MAX_ADDRESSES = 50


class DeliveryAddress(NamedTuple):
    """A place that takes goods, and its contact. `phone` is E.164; only an active address may be ordered to."""

    address_id: str
    label: str
    province: str
    city: str
    district: str
    street: str
    contact_name: str
    phone: str
    active: bool = True


# P  delivery addresses of a dealer   pk: DEALER#<id>   sk: ADDRESSES
class AddressBookItem(Item, discriminator="address_book"):
    """All delivery addresses of one dealer, one row each in the fields of `DeliveryAddress`.

    `default_id`: the default address, absent only without addresses; `last_number`: of the newest address ever, so that
    no id names two addresses.
    """

    rows = PackedJSONAttribute()
    default_id = UnicodeAttribute(null=True)
    last_number = IntegerAttribute(default=0)
    version = IntegerAttribute(default=1)

    @cached_property
    def addresses(self) -> tuple[DeliveryAddress, ...]:
        """The addresses, oldest first."""
        return tuple(DeliveryAddress(*row) for row in self.rows)


def address_book_key(dealer_id: str) -> Key:
    """Return the key of a dealer's delivery addresses."""
    return f"DEALER#{dealer_id}", "ADDRESSES"


def address_of(stored: Sequence[Any] | None) -> DeliveryAddress | None:
    """Return a stored copy of an address, such as the default address of a dealer or the address of an order."""
    return DeliveryAddress(*stored) if stored else None
