"""List and change the delivery addresses of a dealer. Orders keep their copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from contracts.dealers import DealerItem, dealer_key
from contracts.delivery_addresses import AddressBookItem, DeliveryAddress, address_book_key
from kernel.base.problems import NotFound, Stale
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.items import Item
from kernel.store.read import fetch
from kernel.store.transaction import Transaction, TransactionRefused
from services.dealers.address_api import (
    AddAddress,
    AddressBook,
    AddressFields,
    AddressView,
    ChangeAddress,
    RemoveAddress,
    SetDefaultAddress,
)
from services.dealers.address_rules import (
    Addresses,
    with_changed_address,
    with_default,
    with_new_address,
    without_address,
)

#: A change of addresses, as a rule.
_Change = Callable[[Addresses], Addresses]


def list_addresses(caller: Principal, dealer_id: str) -> AddressBook:
    """Return the delivery addresses of a dealer, oldest first.

    Raises:
        NotFound: there is no such dealer, or the caller is of another.
    """
    return _view(dealer_id, _load(caller, dealer_id))


def add_address(caller: Principal, dealer_id: str, request: AddAddress, key: IdempotencyKey) -> AddressBook:
    """Add a delivery address.

    Raises:
        NotFound: there is no such dealer, or the caller is of another.
        Stale: another version is stored.
        Refusal: the dealer has the most addresses that it may have.
        Invalid: the new default address would not be active.
    """
    new = _address("", request)
    return _change(
        caller,
        dealer_id,
        request.version,
        lambda before: with_new_address(before, new, make_default=request.make_default),
        key,
    )


def change_address(caller: Principal, dealer_id: str, address_id: str, request: ChangeAddress) -> AddressBook:
    """Replace the content of a delivery address. A repeated request changes nothing and gets the same answer.

    Raises:
        NotFound: there is no such dealer or address, or the caller is of another dealer.
        Stale: another version is stored.
        Invalid: the default address would not be active.
    """
    changed = _address(address_id, request)
    return _change(caller, dealer_id, request.version, lambda before: with_changed_address(before, changed))


def set_default_address(caller: Principal, dealer_id: str, address_id: str, request: SetDefaultAddress) -> AddressBook:
    """Choose the default address. A repeated request changes nothing and gets the same answer.

    Raises:
        NotFound: there is no such dealer or address, or the caller is of another dealer.
        Stale: another version is stored.
        Refusal: the address is not active.
    """
    return _change(caller, dealer_id, request.version, lambda before: with_default(before, address_id))


def remove_address(
    caller: Principal, dealer_id: str, address_id: str, request: RemoveAddress, key: IdempotencyKey
) -> AddressBook:
    """Remove a delivery address.

    Raises:
        NotFound: there is no such dealer or address, or the caller is of another dealer.
        Stale: another version is stored.
        Invalid: the default address is removed, and the next one is missing, unknown or not active.
    """
    return _change(
        caller, dealer_id, request.version, lambda before: without_address(before, address_id, request.new_default), key
    )


def _change(
    caller: Principal, dealer_id: str, version: int, change: _Change, key: IdempotencyKey | None = None
) -> AddressBook:
    stored = _load(caller, dealer_id)
    is_repeat = key is None and stored.version == version + 1
    if stored.version != version and not is_repeat:
        raise Stale
    after = change(stored.addresses)
    if key is None and after == stored.addresses:
        return _view(dealer_id, stored)
    if is_repeat:
        raise Stale
    answer = _view(dealer_id, stored._replace(addresses=after, version=version + 1))
    transaction = Transaction()
    transaction.put(
        AddressBookItem(
            *address_book_key(dealer_id),
            rows=after.all,
            default_id=after.default_id,
            last_number=after.last_number,
            version=version + 1,
        ),
        "addresses",
        AddressBookItem.version == version if version else Item.pk.does_not_exist(),
    )
    # The copy that a submit reads with the dealer.
    transaction.update_fields(
        DealerItem,
        dealer_key(dealer_id),
        {"default_address": after.default, "addresses_version": version + 1},
        condition=Item.pk.exists(),
        label="dealer",
    )
    if key:
        key.record_response(transaction, answer)
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if key and key.LABEL in refused:
            raise  # the key was used before: the caller gets the recorded response
        raise Stale from refused
    return answer


class _Book(NamedTuple):
    """Addresses of a dealer with their version, and its name."""

    dealer_name: str
    addresses: Addresses
    version: int


def _load(caller: Principal, dealer_id: str) -> _Book:
    """Return the addresses of a dealer that the caller may see."""
    if caller.is_dealer and caller.dealer_id != dealer_id:
        raise NotFound
    found = fetch([dealer_key(dealer_id), address_book_key(dealer_id)])
    dealer, book = found.get(dealer_key(dealer_id)), found.get(address_book_key(dealer_id))
    if not isinstance(dealer, DealerItem):
        raise NotFound
    if not isinstance(book, AddressBookItem):
        return _Book(dealer.name, Addresses(), 0)
    return _Book(dealer.name, Addresses(book.addresses, book.default_id, book.last_number), book.version)


def _address(address_id: str, fields: AddressFields) -> DeliveryAddress:
    values = {name: getattr(fields, name) for name in DeliveryAddress._fields[1:]}
    return DeliveryAddress(address_id, **values)


def _view(dealer_id: str, book: _Book) -> AddressBook:
    default_id = book.addresses.default_id
    views = [AddressView(**one._asdict(), is_default=one.address_id == default_id) for one in book.addresses.all]
    return AddressBook(dealer_id=dealer_id, dealer_name=book.dealer_name, addresses=views, version=book.version)
