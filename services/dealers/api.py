"""Requests and answers of dealers."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from contracts.grades import GradeCodeOrName
from kernel.base.problems import FieldProblem
from kernel.http.models import (
    Answer,
    Body,
    DealerId,
    FenOrZero,
    Name,
    Phone,
    PriceListId,
    Text,
    Username,
    WarehouseId,
    problems_of_repeated_names,
    rows_with_paths,
)
from kernel.http.partial_rows import LEFT_OUT, PartialRow
from kernel.http.principal import Role
from kernel.http.text_forms import text_form
from services.dealers.items import MAX_USERS
from services.dealers.rules import DealerStatus, password_problems

MAX_DEALERS = 500
MAX_STAFF = 500

Territory = Annotated[
    Name,
    Field(max_length=60),
    text_form(r"^[^#]*$", "不含 # 的 1 到 60 个字", "text of 1 to 60 characters without #", example="广东"),
]
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
    """Terms agreed with a dealer. `grade`: its code or Chinese name; amounts in fen, tax included."""

    grade: GradeCodeOrName
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
    grade: GradeCodeOrName = LEFT_OUT
    price_list: PriceListId = LEFT_OUT
    warehouse: WarehouseId = LEFT_OUT
    credit_limit_fen: FenOrZero = LEFT_OUT
    payment_days: PaymentDays = LEFT_OUT
    users: Annotated[list[DealerUserRow], Field(max_length=MAX_USERS, default_factory=list)]


class ImportDealers(Body):
    """A dealer file. Dealers not named do not change. `invite` lets new users set a password."""

    invite: bool = True
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
    """A staff file. Users not named do not change. `invite` lets new users set a password."""

    invite: bool = True
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


class InvitationView(Answer):
    """An invitation of a user; `dealer_id` is null for the head office.

    `delivery` "sms": the code goes to the user's phone; "shown": it is in `code`, to be handed over; "none": the issuer
    of the stage manages the accounts.
    """

    username: str
    dealer_id: str | None
    number: int
    valid_until: str
    delivery: Literal["sms", "shown", "none"]
    code: str | None


class DealersImported(Answer):
    """Result of a dealer file. Accounts are opened some seconds later.

    `invitations`: those of new users without a phone. Their codes are shown only here.
    """

    dealers: Counts
    users: Counts
    invitations: list[InvitationView]


class StaffImported(Answer):
    """Result of a staff file; see `DealersImported`."""

    users: Counts
    invitations: list[InvitationView]


class ChangeTerms(Terms):
    """New terms in place of those of `version`, with a reason. All terms are sent, unchanged ones too."""

    version: Version
    status: DealerStatus
    reason: Annotated[Text, Field(min_length=1, max_length=500)]


class DealerView(Answer):
    """A dealer and its terms. `grade`: its code; `version` must be sent back with a change."""

    dealer_id: str
    name: str
    territory: str
    grade: str
    grade_name_zh: str
    grade_name_en: str
    status: DealerStatus
    price_list: str
    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    credit_limit_fen: int
    payment_days: int
    version: int


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


class InvitePerson(Body):
    """A new user, or a removed one again. `show_code`: the answer has the code, also if the user has a phone."""

    username: Username
    name: Name
    phone: Phone | None = None
    roles: Annotated[list[Role], Field(min_length=1, max_length=5)]
    show_code: bool = False


class SendInvitation(Body):
    """A new invitation. `show_code`: the answer has the code, also if the user has a phone."""

    show_code: bool


class ChangeRoles(Body):
    """Exactly these roles, in place of those of `version`."""

    roles: Annotated[list[Role], Field(min_length=1, max_length=5)]
    version: Version


class RemovePerson(Body):
    """Why the user is removed."""

    reason: Annotated[Text, Field(min_length=1, max_length=500)]


class PersonView(UserView):
    """A user as administrators see it. `state` "invited": the last invitation is not accepted, see `invited_until`."""

    has_phone: bool
    state: Literal["invited", "active", "removed"]
    invited_until: str | None
    removed_at: str | None
    removal_reason: str | None
    version: int


class People(Answer):
    """Users by user name, also removed ones."""

    people: list[PersonView]


class AcceptInvitation(Body):
    """User name, code of the invitation, and the password that the user chooses."""

    username: Username
    code: Annotated[str, Field(min_length=8, max_length=40)]
    password: Annotated[str, Field(max_length=256)]

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        password, username = (value.get("password"), value.get("username")) if isinstance(value, dict) else (None, None)
        if not isinstance(password, str):
            return []
        return password_problems("password", password, username if isinstance(username, str) else "")


class SignedIn(Answer):
    """Tokens of a signed-in user. `id_token` is sent as `Authorization: Bearer …`, for `expires_in` seconds."""

    id_token: str
    refresh_token: str
    expires_in: int
