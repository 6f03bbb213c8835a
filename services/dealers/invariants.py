"""Invariants of dealers: default addresses agree with their copies, names with their entries, codes with the caps."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.dealers import DealerItem
from contracts.delivery_addresses import MAX_ADDRESSES, AddressBookItem, address_book_key, address_of
from kernel.invariants.snapshot import Finding, Snapshot
from services.dealers.name_items import DealerNameItem, name_key
from services.dealers.name_rules import name_entries
from services.dealers.sign_in_codes import CAPS, PhoneCodesItem


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


def phones_get_codes_within_the_caps(snapshot: Snapshot) -> Iterator[Finding]:
    """Find phones for which more codes were made within a time than the carriers accept."""
    for item in snapshot.items(PhoneCodesItem):
        for most, period in CAPS:
            spans = [later - first for first, later in zip(item.made, item.made[most:], strict=False)]
            if spans and min(spans) < period.total_seconds():
                yield Finding("sign-in-code-cap", item.pk, f"{most + 1} codes within {min(spans)} s")


ALWAYS = (default_addresses_agree, dealers_are_found_by_their_names, phones_get_codes_within_the_caps)
WHEN_DUE = ()
