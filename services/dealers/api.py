"""Requests and answers of dealers."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from kernel.base.problems import FieldProblem
from kernel.http.models import (
    Answer,
    Body,
    DealerId,
    FenOrZero,
    Name,
    Phone,
    PriceListId,
    Query,
    Text,
    WarehouseId,
    problems_of_repeated_names,
    rows_with_paths,
)
from kernel.http.partial_rows import LEFT_OUT, PartialRow
from kernel.http.principal import Role
from services.dealers.items import MAX_USERS
from services.dealers.rules import DealerStatus

MAX_DEALERS = 500
MAX_STAFF = 500

Username = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,62}$")]
Territory = Annotated[Name, Field(max_length=60, pattern=r"^[^#]*$")]
Grade = Annotated[Name, Field(max_length=20)]
#: Days from shipment until payment is due.
PaymentDays = Annotated[int, Field(ge=0, le=365)]
Version = Annotated[int, Field(ge=1)]

DealerRole = Literal["dealer_admin", "dealer_buyer", "dealer_accountant"]
StaffRole = Literal["assistant", "finance", "warehouse", "aftersales", "admin"]


class UserRow(PartialRow):
    """A user of a dealer or of the head office. The phone gets text messages and is never shown again."""

    NAME = "username"
    WHEN_NEW: ClassVar[Mapping[str, Any]] = {"phone": None}

    username: Username
    name: Name = LEFT_OUT
    phone: Phone | None = LEFT_OUT


class DealerUserRow(UserRow):
    """A user of a dealer. A field left out does not change; a new user needs name and roles."""

    roles: Annotated[list[DealerRole], Field(min_length=1, max_length=3)] = LEFT_OUT


class Terms(Body):
    """Terms agreed with a dealer. Amounts in fen, tax included."""

    grade: Grade
    price_list: PriceListId
    warehouse: WarehouseId
    credit_limit_fen: FenOrZero
    payment_days: PaymentDays


class DealerRow(PartialRow):
    """A dealer with its users. Fields and users not named do not change; a new dealer needs all of its fields."""

    NAME = "dealer_id"
    WHEN_NEW: ClassVar[Mapping[str, Any]] = {"users": ()}

    dealer_id: DealerId
    name: Name = LEFT_OUT
    territory: Territory = LEFT_OUT
    grade: Grade = LEFT_OUT
    price_list: PriceListId = LEFT_OUT
    warehouse: WarehouseId = LEFT_OUT
    credit_limit_fen: FenOrZero = LEFT_OUT
    payment_days: PaymentDays = LEFT_OUT
    users: Annotated[list[DealerUserRow], Field(max_length=MAX_USERS, default_factory=list)]


class ImportDealers(Body):
    """A dealer file. Dealers not named do not change."""

    dealers: Annotated[list[DealerRow], Field(min_length=1, max_length=MAX_DEALERS)]

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        dealers = rows_with_paths(value, "dealers")
        users = [(f"{path}.{at}", user) for path, dealer in dealers for at, user in rows_with_paths(dealer, "users")]
        return [
            *problems_of_repeated_names((f"{path}.dealer_id", dealer.get("dealer_id")) for path, dealer in dealers),
            *problems_of_repeated_names((f"{path}.username", user.get("username")) for path, user in users),
        ]


class StaffRow(UserRow):
    """A user of the head office. A field left out does not change; a new user needs name and roles."""

    roles: Annotated[list[StaffRole], Field(min_length=1, max_length=5)] = LEFT_OUT


class ImportStaff(Body):
    """A staff file. Users not named do not change."""

    staff: Annotated[list[StaffRow], Field(min_length=1, max_length=MAX_STAFF)]

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        return problems_of_repeated_names(
            (f"{path}.username", row.get("username")) for path, row in rows_with_paths(value, "staff")
        )


class Counts(Answer):
    """Numbers of rows of one kind in an import."""

    received: int
    created: int
    changed: int
    unchanged: int


class DealersImported(Answer):
    """Result of a dealer file. Accounts are opened some seconds later."""

    dealers: Counts
    users: Counts


class StaffImported(Answer):
    """Result of a staff file. Accounts are opened some seconds later."""

    users: Counts


class ChangeTerms(Terms):
    """New terms in place of those of `version`, with a reason. All terms are sent, unchanged ones too."""

    version: Version
    status: DealerStatus
    reason: Annotated[Text, Field(min_length=1, max_length=500)]


class DealersQuery(Query):
    """Filter and page of the list of dealers."""

    territory: Territory | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class DealerView(Answer):
    """A dealer and its terms. `version` must be sent back with a change."""

    dealer_id: str
    name: str
    territory: str
    grade: str
    status: DealerStatus
    price_list: str
    warehouse: str
    credit_limit_fen: int
    payment_days: int
    version: int


class DealerPage(Answer):
    """Dealers by territory and id."""

    dealers: list[DealerView]
    next_cursor: str | None


class UserView(Answer):
    """A user, without the phone."""

    username: str
    name: str
    roles: list[Role]


class DealerWithUsers(DealerView):
    """A dealer, its terms and its users."""

    users: list[UserView]


class Me(Answer):
    """The caller, and the dealer of a dealer's user."""

    user_id: str
    name: str
    roles: list[Role]
    dealer: DealerView | None
