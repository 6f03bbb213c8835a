"""Rules of dealers and users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from contracts.dealers import HOUSE
from kernel.http.principal import Role


class Status(StrEnum):
    """Whether a dealer may order."""

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
    """Somebody who may sign in: of a dealer, or of the house (None). `phone` is E.164."""

    username: str
    dealer_id: str | None
    name: str
    phone: str | None
    roles: frozenset[Role]

    @property
    def belongs_to(self) -> str:
        """The dealer, or the house."""
        return self.dealer_id or HOUSE

    @property
    def is_administrator(self) -> bool:
        """May manage the dealer's users."""
        return Role.DEALER_ADMIN in self.roles


Facts = dict[str, str | int]


def difference(before: Dealer, after: Dealer) -> tuple[Facts, Facts]:
    """What a change takes away and what it puts there, by field, without what stays."""
    old, new = asdict(before), asdict(after)
    changed = [name for name in old if old[name] != new[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def keeps_an_administrator(users: Iterable[User]) -> bool:
    """A dealer without one could never let its own people in again."""
    return any(user.is_administrator for user in users)


def after_import(present: Mapping[str, User], named: Iterable[User]) -> dict[str, User]:
    """A dealer's users by username once an import is done: it adds and changes, and takes nobody away."""
    return {**present, **{user.username: user for user in named}}
