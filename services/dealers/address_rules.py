"""Rules of delivery addresses: a dealer with addresses has exactly one default address, and it is active."""

from __future__ import annotations

from typing import NamedTuple

from contracts.delivery_addresses import MAX_ADDRESSES, DeliveryAddress
from kernel.base.problems import FieldProblem, Invalid, NotFound, Refusal


class Addresses(NamedTuple):
    """Delivery addresses of a dealer, oldest first; `default_id` is None only without addresses."""

    all: tuple[DeliveryAddress, ...] = ()
    default_id: str | None = None
    last_number: int = 0

    @property
    def default(self) -> DeliveryAddress | None:
        """The default address."""
        return next((one for one in self.all if one.address_id == self.default_id), None)


def with_new_address(before: Addresses, address: DeliveryAddress, *, make_default: bool) -> Addresses:
    """Return the addresses with a further one, which gets the next id.

    Raises:
        Refusal: the dealer has the most addresses that it may have.
        Invalid: the new default address would not be active.
    """
    if len(before.all) >= MAX_ADDRESSES:
        detail = (
            f"最多 {MAX_ADDRESSES} 个收货地址,请先删除不用的 / at most {MAX_ADDRESSES} delivery addresses; remove one"
        )
        raise Refusal("too-many-addresses", detail)
    number = before.last_number + 1
    new = address._replace(address_id=f"A{number}")
    is_default = make_default or not before.all
    if is_default:
        _require_active(new, "active")
    return Addresses((*before.all, new), new.address_id if is_default else before.default_id, number)


def with_changed_address(before: Addresses, address: DeliveryAddress) -> Addresses:
    """Return the addresses with other content at the id of `address`.

    Raises:
        NotFound: there is no such address.
        Invalid: the default address would not be active.
    """
    _address(before, address.address_id)
    if address.address_id == before.default_id:
        _require_active(address, "active")
    changed = tuple(address if one.address_id == address.address_id else one for one in before.all)
    return before._replace(all=changed)


def with_default(before: Addresses, address_id: str) -> Addresses:
    """Return the addresses with another default address.

    Raises:
        NotFound: there is no such address.
        Refusal: the address is not active.
    """
    chosen = _address(before, address_id)
    if not chosen.active:
        raise Refusal("inactive-address", _inactive(chosen))
    return before._replace(default_id=address_id)


def without_address(before: Addresses, address_id: str, new_default: str | None) -> Addresses:
    """Return the addresses without one. Unless it is the last, a removed default address needs another.

    Raises:
        NotFound: there is no such address.
        Invalid: the next default address is missing, unknown or not active; names those to choose from.
    """
    _address(before, address_id)
    rest = tuple(one for one in before.all if one.address_id != address_id)
    default_id = new_default or (None if address_id == before.default_id else before.default_id)
    if not rest and new_default is None:
        return before._replace(all=(), default_id=None)
    chosen = next((one for one in rest if one.address_id == default_id), None)
    if chosen is None:
        raise Invalid([_default_problem(rest, new_default)])
    if new_default:
        _require_active(chosen, "new_default")
    return before._replace(all=rest, default_id=default_id)


def _address(addresses: Addresses, address_id: str) -> DeliveryAddress:
    found = next((one for one in addresses.all if one.address_id == address_id), None)
    if found is None:
        raise NotFound
    return found


def _require_active(address: DeliveryAddress, field: str) -> None:
    if not address.active:
        raise Invalid([FieldProblem(field=field, code="inactive-address", detail=_inactive(address))])


def _inactive(address: DeliveryAddress) -> str:
    return (
        f"默认地址须为启用状态,“{address.label}”已停用,请先启用或另选 / the default address must be active, and "
        f"“{address.label}” is not; activate it or choose another"
    )


def _default_problem(rest: tuple[DeliveryAddress, ...], named: str | None) -> FieldProblem:
    usable = [one for one in rest if one.active]
    zh = "、".join(f"{one.address_id} {one.label}" for one in usable) or "(没有启用的地址)"
    en = ", ".join(one.address_id for one in usable) or "(none is active)"
    if named is None:
        detail = f"默认地址被删除,请指定新的默认地址:{zh} / the default address goes; name another: {en}"
        return FieldProblem(field="new_default", code="missing", detail=detail)
    detail = f"没有地址 {named},可选:{zh} / there is no address {named}; choose from: {en}"
    return FieldProblem(field="new_default", code="unknown-address", detail=detail)
