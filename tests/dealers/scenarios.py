"""Every route and function of dealers, declared once for all tests of every handler."""

from __future__ import annotations

from typing import Any

from tests.dealers.user_pool import user_pool
from tests.support.company import SampleCompany
from tests.support.company_data import OTHER, OWN, PRICE_LIST, WAREHOUSE, dealer_row
from tests.support.normalizers import ignore_import_counts
from tests.support.steps import drain, in_order, request
from tests.support.trigger import ALL_USERS, STAFF, Situation, Step, Trigger

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

TRIGGERS = [
    Trigger(
        "POST /imports/dealers",
        roles={"admin"},
        body=dealers(dealer_row("D0007") | {"users": [{**dealer_row("D0007")["users"][0], "username": "new-owner"}]}),
        normalize=ignore_import_counts,
        situations=[
            Situation(
                "changed, with a new user",
                body=dealers(other_dealer(territory="深圳", users=[user("newcomer", "dealer_buyer")])),
            ),
            Situation("unchanged", body=dealers(other_dealer())),
            Situation("the administrator changes", body=dealers(ADMINISTRATOR_CHANGES)),
            Situation(
                "one of two administrators leaves",
                body=dealers(FIRST_ADMINISTRATOR_LEAVES),
                prepare=import_dealers(SECOND_ADMINISTRATOR),
            ),
            Situation("several transactions", body=dealers(*map(new_dealer, range(40)))),
            Situation(
                "contended: another import changes the same dealer",
                body=dealers(other_dealer(territory="深圳")),
                rival=import_dealers(other_dealer(territory="佛山")),
            ),
            Situation(
                "contended: the other administrator leaves meanwhile",
                body=dealers(FIRST_ADMINISTRATOR_LEAVES),
                prepare=import_dealers(SECOND_ADMINISTRATOR),
                rival=import_dealers(other_dealer(users=[user("second-owner", "dealer_buyer")])),
                statuses=(422,),
            ),
        ],
    ),
    Trigger(
        "POST /imports/staff",
        roles={"admin"},
        body=staff(user("new-clerk", "assistant", name="新")),
        normalize=ignore_import_counts,
        situations=[
            Situation(
                "changed and new",
                body=staff(user("assistant-house", "assistant", "finance"), user("new-clerk", "warehouse")),
            ),
            Situation(
                "several transactions", body=staff(*(user(f"clerk-{number}", "assistant") for number in range(40)))
            ),
            Situation(
                "contended: another import changes the same user",
                body=staff(user("assistant-house", "finance")),
                rival=import_staff(user("assistant-house", "warehouse")),
            ),
        ],
    ),
    Trigger("GET /dealers", roles=STAFF),
    Trigger("GET /dealers/{dealer_id}", roles=ALL_USERS, path=OF_DEALER, missing=NO_DEALER, of_dealer=True),
    Trigger(
        "PUT /dealers/{dealer_id}/terms",
        roles={"finance", "admin"},
        path=OF_DEALER,
        missing=NO_DEALER,
        of_dealer=True,
        body=TERMS,
        situations=[
            Situation("suspended", path=OTHER_DEALER, body=TERMS | {"status": "suspended"}),
            Situation("contended: changed meanwhile", path=OTHER_DEALER, rival=change_terms, statuses=(412,)),
        ],
    ),
    Trigger("GET /me", roles=ALL_USERS),
    Trigger(
        "open_account",
        situations=[
            Situation("new", prepare=import_dealers(new_dealer(1)), around=user_pool),
            Situation(
                "new, of the distributor",
                prepare=import_staff(user("new-clerk", "warehouse", "assistant")),
                around=user_pool,
            ),
            Situation(
                "roles added and removed",
                prepare=in_order(
                    import_staff(user("new-clerk", "warehouse", "assistant")),
                    drain,
                    import_staff(user("new-clerk", "finance", "assistant", name="新名")),
                ),
                around=user_pool,
            ),
            Situation(
                "changed again before the first change is delivered",
                prepare=in_order(
                    import_staff(user("new-clerk", "warehouse", "assistant")),
                    import_staff(user("new-clerk", "finance")),
                ),
                around=user_pool,
            ),
        ],
    ),
]
