"""Delivery addresses of a dealer, and the check of everything that names one."""

from __future__ import annotations

from contracts.delivery_addresses import AddressBookItem, DeliveryAddress
from kernel.base.problems import FieldProblem, Invalid
from kernel.store.items import Item


def usable_address(address_id: str, book: Item | None) -> DeliveryAddress:
    """Return the active address with this id.

    Args:
        book: stored address book of the dealer, None if there is none.

    Raises:
        Invalid: there is none; names those to choose from.
    """
    if problems := address_problems("address_id", address_id, book):
        raise Invalid(problems)
    return next(one for one in _addresses(book) if one.address_id == address_id)


def address_problems(field: str, address_id: str, book: Item | None) -> list[FieldProblem]:
    """Return the problem of a field that names an unknown address, or one that is not active; empty if it may be used.

    Args:
        book: stored address book of the dealer, None if there is none.
    """
    named = [one for one in _addresses(book) if one.address_id == address_id]
    if any(one.active for one in named):
        return []
    usable = [one for one in _addresses(book) if one.active]
    zh = "、".join(f"{one.address_id} {one.label}" for one in usable) or "(尚无启用的地址)"
    en = ", ".join(one.address_id for one in usable) or "(none is active yet)"
    if named:
        detail = f"地址 {address_id} 已停用,可选:{zh} / address {address_id} is not active; choose from: {en}"
        return [FieldProblem(field=field, code="inactive-address", detail=detail)]
    detail = f"没有地址 {address_id},可选:{zh} / there is no address {address_id}; choose from: {en}"
    return [FieldProblem(field=field, code="unknown-address", detail=detail)]


def _addresses(book: Item | None) -> tuple[DeliveryAddress, ...]:
    return book.addresses if isinstance(book, AddressBookItem) else ()
