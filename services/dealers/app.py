"""Triggers of dealers: imports, terms, and accounts of users."""

from http import HTTPStatus

from contracts.dealers import DealerTermsChanged, UserRegistered, UserRemoved
from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import AddressId, DealerId
from kernel.http.principal import STAFF_ROLES, Principal, Role
from kernel.messaging.events import Envelope
from services.dealers import accept_invitation as accepting
from services.dealers import (
    import_people,
    invite_person,
    list_people,
    look_up_dealers,
    manage_addresses,
    manage_machines,
    read_dealers,
    request_sign_in_code,
    show_terms_history,
)
from services.dealers import issue_token as issuing
from services.dealers import remove_person as removing
from services.dealers.address_api import AddAddress, AddressBook, ChangeAddress, RemoveAddress, SetDefaultAddress
from services.dealers.api import (
    AcceptInvitation,
    ChangeRoles,
    ChangeTerms,
    DealersImported,
    DealerView,
    DealerWithUsers,
    ImportDealers,
    ImportStaff,
    InvitationView,
    InvitePerson,
    Me,
    People,
    PersonView,
    RemovePerson,
    SendInvitation,
    SignedIn,
    StaffImported,
)
from services.dealers.change_roles import change_roles as change_user_roles
from services.dealers.change_terms import change_terms as change_dealer_terms
from services.dealers.look_up_api import DealerPage, DealersQuery, HistoryQuery, TermsHistory
from services.dealers.machine_api import (
    MachineCredentials,
    MachineId,
    Machines,
    MachineToken,
    MachineView,
    MachineWithSecret,
    RegisterMachine,
    RevokeMachine,
)
from services.dealers.open_account import open_account as open_user_account
from services.dealers.sign_in_api import RequestSignInCode, SignInByCode, SignInCodeAnswer
from services.dealers.sign_in_by_code import sign_in_by_code

app = ServiceApp("dealers")

EVERYONE = frozenset(Role)
ADMIN = frozenset({Role.ADMIN})
#: Administrators of a dealer manage its people; those of the head office also their own, `HOUSE`.
ADMINISTRATORS = frozenset({Role.DEALER_ADMIN, Role.ADMIN})
BUYERS = frozenset({Role.DEALER_ADMIN, Role.DEALER_BUYER})
ADDRESS_READERS = BUYERS | STAFF_ROLES
ADDRESS_EDITORS = BUYERS | {Role.ASSISTANT, Role.ADMIN}
TERMS_EDITORS = frozenset({Role.FINANCE, Role.ADMIN})


@app.operation(
    "POST",
    "/imports/dealers",
    roles=ADMIN,
    summary="导入经销商及其用户 / Import dealers and their users",
    check=import_people.check_dealers,
)
def import_dealers(caller: Principal, body: ImportDealers, key: IdempotencyKey) -> DealersImported:
    return import_people.import_dealers(caller, body, key)


@app.operation(
    "POST", "/imports/staff", roles=ADMIN, summary="导入员工 / Import staff", check=import_people.check_staff
)
def import_staff(body: ImportStaff, key: IdempotencyKey) -> StaffImported:
    return import_people.import_staff(body, key)


@app.consumer(
    subscribes=[UserRegistered, UserRemoved, DealerTermsChanged], batch_size=5, timeout_seconds=60, message_seconds=25
)
def open_account(message: Envelope) -> None:
    open_user_account(message)


@app.operation("GET", "/dealers", roles=STAFF_ROLES, summary="经销商列表 / List dealers")
def list_dealers(caller: Principal, query: DealersQuery) -> DealerPage:
    return look_up_dealers.list_dealers(caller, query)


@app.operation("GET", "/dealers/{dealer_id}", roles=EVERYONE, summary="经销商详情 / Show a dealer")
def show_dealer(caller: Principal, dealer_id: DealerId) -> DealerWithUsers:
    return read_dealers.show_dealer(caller, dealer_id)


@app.operation("PUT", "/dealers/{dealer_id}/terms", roles=TERMS_EDITORS, summary="变更条款 / Change a dealer's terms")
def change_terms(caller: Principal, dealer_id: DealerId, body: ChangeTerms) -> DealerView:
    return change_dealer_terms(caller, dealer_id, body)


@app.operation(
    "GET",
    "/dealers/{dealer_id}/terms/history",
    roles=STAFF_ROLES,
    summary="条款变更记录 / Show how a dealer's terms changed",
)
def terms_history(caller: Principal, dealer_id: DealerId, query: HistoryQuery) -> TermsHistory:
    return show_terms_history.show_terms_history(caller, dealer_id, query)


@app.operation("GET", "/me", roles=EVERYONE, summary="我是谁 / Who am I")
def show_me(caller: Principal) -> Me:
    return read_dealers.show_me(caller)


# ---- delivery addresses ----


@app.operation(
    "GET", "/dealers/{dealer_id}/addresses", roles=ADDRESS_READERS, summary="收货地址列表 / List delivery addresses"
)
def list_addresses(caller: Principal, dealer_id: DealerId) -> AddressBook:
    return manage_addresses.list_addresses(caller, dealer_id)


@app.operation(
    "POST",
    "/dealers/{dealer_id}/addresses",
    roles=ADDRESS_EDITORS,
    status=HTTPStatus.CREATED,
    summary="新增收货地址 / Add a delivery address",
)
def add_address(caller: Principal, dealer_id: DealerId, body: AddAddress, key: IdempotencyKey) -> AddressBook:
    return manage_addresses.add_address(caller, dealer_id, body, key)


@app.operation(
    "PUT",
    "/dealers/{dealer_id}/addresses/{address_id}",
    roles=ADDRESS_EDITORS,
    summary="修改收货地址 / Change a delivery address",
)
def change_address(caller: Principal, dealer_id: DealerId, address_id: AddressId, body: ChangeAddress) -> AddressBook:
    return manage_addresses.change_address(caller, dealer_id, address_id, body)


@app.operation(
    "PUT",
    "/dealers/{dealer_id}/addresses/{address_id}/default",
    roles=ADDRESS_EDITORS,
    summary="设为默认地址 / Choose the default address",
)
def set_default_address(
    caller: Principal, dealer_id: DealerId, address_id: AddressId, body: SetDefaultAddress
) -> AddressBook:
    return manage_addresses.set_default_address(caller, dealer_id, address_id, body)


@app.operation(
    "POST",
    "/dealers/{dealer_id}/addresses/{address_id}/remove",
    roles=ADDRESS_EDITORS,
    summary="删除收货地址 / Remove a delivery address",
)
def remove_address(
    caller: Principal, dealer_id: DealerId, address_id: AddressId, body: RemoveAddress, key: IdempotencyKey
) -> AddressBook:
    return manage_addresses.remove_address(caller, dealer_id, address_id, body, key)


# ---- people ----


@app.operation("GET", "/dealers/{dealer_id}/people", roles=ADMINISTRATORS, summary="人员列表 / List people")
def people(caller: Principal, dealer_id: DealerId) -> People:
    return list_people.list_people(caller, dealer_id)


@app.operation(
    "POST",
    "/dealers/{dealer_id}/people",
    roles=ADMINISTRATORS,
    status=HTTPStatus.CREATED,
    summary="邀请人员 / Invite a person",
)
def invite(caller: Principal, dealer_id: DealerId, body: InvitePerson, key: IdempotencyKey) -> InvitationView:
    return invite_person.invite_person(caller, dealer_id, body, key)


@app.operation(
    "POST",
    "/dealers/{dealer_id}/people/{username}/invitation",
    roles=ADMINISTRATORS,
    summary="重发邀请 / Send a new invitation; the last one and, once accepted, the old password are void",
)
def send_invitation(
    caller: Principal, dealer_id: DealerId, username: str, body: SendInvitation, key: IdempotencyKey
) -> InvitationView:
    return invite_person.send_invitation(caller, dealer_id, username, body, key)


@app.operation(
    "PUT", "/dealers/{dealer_id}/people/{username}/roles", roles=ADMINISTRATORS, summary="变更角色 / Change roles"
)
def change_roles(caller: Principal, dealer_id: DealerId, username: str, body: ChangeRoles) -> PersonView:
    return change_user_roles(caller, dealer_id, username, body)


@app.operation(
    "POST", "/dealers/{dealer_id}/people/{username}/remove", roles=ADMINISTRATORS, summary="移除人员 / Remove a person"
)
def remove_person(
    caller: Principal, dealer_id: DealerId, username: str, body: RemovePerson, key: IdempotencyKey
) -> PersonView:
    return removing.remove_person(caller, dealer_id, username, body, key)


# Public: an invited person has no token yet. The code is the proof, and a few wrong ones end the invitation.
@app.operation(
    "POST", "/invitations/accept", public=True, summary="接受邀请,设密码并登录 / Accept an invitation and sign in"
)
def accept_invitation(body: AcceptInvitation) -> SignedIn:
    return accepting.accept_invitation(body)


# Public: the phone of the user is the proof. The answer is the same for every user name.
@app.operation(
    "POST", "/sign-in/codes", public=True, status=202, summary="获取登录验证码 / Text a code to sign in with"
)
def request_code(body: RequestSignInCode) -> SignInCodeAnswer:
    return request_sign_in_code.request_sign_in_code(body)


@app.operation("POST", "/sign-in", public=True, summary="验证码登录 / Sign in with the code from the SMS")
def sign_in(body: SignInByCode) -> SignedIn:
    return sign_in_by_code(body)


# ---- machines ----


@app.operation("GET", "/dealers/{dealer_id}/machines", roles=ADMINISTRATORS, summary="系统账号列表 / List machines")
def machines(caller: Principal, dealer_id: DealerId) -> Machines:
    return manage_machines.list_machines(caller, dealer_id)


@app.operation(
    "POST",
    "/dealers/{dealer_id}/machines",
    roles=ADMINISTRATORS,
    status=HTTPStatus.CREATED,
    summary="登记系统账号,密钥只显示一次 / Register a machine; its secret is shown once",
)
def register_machine(
    caller: Principal, dealer_id: DealerId, body: RegisterMachine, key: IdempotencyKey
) -> MachineWithSecret:
    return manage_machines.register_machine(caller, dealer_id, body, key)


@app.operation(
    "POST",
    "/dealers/{dealer_id}/machines/{machine_id}/rotate",
    roles=ADMINISTRATORS,
    summary="更换密钥,旧密钥 7 天内仍有效 / Rotate the secret; the old one is valid for 7 days more",
)
def rotate_secret(
    caller: Principal, dealer_id: DealerId, machine_id: MachineId, key: IdempotencyKey
) -> MachineWithSecret:
    return manage_machines.rotate_secret(caller, dealer_id, machine_id, key)


@app.operation(
    "POST",
    "/dealers/{dealer_id}/machines/{machine_id}/revoke",
    roles=ADMINISTRATORS,
    summary="吊销系统账号 / Revoke a machine",
)
def revoke_machine(
    caller: Principal, dealer_id: DealerId, machine_id: MachineId, body: RevokeMachine, key: IdempotencyKey
) -> MachineView:
    return manage_machines.revoke_machine(caller, dealer_id, machine_id, body, key)


# Public: a partner's system has no token yet. Its secret of 160 random bits is the proof.
@app.operation("POST", "/machines/token", public=True, summary="系统账号取令牌 / Get a token for a machine")
def issue_token(body: MachineCredentials) -> MachineToken:
    return issuing.issue_token(body)
