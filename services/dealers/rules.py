"""Rules of dealers and users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from contracts.dealers import HOUSE
from kernel.base.problems import FieldProblem
from kernel.http.principal import Role


class DealerStatus(StrEnum):
    """Status of a dealer: an active dealer may order, a suspended one may not."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True)
class Dealer:
    """A dealer with its terms: credit limit in fen, days from shipment until payment is due."""

    dealer_id: str
    name: str
    territory: str
    grade: str
    status: str
    price_list: str
    warehouse: str
    credit_limit_fen: int
    payment_days: int


@dataclass(frozen=True)
class User:
    """A person who may sign in. `dealer_id` is None for users of the head office; `phone` is E.164."""

    username: str
    dealer_id: str | None
    name: str
    phone: str | None
    roles: frozenset[Role]

    @property
    def owner(self) -> str:
        """Id of the dealer, or HOUSE for the head office."""
        return self.dealer_id or HOUSE

    @property
    def is_administrator(self) -> bool:
        """True for an administrator of a dealer, who manages its users."""
        return Role.DEALER_ADMIN in self.roles


FieldValues = dict[str, str | int]


def changes_by_field(before: Dealer, after: Dealer) -> tuple[FieldValues, FieldValues]:
    """Return the old and the new values of the fields that differ, by field name."""
    old, new = asdict(before), asdict(after)
    changed = [name for name in old if old[name] != new[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def unknown_price_list_problem(field: str) -> FieldProblem:
    """Return the problem of a field that names a price list without a published version."""
    detail = "价格表尚未发布 / no such price list is published; publish it first"
    return FieldProblem(field=field, code="unknown-price-list", detail=detail)


def has_administrator(users: Iterable[User]) -> bool:
    """Return True if one of the users is an administrator. Without one a dealer could not manage its users."""
    return any(user.is_administrator for user in users)


def users_after_import(present: Mapping[str, User], imported: Iterable[User]) -> dict[str, User]:
    """Return a dealer's users by user name after an import, which adds and changes users and removes none."""
    return {**present, **{user.username: user for user in imported}}
