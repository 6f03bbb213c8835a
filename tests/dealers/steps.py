"""Rows, bodies and steps of the scenarios of dealers."""

from __future__ import annotations

from typing import Any

from kernel.store.transaction import Transaction
from kernel.time import clock
from services.dealers.invitations import code_digest, registered_event
from services.dealers.items import UsernameItem, user_item, username_item, username_key
from services.dealers.machines import MachineItem, machine_key, machine_user, secret_digest
from tests.support.company import SampleCompany
from tests.support.company_data import OTHER, OWN, PRICE_LIST, WAREHOUSE, dealer_row
from tests.support.functions import function_running
from tests.support.steps import request
from tests.support.trigger import Step

OF_DEALER = {"dealer_id": "={dealer}"}
NO_DEALER = {"dealer_id": "D9999"}
OTHER_DEALER = {"dealer_id": f"={OTHER}"}
TERMS = {
    "version": 1,
    "status": "active",
    "grade": "二级",
    "price_list": PRICE_LIST,
    "warehouse": WAREHOUSE,
    "credit_limit_fen": 5,
    "payment_days": 10,
    "reason": "年度调整",
}


def user(username: str, *roles: str, **facts: Any) -> dict[str, Any]:
    return {"username": username, "name": username, "phone": "+8613712345678", "roles": list(roles), **facts}


def dealers(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"dealers": list(rows)}


def staff(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"staff": list(rows)}


def new_dealer(number: int) -> dict[str, Any]:
    return dealer_row(OWN) | {"dealer_id": f"D1{number:03d}", "users": [user(f"owner-{number}", "dealer_admin")]}


def other_dealer(**facts: Any) -> dict[str, Any]:
    return dealer_row(OTHER) | facts


def import_dealers(*rows: dict[str, Any]) -> Step:
    return request("dealers", "/imports/dealers", dealers(*rows), role="admin")


def import_staff(*rows: dict[str, Any]) -> Step:
    return request("dealers", "/imports/staff", staff(*rows), role="admin")


def change_terms(company: SampleCompany) -> None:
    answer = company.send("dealers", "PUT", f"/dealers/{OTHER}/terms", TERMS | {"payment_days": 60}, role="finance")
    assert answer.status == 200, answer.json


ADMINISTRATOR, BUYER, _ = dealer_row(OTHER)["users"]
ADMINISTRATOR_CHANGES = other_dealer(
    users=[ADMINISTRATOR | {"roles": ["dealer_buyer"]}, BUYER | {"roles": ["dealer_admin"]}]
)
SECOND_ADMINISTRATOR = other_dealer(users=[user("second-owner", "dealer_admin")])
FIRST_ADMINISTRATOR_LEAVES = other_dealer(users=[ADMINISTRATOR | {"roles": ["dealer_buyer"]}])

PEOPLE = "/dealers/{dealer_id}/people"
BUYER_OF_DEALER = OF_DEALER | {"username": "buyer"}
NO_BUYER = NO_DEALER | {"username": "nobody"}
ADMINISTRATORS = {"dealer_admin", "admin"}
CODE, PASSWORD = "0123-4567-89AB", "deng-pao-2026"
WITHOUT_PHONE = user("newcomer", "dealer_buyer", phone=None)
FIRST_ADMINISTRATOR = {"dealer_id": f"={OTHER}", "username": f"={ADMINISTRATOR['username']}"}


def invitation_with_known_code(company: SampleCompany) -> None:
    """Invite a user, open the account, and replace the code by one that a declared body can name."""
    import_dealers(other_dealer(users=[WITHOUT_PHONE]))(company)
    company.world.drain()
    item = UsernameItem.get(*username_key("newcomer"))
    item.code_digest = code_digest(CODE)
    # The service is the owner of the item, also here.
    with function_running("dealers.api_handler"):
        item.save()


def remove(username: str, dealer: str = OTHER) -> Step:
    return request("dealers", f"/dealers/{dealer}/people/{username}/remove", {"reason": "r"}, role="admin")


def change_terms_of_other(**terms: Any) -> Step:
    def act(company: SampleCompany) -> None:
        answer = company.send("dealers", "PUT", f"/dealers/{OTHER}/terms", TERMS | terms, role="finance")
        assert answer.status == 200, answer.json

    return act


MACHINES = "/dealers/{dealer_id}/machines"
MACHINE_OF_DEALER = OF_DEALER | {"machine_id": "machine"}
MACHINE, SECRET = "M00000000000000AA", "qdm-known-secret-of-a-test"
NO_MACHINE = NO_DEALER | {"machine_id": MACHINE}


def machine_with_known_secret(company: SampleCompany) -> None:
    """Store a machine with an id and a secret that a declared body can name, and open its account."""
    item = MachineItem(
        *machine_key(OTHER, MACHINE),
        machine_id=MACHINE,
        dealer_id=OTHER,
        name="ERP",
        roles={"dealer_buyer"},
        secret_digest=secret_digest(SECRET),
        created_at=clock.stamp(),
        created_by="u-admin",
    )
    user = machine_user(item)
    # The service is the owner of the items, also here.
    with function_running("dealers.api_handler"):
        transaction = Transaction()
        for part in (item, user_item(user, 1), registered_event(user, 1), username_item(user)):
            transaction.create(part, "machine")
        transaction.commit()
    company.world.drain()
