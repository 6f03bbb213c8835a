"""Invariants of dealers: default addresses agree with their copies, and names with the entries that find them."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.dealers import DealerItem
from contracts.delivery_addresses import MAX_ADDRESSES, AddressBookItem, address_book_key, address_of
from kernel.invariants.snapshot import Finding, Snapshot
from services.dealers.name_items import DealerNameItem, name_key
from services.dealers.name_rules import name_entries


def default_addresses_agree(snapshot: Snapshot) -> Iterator[Finding]:
    """Find dealers without exactly one active default address among theirs, or with another copy of it."""
    books = {(item.pk, item.sk): item for item in snapshot.items(AddressBookItem)}
    for dealer in snapshot.items(DealerItem):
        book = books.get(address_book_key(dealer.dealer_id))
        addresses = book.addresses if book else ()
        default_id = book.default_id if book else None
        default = next((one for one in addresses if one.address_id == default_id), None)
        if len(addresses) > MAX_ADDRESSES or (default is None or not default.active if addresses else default_id):
            yield Finding("default-address", dealer.dealer_id, f"{len(addresses)} addresses, default {default_id}")
        copy, version = address_of(dealer.default_address), book.version if book else None
        if copy != default or dealer.addresses_version != version:
            detail = f"the dealer has a copy of version {dealer.addresses_version}, stored is version {version}"
            yield Finding("default-address-copy", dealer.dealer_id, detail)


def dealers_are_found_by_their_names(snapshot: Snapshot) -> Iterator[Finding]:
    """Find dealers with other entries than those of their name, and entries of no dealer."""
    stored = {(item.pk, item.sk) for item in snapshot.items(DealerNameItem)}
    expected = {
        name_key(entry, dealer.dealer_id)
        for dealer in snapshot.items(DealerItem)
        for entry in name_entries(dealer.name)
    }
    for pk, sk in sorted(stored ^ expected):
        yield Finding(
            "dealer-name", sk.rpartition("#")[2], f"{sk} in {pk} is {'wrong' if (pk, sk) in stored else 'missing'}"
        )


ALWAYS = (default_addresses_agree, dealers_are_found_by_their_names)
WHEN_DUE = ()
