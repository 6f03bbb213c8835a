"""Every route and function of dealers, declared once for all tests of every handler."""

from __future__ import annotations

from tests.dealers import address_scenarios, machine_scenarios, sign_in_scenarios
from tests.dealers.steps import (
    ADMINISTRATOR_CHANGES,
    ADMINISTRATORS,
    BUYER,
    BUYER_OF_DEALER,
    CODE,
    FIRST_ADMINISTRATOR,
    FIRST_ADMINISTRATOR_LEAVES,
    NO_BUYER,
    NO_DEALER,
    OF_DEALER,
    OTHER_DEALER,
    PASSWORD,
    PEOPLE,
    SECOND_ADMINISTRATOR,
    TERMS,
    WITHOUT_PHONE,
    change_terms,
    change_terms_of_other,
    dealers,
    import_dealers,
    import_staff,
    invitation_with_known_code,
    new_dealer,
    other_dealer,
    remove,
    staff,
    user,
)
from tests.dealers.user_pool import user_pool
from tests.support.company_data import dealer_row
from tests.support.normalizers import ignore_import_counts
from tests.support.steps import drain, in_order
from tests.support.trigger import ALL_USERS, STAFF, Situation, Trigger, variant

#: Wrong values of the filters of the list of dealers.
BAD_FILTERS = {"name": ["", "x" * 50, "a\u0000b"], "status": ["x", ""], "price_list": ["", "#", "NONE"]}

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
            Situation("new users are invited", body=dealers(other_dealer(users=[WITHOUT_PHONE])), around=user_pool),
            Situation("the administrator changes", body=dealers(ADMINISTRATOR_CHANGES)),
            Situation(
                "one of two administrators leaves",
                body=dealers(FIRST_ADMINISTRATOR_LEAVES),
                prepare=import_dealers(SECOND_ADMINISTRATOR),
            ),
            Situation("several transactions", body=dealers(*map(new_dealer, range(40)))),
            Situation(
                "with an unknown price list and warehouse",
                body=dealers(other_dealer(price_list="NONE", warehouse="XX")),
                statuses=(422,),
            ),
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
    Trigger(
        "GET /dealers",
        roles=STAFF,
        bad_query=BAD_FILTERS,
        variants=[variant(query={"name": "=canary", "status": "=active"})],
    ),
    Trigger("GET /dealers/{dealer_id}/terms/history", roles=STAFF, path=OF_DEALER, missing=NO_DEALER),
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
    *address_scenarios.TRIGGERS,
    Trigger("GET /me", roles=ALL_USERS),
    Trigger(f"GET {PEOPLE}", roles=ADMINISTRATORS, path=OF_DEALER, missing=NO_DEALER, of_dealer=True),
    Trigger(
        f"POST {PEOPLE}",
        roles=ADMINISTRATORS,
        status=201,
        path=OF_DEALER,
        missing=NO_DEALER,
        of_dealer=True,
        body=user("newcomer", "dealer_buyer"),
        usual=variant(around=user_pool),
        situations=[
            Situation("the code is shown", body=WITHOUT_PHONE, around=user_pool),
            Situation(
                "a removed user again", path=OTHER_DEALER, body=BUYER, role="admin", prepare=remove(BUYER["username"])
            ),
            Situation(
                "contended: an import takes the name",
                around=user_pool,
                rival=import_dealers(other_dealer(users=[user("newcomer", "dealer_buyer")])),
                statuses=(422,),
            ),
        ],
    ),
    Trigger(
        f"POST {PEOPLE}/{{username}}/invitation",
        roles=ADMINISTRATORS,
        path=BUYER_OF_DEALER,
        missing=NO_BUYER,
        of_dealer=True,
        body={"show_code": True},
        usual=variant(around=user_pool),
        situations=[Situation("by SMS", body={"show_code": False}, around=user_pool)],
    ),
    Trigger(
        f"PUT {PEOPLE}/{{username}}/roles",
        roles=ADMINISTRATORS,
        path=BUYER_OF_DEALER,
        missing=NO_BUYER,
        of_dealer=True,
        body={"roles": ["dealer_buyer", "dealer_accountant"], "version": 1},
        situations=[
            Situation(
                "one of two administrators stops",
                path=FIRST_ADMINISTRATOR,
                body={"roles": ["dealer_buyer"], "version": 1},
                role="admin",
                prepare=import_dealers(SECOND_ADMINISTRATOR),
            ),
            Situation(
                "contended: the other administrator is removed meanwhile",
                path=FIRST_ADMINISTRATOR,
                body={"roles": ["dealer_buyer"], "version": 1},
                role="admin",
                prepare=import_dealers(SECOND_ADMINISTRATOR),
                rival=remove("second-owner"),
                statuses=(412, 409),
            ),
        ],
    ),
    Trigger(
        f"POST {PEOPLE}/{{username}}/remove",
        roles=ADMINISTRATORS,
        path=BUYER_OF_DEALER,
        missing=NO_BUYER,
        of_dealer=True,
        body={"reason": "离职"},
        situations=[
            Situation(
                "one of two administrators",
                path=FIRST_ADMINISTRATOR,
                role="admin",
                prepare=import_dealers(SECOND_ADMINISTRATOR),
            ),
            Situation(
                "contended: the other administrator is removed meanwhile",
                path=FIRST_ADMINISTRATOR,
                role="admin",
                prepare=import_dealers(SECOND_ADMINISTRATOR),
                rival=remove("second-owner"),
                statuses=(409,),
            ),
        ],
    ),
    Trigger(
        "POST /invitations/accept",
        public=True,
        body={"username": "newcomer", "code": CODE, "password": PASSWORD},
        # A repeat after a lost answer is refused: an invitation is accepted once, and the user can sign in.
        usual=variant(around=user_pool, prepare=invitation_with_known_code, statuses=(200, 422)),
    ),
    *machine_scenarios.TRIGGERS,
    *sign_in_scenarios.TRIGGERS,
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
            Situation(
                "removed",
                prepare=in_order(import_dealers(SECOND_ADMINISTRATOR), drain, remove("second-owner")),
                around=user_pool,
            ),
            Situation(
                "the dealer is suspended",
                prepare=in_order(
                    import_dealers(SECOND_ADMINISTRATOR), drain, change_terms_of_other(status="suspended")
                ),
                around=user_pool,
            ),
            Situation(
                "a clerk who was a dealer's user",
                prepare=in_order(
                    import_dealers(SECOND_ADMINISTRATOR),
                    drain,
                    remove("second-owner"),
                    import_staff(user("second-owner", "finance")),
                ),
                around=user_pool,
            ),
        ],
    ),
]
