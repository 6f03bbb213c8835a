"""Load what an order is checked and priced with: dealer, ordering account, price list and products."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from contracts.assortment import ASSORTMENT_KEY, Listing
from contracts.catalog import PriceListItem, price_list_key
from contracts.dealers import DealerItem, dealer_key
from kernel.store.items import Item, Key
from kernel.store.read import fetch
from reads.assortment import Assortment
from reads.cache import Cache
from services.orders.credit.items import ordering_account_key
from services.orders.intake.price_order import require_valid_price_list

#: Price list of each dealer's last order. Reading it together with the dealer saves a call unless it has changed.
_last_price_lists: Cache[str, str] = Cache(max_entries=10_000)


class OrderingDealer(NamedTuple):
    """First reading for an order: the stored dealer and its ordering account, None without one, and what else came.

    `read`: every key that was read, also those at which nothing is stored.
    """

    dealer: Item | None
    account: Item | None
    found: dict[Key, Item]
    read: frozenset[Key]


class Pricing(NamedTuple):
    """Second reading for an order: the price list valid today, the products by SKU, and what else came."""

    price_list: PriceListItem
    products: Mapping[str, Listing]
    found: dict[Key, Item]


def load_ordering_dealer(dealer_id: str, also: Iterable[Key] = ()) -> OrderingDealer:
    """Load a dealer and its ordering account, and in the same call what its order will probably need.

    Args:
        also: further keys to read in the same call.
    """
    last_list = _last_price_lists.get(dealer_id)
    likely_keys = [price_list_key(last_list)] if last_list else []
    dealer, account = dealer_key(dealer_id), ordering_account_key(dealer_id)
    keys = [dealer, account, ASSORTMENT_KEY, *likely_keys, *also]
    found = fetch(keys)
    return OrderingDealer(found.get(dealer), found.get(account), found, frozenset(keys))


def load_pricing(dealer: DealerItem, skus: Collection[str], first: OrderingDealer, also: Iterable[Key] = ()) -> Pricing:
    """Load price list and products of an order of the dealer, without a call if the first reading has them.

    Args:
        also: further keys to read in the same call.

    Raises:
        Refusal: no price list is valid today.
    """
    assortment = Assortment.of(first.found.get(ASSORTMENT_KEY))
    list_key = price_list_key(dealer.price_list)
    _last_price_lists.put(dealer.dealer_id, dealer.price_list)
    found = first.found | fetch({list_key, *assortment.unread(skus), *also} - first.read)
    price_list = require_valid_price_list(found.get(list_key))
    return Pricing(price_list, assortment.listings(skus, found), found)
