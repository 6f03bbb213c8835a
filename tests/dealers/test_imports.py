from __future__ import annotations

from typing import Any

import pytest

from kernel.store.transaction import MAX_ACTIONS
from tests.dealers.office import Office, dealer, user
from tests.interruptions import Killed, before_commit, killed_at
from tests.world import World, opened


@pytest.fixture
def office(world: World) -> Office:
    office = Office(world)
    office.publish("A")
    return office


def company(number: int, **facts: Any) -> dict[str, Any]:
    """A dealer with an owner, a buyer and an accountant."""
    name = f"d{number:04d}"
    people = (
        user(f"{name}-owner", "dealer_admin"),
        user(f"{name}-buyer", "dealer_buyer"),
        user(f"{name}-account", "dealer_accountant", phone=None),
    )
    return dealer(name.upper(), *people, **facts)


def counts(received: int, created: int = 0, changed: int = 0) -> dict[str, int]:
    return {
        "received": received,
        "created": created,
        "changed": changed,
        "unchanged": received - created - changed,
    }


def test_400_dealers_with_1200_users_come_in_by_one_file(office: Office) -> None:
    file = [company(number) for number in range(400)]
    answer = office.import_dealers(*file, key="k")
    assert (answer.status, answer.json) == (200, {"dealers": counts(400, 400), "users": counts(1200, 1200)})
    kinds = [item["kind"] for item in office.world.items("DEALER#")]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"dealer": 400, "user": 1200, "event": 1200}
    before = office.stored()
    again = office.import_dealers(*file)
    assert again.json == {"dealers": counts(400), "users": counts(1200)}
    assert office.stored() == before
    assert office.import_dealers(*file, key="k").json == answer.json


def test_every_user_is_announced_once_with_its_version_as_sequence(office: Office) -> None:
    office.import_dealers(company(1))
    office.import_dealers(company(1, users=[user("d0001-owner"), user("d0001-buyer", "dealer_buyer", "dealer_admin")]))
    assert [event["sequence"] for event in office.events("d0001-owner@D0001")] == [1]
    first, second = office.events("d0001-buyer@D0001")
    assert (first["type"], first["subject"], first["dealerid"]) == ("user.registered.v1", "d0001-buyer@D0001", "D0001")
    assert first["data"] == {"username": "d0001-buyer", "dealer_id": "D0001", "roles": ["dealer_buyer"]}
    assert (second["sequence"], second["data"]["roles"]) == (2, ["dealer_admin", "dealer_buyer"])
    assert len(office.world.drain().delivered) and not office.world.dead_letters()


def test_a_file_that_broke_off_anywhere_is_finished_by_sending_it_again() -> None:
    before_file = [company(number) for number in range(4)]
    file = [*(company(number, grade="二级") for number in range(4)), *(company(number) for number in range(4, 16))]

    def whole(number: int | None, after: bool) -> tuple[list[dict[str, Any]], bool]:
        with opened() as world:
            office, broke_off = Office(world), False
            office.publish("A")
            office.import_dealers(*before_file)
            if number is not None:
                try:
                    with killed_at(number, after=after):
                        office.import_dealers(*file, key="k")
                except Killed:
                    broke_off = True
            assert office.import_dealers(*file, key="k").status == 200
            return [_timeless(item) for item in world.items() if item["pk"][:5] in ("DEALE", "USER#")], broke_off

    uninterrupted, _ = whole(None, after=False)
    for after in (False, True):
        number, broke_off = 0, True
        while broke_off:
            ended, broke_off = whole(number, after)
            assert ended == uninterrupted, f"killed at transaction {number}, after={after}"
            number += broke_off
        assert number == 3


def _timeless(item: dict[str, Any]) -> dict[str, Any]:
    """An item without the moment at which an event became true."""
    body = item.get("body", "")
    kept = {name: value for name, value in item.items() if name not in ("body", "gsi1sk")}
    return kept | {"data": body[body.find('"data"') :]}


def test_two_files_at_once_end_in_one_of_their_states_and_lose_no_event(office: Office) -> None:
    def colleague() -> None:
        assert office.import_dealers(company(1, grade="二级"), company(2)).status == 200

    with before_commit(0, colleague):
        answer = office.import_dealers(company(1, grade="三级"))
    assert answer.json == {"dealers": counts(1, changed=1), "users": counts(3)}
    assert office.get("/dealers/D0001").json["grade"] == "三级"
    [event] = office.events("D0001")
    assert (event["data"]["before"], event["data"]["after"]) == ({"grade": "二级"}, {"grade": "三级"})
    assert len(office.events("d0001-owner@D0001")) == 1


def test_every_problem_of_every_row_is_told_at_once_and_nothing_is_written(office: Office) -> None:
    before = office.world.snapshot()
    answer = office.import_dealers(
        dealer("D0001", user("aa"), user("aa", "dealer_king")),
        dealer("d2", credit_limit_fen=-1, payment_days="30"),
        dealer("D0001", user("bb", "admin"), warehouse="gz"),
        dealer("D0004", user("cc", phone="13800000000"), user("D", roles=[])),
        dealer("D0005", user("bb")),
    )
    assert (answer.status, answer.json["code"]) == (422, "invalid-fields")
    assert {one["field"] for one in answer.json["errors"]} == {
        "dealers.0.users.1.username",
        "dealers.0.users.1.roles.0",
        "dealers.1.dealer_id",
        "dealers.1.credit_limit_fen",
        "dealers.1.payment_days",
        "dealers.2.dealer_id",
        "dealers.2.users.0.roles.0",
        "dealers.2.warehouse",
        "dealers.3.users.0.phone",
        "dealers.3.users.1.username",
        "dealers.3.users.1.roles",
        "dealers.4.users.0.username",
    }
    assert office.world.snapshot() == before


def test_what_only_the_table_can_tell_is_told_at_once_too(office: Office) -> None:
    office.import_dealers(dealer("D0001", user("ming")), dealer("D0005", user("gu")))
    office.import_staff(user("liang", "assistant"))
    before = office.world.snapshot()
    answer = office.import_dealers(
        dealer("D0002", user("ming"), user("liang", "dealer_buyer")),
        dealer("D0003", price_list="NONE"),
        dealer("HOUSE", user("mole")),
        dealer("D0004", user("only-buyer", "dealer_buyer")),
        dealer("D0005", user("gu", "dealer_buyer")),
    )
    assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [
        ("dealers.0.users.0.username", "taken"),
        ("dealers.0.users.1.username", "taken"),
        ("dealers.1.price_list", "unknown-price-list"),
        ("dealers.2.dealer_id", "reserved"),
        ("dealers.3.users", "no-administrator"),
        ("dealers.4.users", "no-administrator"),
    ]
    staff = office.import_staff(user("new", "finance"), user("ming", "admin"))
    assert [(one["field"], one["code"]) for one in staff.json["errors"]] == [("staff.1.username", "taken")]
    assert office.world.snapshot() == before


def test_an_administrator_may_step_down_when_another_stays(office: Office) -> None:
    office.import_dealers(dealer("D0001", user("first"), user("second")))
    assert office.import_dealers(dealer("D0001", user("first", "dealer_buyer"))).status == 200
    assert office.import_dealers(dealer("D0001", user("second", "dealer_buyer"))).status == 422
    swapped = office.import_dealers(dealer("D0001", user("second", "dealer_buyer"), user("first")))
    assert swapped.json["users"] == counts(2, changed=2)


def test_two_administrators_who_step_down_at_once_do_not_both(office: Office) -> None:
    office.import_dealers(dealer("D0001", user("first"), user("second")))

    def meanwhile() -> None:
        assert office.import_dealers(dealer("D0001", user("second", "dealer_buyer"))).status == 200

    with before_commit(0, meanwhile):
        late = office.import_dealers(dealer("D0001", user("first", "dealer_buyer")))
    assert (late.status, late.json["errors"][0]["code"]) == (422, "no-administrator")
    roles = {one["username"]: one["roles"] for one in office.get("/dealers/D0001").json["users"]}
    assert roles == {"first": ["dealer_admin"], "second": ["dealer_buyer"]}


def test_a_user_name_claimed_meanwhile_is_refused(office: Office) -> None:
    def meanwhile() -> None:
        assert office.import_dealers(dealer("D0002", user("ming"))).status == 200

    with before_commit(0, meanwhile):
        late = office.import_dealers(dealer("D0001", user("ming")))
    assert (late.status, late.json["errors"][0]["code"]) == (422, "taken")
    assert office.get("/dealers/D0001").status == 404


def test_a_dealer_of_30_users_fits_into_one_transaction_and_more_are_refused(office: Office) -> None:
    people = [user(f"u{number:02d}", "dealer_admin") for number in range(31)]
    refused = office.import_dealers(dealer("D0001", *people))
    assert [one["field"] for one in refused.json["errors"]] == ["dealers.0.users"]
    assert office.import_dealers(dealer("D0001", *people[:30])).status == 200
    changed = [{**one, "roles": ["dealer_buyer"]} for one in people[1:30]]
    assert office.import_dealers(dealer("D0001", *changed, grade="二级")).json["users"] == counts(29, changed=29)
    assert MAX_ACTIONS >= 3 * 30 + 3


def test_a_file_does_not_let_a_suspended_dealer_order_again(office: Office) -> None:
    office.import_dealers(dealer("D0001"))
    office.put_terms("D0001", status="suspended")
    office.import_dealers(dealer("D0001", grade="二级"))
    shown = office.get("/dealers/D0001").json
    assert (shown["status"], shown["grade"], shown["version"]) == ("suspended", "二级", 3)


def test_staff_come_in_under_the_house_with_staff_roles_only(office: Office) -> None:
    answer = office.import_staff(user("liang", "assistant", "finance"), user("he", "warehouse"))
    assert (answer.status, answer.json) == (200, {"users": counts(2, 2)})
    assert office.events("liang@HOUSE")[0]["data"] == {
        "username": "liang",
        "dealer_id": None,
        "roles": ["assistant", "finance"],
    }
    assert office.import_staff(user("liang", "assistant"), user("he", "warehouse")).json == {
        "users": counts(2, changed=1)
    }
    before = office.stored()
    wrong = office.import_staff(user("xu", "dealer_admin"), user("ye", "admin"), user("ye", "admin"))
    assert [one["field"] for one in wrong.json["errors"]] == ["staff.0.roles.0", "staff.2.username"]
    assert office.stored() == before


@pytest.mark.parametrize("role", ["assistant", "finance", "dealer_admin"])
def test_only_an_administrator_lets_people_in(office: Office, role: str) -> None:
    dealer_id = "D0001" if role.startswith("dealer") else None
    office.admin = office.world.token(role=role, dealer_id=dealer_id)
    assert office.import_dealers(dealer("D0001")).status == 403
    assert office.import_staff(user("mole", "admin")).status == 403
    assert office.stored() == {}
