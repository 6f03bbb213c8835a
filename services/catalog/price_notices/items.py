"""Stored progress of the notices to dealers."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from contracts.catalog import price_list_key
from kernel.store.items import IntegerAttribute, Item, Key


# P1  notices about a version   pk: PRICELIST#<id>   sk: NOTICES#<version>#<scheduled or withdrawn>
class PriceNoticesItem(Item, discriminator="price_notices"):
    """Progress of the notices about one version: the page of dealers that comes next.

    `state`: requesting, then requested; it stays requesting if the version is withdrawn meanwhile. `requested`: notices
    so far; `next_key`: start of the next page of dealers; `version` counts and guards the writes.
    """

    state = UnicodeAttribute()
    requested = IntegerAttribute(default=0)
    next_key: JSONAttribute = JSONAttribute(null=True)
    version = IntegerAttribute(default=1)


def notices_key(price_list_id: str, version: int, occasion: str) -> Key:
    """Return the key of the notices about a version, on one occasion: scheduled or withdrawn."""
    return price_list_key(price_list_id)[0], f"NOTICES#{version:06d}#{occasion}"
