"""Rules of dealers and users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from unicodedata import normalize

from contracts.dealers import HOUSE
from kernel.base.phones import is_mobile
from kernel.base.problems import FieldProblem
from kernel.http.principal import DEALER_ROLES, STAFF_ROLES, Role

#: Days in which an invitation can be accepted.
INVITATION_DAYS = 7
#: Wrong codes after which an invitation can no longer be accepted.
MAX_WRONG_CODES = 10
#: Fewest and most characters of a password, as the user pool takes them.
PASSWORD_LENGTHS = (12, 128)
#: Roles that manage the users of a dealer, or of the head office.
ADMINISTRATORS = frozenset({Role.DEALER_ADMIN, Role.ADMIN})
#: Days for which the secret before the present one of a machine stays valid.
SECRET_OVERLAP_DAYS = 7
#: Characters that are read as others when a code is copied by hand.
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class DealerStatus(StrEnum):
    """Status of a dealer: an active dealer may order, a suspended one may not."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True)
class Dealer:
    """A dealer with its terms: code of the grade, credit limit in fen, days from shipment until payment is due."""

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
    def gets_texts(self) -> bool:
        """True for a user with a mobile phone: a landline gets no text messages."""
        return is_mobile(self.phone or "")

    @property
    def is_administrator(self) -> bool:
        """True for an administrator of a dealer or of the head office, who manages its users."""
        return bool(self.roles & ADMINISTRATORS)


FieldValues = dict[str, str | int]


def changes_by_field(before: Dealer, after: Dealer) -> tuple[FieldValues, FieldValues]:
    """Return the old and the new values of the fields that differ, by field name."""
    old, new = asdict(before), asdict(after)
    changed = [name for name in old if old[name] != new[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def no_administrator_problem(field: str) -> FieldProblem:
    """Return the problem of users of whom none would be an administrator."""
    detail = (
        "至少保留一名经销商管理员,本公司则为系统管理员 / keep a user with the role dealer_admin, at head office admin"
    )
    return FieldProblem(field=field, code="no-administrator", detail=detail)


def has_administrator(users: Iterable[User]) -> bool:
    """Return True if one of the users is an administrator. Without one a dealer could not manage its users."""
    return any(user.is_administrator for user in users)


def users_after_import(present: Mapping[str, User], imported: Iterable[User]) -> dict[str, User]:
    """Return a dealer's users by user name after an import, which adds and changes users and removes none."""
    return {**present, **{user.username: user for user in imported}}


def plain_code(code: str) -> str:
    """Return a code without dashes and blanks, in capitals, O as 0 and I and L as 1."""
    return normalize("NFKC", code).upper().translate(_READ_AS)


def password_problems(field: str, password: str, username: str) -> list[FieldProblem]:
    """Return a problem unless the user pool takes the password and it does not contain the user name."""
    fewest, most = PASSWORD_LENGTHS
    is_strong = (
        fewest <= len(password) <= most
        and password.isprintable()
        and password == password.strip()
        and any("a" <= letter <= "z" for letter in password)
        and any("0" <= digit <= "9" for digit in password)
        and not (username and username.lower() in password.lower())
    )
    if is_strong:
        return []
    return [weak_password_problem(field)]


def machine_username(machine_id: str) -> str:
    """Return the user name of a machine. The colon keeps it apart: no person's user name can have one."""
    return f"machine:{machine_id}"


def is_machine(username: str) -> bool:
    """Return True for the user name of a machine, which the routes of people do not manage."""
    return ":" in username


def weak_password_problem(field: str) -> FieldProblem:
    """Return the problem of a password that the user pool does not take."""
    fewest, most = PASSWORD_LENGTHS
    detail = (
        f"密码须 {fewest}–{most} 位,含小写字母和数字,不含用户名,如 deng-pao-2026 / {fewest}-{most} characters "
        "with a small letter and a digit, without the user name, such as deng-pao-2026"
    )
    return FieldProblem(field=field, code="weak-password", detail=detail)


def role_problems(field: str, roles: Iterable[Role], dealer_id: str | None) -> list[FieldProblem]:
    """Return a problem of every role that users of the dealer (None: of the head office) cannot have."""
    return _roles_outside(DEALER_ROLES if dealer_id else STAFF_ROLES, field, roles)


def machine_role_problems(field: str, roles: Iterable[Role], dealer_id: str | None) -> list[FieldProblem]:
    """Return a problem of every role that machines cannot have: never that of an administrator."""
    return _roles_outside((DEALER_ROLES if dealer_id else STAFF_ROLES) - ADMINISTRATORS, field, roles)


def _roles_outside(allowed: frozenset[Role], field: str, roles: Iterable[Role]) -> list[FieldProblem]:
    listed = ", ".join(role for role in Role if role in allowed)
    return [
        FieldProblem(
            field=f"{field}.{index}", code="wrong-role", detail=f"可选角色:{listed} / choose from {listed}, not {role}"
        )
        for index, role in enumerate(roles)
        if role not in allowed
    ]
