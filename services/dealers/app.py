"""Triggers of dealers: imports, terms, and accounts of users."""

from contracts.dealers import UserRegistered
from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import STAFF_ROLES, Principal, Role
from kernel.messaging.events import Envelope
from services.dealers import import_people, read_dealers
from services.dealers.api import (
    ChangeTerms,
    DealerPage,
    DealersImported,
    DealersQuery,
    DealerView,
    DealerWithUsers,
    ImportDealers,
    ImportStaff,
    Me,
    StaffImported,
)
from services.dealers.change_terms import change_terms as change_dealer_terms
from services.dealers.open_account import open_account as open_user_account

app = ServiceApp("dealers")

EVERYONE = frozenset(Role)
ADMIN = frozenset({Role.ADMIN})
TERMS_EDITORS = frozenset({Role.FINANCE, Role.ADMIN})


@app.operation("POST", "/imports/dealers", roles=ADMIN, summary="导入经销商及其用户 / Import dealers and their users")
def import_dealers(caller: Principal, body: ImportDealers, key: IdempotencyKey) -> DealersImported:
    return import_people.import_dealers(caller, body, key)


@app.operation("POST", "/imports/staff", roles=ADMIN, summary="导入员工 / Import staff")
def import_staff(body: ImportStaff, key: IdempotencyKey) -> StaffImported:
    return import_people.import_staff(body, key)


@app.consumer(subscribes=[UserRegistered])
def open_account(message: Envelope) -> None:
    open_user_account(message)


@app.operation("GET", "/dealers", roles=STAFF_ROLES, summary="经销商列表 / List dealers")
def list_dealers(caller: Principal, query: DealersQuery) -> DealerPage:
    return read_dealers.list_dealers(caller, query)


@app.operation("GET", "/dealers/{dealer_id}", roles=EVERYONE, summary="经销商详情 / Show a dealer")
def show_dealer(caller: Principal, dealer_id: str) -> DealerWithUsers:
    return read_dealers.show_dealer(caller, dealer_id)


@app.operation("PUT", "/dealers/{dealer_id}/terms", roles=TERMS_EDITORS, summary="变更条款 / Change a dealer's terms")
def change_terms(caller: Principal, dealer_id: str, body: ChangeTerms) -> DealerView:
    return change_dealer_terms(caller, dealer_id, body)


@app.operation("GET", "/me", roles=EVERYONE, summary="我是谁 / Who am I")
def show_me(caller: Principal) -> Me:
    return read_dealers.show_me(caller)
