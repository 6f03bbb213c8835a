"""Damages of dealers: their default address, the entries by which their names are found, and codes to sign in with."""

from __future__ import annotations

from contracts.dealers import dealer_key
from contracts.delivery_addresses import address_book_key
from services.dealers.name_items import DealerNameItem
from services.dealers.sign_in_codes import PhoneCodesItem
from tests.support.company_data import OWN
from tests.tools.audit.table import Damages, TableCopy


def _lose_default_address(table: TableCopy) -> None:
    table.update(dealer_key(OWN), default_address=None)


def _name_unknown_default(table: TableCopy) -> None:
    table.update(address_book_key(OWN), default_id="A9")


def _lose_name(table: TableCopy) -> None:
    table.delete(next(key for key in table.keys("") if isinstance(table.item(key), DealerNameItem)))


def _make_codes_too_soon(table: TableCopy) -> None:
    table.put(PhoneCodesItem("PHONE#d", "SIGNINCODES", made=[1_800_000_000, 1_800_000_059], version=2))


DAMAGES: Damages = {
    "a dealer has no copy of its default address": (_lose_default_address, {"default-address-copy"}),
    "the default address is none of the dealer's": (
        _name_unknown_default,
        {"default-address", "default-address-copy"},
    ),
    "a dealer is not found by its name": (_lose_name, {"dealer-name"}),
    "a phone gets two codes within a minute": (_make_codes_too_soon, {"sign-in-code-cap"}),
}
