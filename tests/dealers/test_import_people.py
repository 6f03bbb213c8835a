"""Imports of dealers, users and staff."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.store.transaction import MAX_ACTIONS
from tests.dealers.fixtures import DealersClient, dealer_row, user_row
from tests.support.interruptions import Killed, before_commit, killed_at
from tests.support.world import World, opened


@pytest.fixture
def client(world: World) -> DealersClient:
    client = DealersClient(world)
    client.publish_price_list("A")
    return client


def dealer_with_users(number: int, **fields: Any) -> dict[str, Any]:
    """Return a dealer with an owner, a buyer and an accountant."""
    name = f"d{number:04d}"
    people = (
        user_row(f"{name}-owner", "dealer_admin"),
        user_row(f"{name}-buyer", "dealer_buyer"),
        user_row(f"{name}-account", "dealer_accountant", phone=None),
    )
    return dealer_row(name.upper(), *people, **fields)


def counts(received: int, created: int = 0, changed: int = 0) -> dict[str, int]:
    return {
        "received": received,
        "created": created,
        "changed": changed,
        "unchanged": received - created - changed,
    }


def test_one_file_imports_400_dealers_with_1200_users(client: DealersClient) -> None:
    file = [dealer_with_users(number) for number in range(400)]
    answer = client.import_dealers(*file, key="k")
    assert (answer.status, answer.json) == (
        200,
        {"dealers": counts(400, 400), "users": counts(1200, 1200), "invitations": []},
    )
    kinds = [item["kind"] for item in client.world.items("DEALER#")]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"dealer": 400, "user": 1200, "event": 1200}
    before = client.stored_items()
    again = client.import_dealers(*file)
    assert again.json == {"dealers": counts(400), "users": counts(1200), "invitations": []}
    assert client.stored_items() == before
    assert client.import_dealers(*file, key="k").json == answer.json


def test_each_user_version_is_published_once_with_its_sequence(client: DealersClient) -> None:
    client.import_dealers(dealer_with_users(1))
    client.import_dealers(
        dealer_with_users(1, users=[user_row("d0001-owner"), user_row("d0001-buyer", "dealer_buyer", "dealer_admin")])
    )
    assert [event["sequence"] for event in client.events("d0001-owner@D0001")] == [1]
    first, second = client.events("d0001-buyer@D0001")
    assert (first["type"], first["subject"], first["dealerid"]) == ("user.registered.v1", "d0001-buyer@D0001", "D0001")
    assert first["data"] == {
        "username": "d0001-buyer",
        "dealer_id": "D0001",
        "roles": ["dealer_buyer"],
        "invitation": None,
        "texted": False,
    }
    assert (second["sequence"], second["data"]["roles"]) == (2, ["dealer_admin", "dealer_buyer"])
    assert len(client.world.drain().delivered) and not client.world.dead_letters()


def test_interrupted_import_is_completed_when_the_file_is_sent_again() -> None:
    before_file = [dealer_with_users(number) for number in range(4)]
    file = [
        *(dealer_with_users(number, grade="二级") for number in range(4)),
        *(dealer_with_users(number) for number in range(4, 16)),
    ]

    def import_all(number: int | None, after: bool) -> tuple[list[dict[str, Any]], bool]:
        with opened() as world:
            client, interrupted = DealersClient(world), False
            client.publish_price_list("A")
            client.import_dealers(*before_file)
            if number is not None:
                try:
                    with killed_at(number, after=after):
                        client.import_dealers(*file, key="k")
                except Killed:
                    interrupted = True
            assert client.import_dealers(*file, key="k").status == 200
            return [_without_times(item) for item in world.items() if item["pk"][:5] in ("DEALE", "USER#")], interrupted

    uninterrupted, _ = import_all(None, after=False)
    for after in (False, True):
        number, interrupted = 0, True
        while interrupted:
            ended, interrupted = import_all(number, after)
            assert ended == uninterrupted, f"killed at transaction {number}, after={after}"
            number += interrupted
        assert number == 4


def _without_times(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item without the time of its event."""
    body = item.get("body", "")
    fields = {name: value for name, value in item.items() if name not in ("body", "gsi1sk")}
    return fields | {"data": body[body.find('"data"') :]}


def test_concurrent_imports_lose_no_event(client: DealersClient) -> None:
    def colleague() -> None:
        assert client.import_dealers(dealer_with_users(1, grade="二级"), dealer_with_users(2)).status == 200

    with before_commit(0, colleague):
        answer = client.import_dealers(dealer_with_users(1, grade="三级"))
    assert answer.json == {"dealers": counts(1, changed=1), "users": counts(3), "invitations": []}
    assert client.get("/dealers/D0001").json["grade"] == "C"
    [event] = client.events("D0001")
    assert (event["data"]["before"], event["data"]["after"]) == ({"grade": "B"}, {"grade": "C"})
    assert len(client.events("d0001-owner@D0001")) == 1


def test_import_names_all_field_problems_and_writes_nothing(client: DealersClient) -> None:
    before = client.world.snapshot()
    answer = client.import_dealers(
        dealer_row("D0001", user_row("aa"), user_row("aa", "dealer_king")),
        dealer_row("d", credit_limit_fen=-1, payment_days="30"),
        dealer_row("D0001", user_row("bb", "admin"), warehouse="g"),
        dealer_row("D0004", user_row("cc", phone="88888888"), user_row("D", roles=[])),
        dealer_row("D0005", user_row("bb")),
    )
    assert (answer.status, answer.json["code"]) == (422, "invalid-fields")
    assert {problem["field"] for problem in answer.json["errors"]} == {
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
    assert client.world.snapshot() == before


def test_import_names_all_conflicts_with_stored_data(client: DealersClient) -> None:
    client.import_dealers(dealer_row("D0001", user_row("ming")), dealer_row("D0005", user_row("gu")))
    client.import_staff(user_row("liang", "assistant"))
    before = client.world.snapshot()
    answer = client.import_dealers(
        dealer_row("D0002", user_row("ming"), user_row("liang", "dealer_buyer")),
        dealer_row("D0003", price_list="NONE"),
        dealer_row("HOUSE", user_row("mole")),
        dealer_row("D0004", user_row("only-buyer", "dealer_buyer")),
        dealer_row("D0005", user_row("gu", "dealer_buyer")),
    )
    assert [(problem["field"], problem["code"]) for problem in answer.json["errors"]] == [
        ("dealers.0.users.0.username", "taken"),
        ("dealers.0.users.1.username", "taken"),
        ("dealers.1.price_list", "unknown-price-list"),
        ("dealers.2.dealer_id", "reserved"),
        ("dealers.3.users", "no-administrator"),
        ("dealers.4.users", "no-administrator"),
    ]
    staff = client.import_staff(user_row("new", "finance"), user_row("ming", "admin"))
    assert [(problem["field"], problem["code"]) for problem in staff.json["errors"]] == [("staff.1.username", "taken")]
    assert client.world.snapshot() == before


def test_administrator_may_step_down_when_another_remains(client: DealersClient) -> None:
    client.import_dealers(dealer_row("D0001", user_row("first"), user_row("second")))
    assert client.import_dealers(dealer_row("D0001", user_row("first", "dealer_buyer"))).status == 200
    assert client.import_dealers(dealer_row("D0001", user_row("second", "dealer_buyer"))).status == 422
    swapped = client.import_dealers(dealer_row("D0001", user_row("second", "dealer_buyer"), user_row("first")))
    assert swapped.json["users"] == counts(2, changed=2)


def test_two_administrators_cannot_step_down_at_once(client: DealersClient) -> None:
    client.import_dealers(dealer_row("D0001", user_row("first"), user_row("second")))

    def meanwhile() -> None:
        assert client.import_dealers(dealer_row("D0001", user_row("second", "dealer_buyer"))).status == 200

    with before_commit(0, meanwhile):
        late = client.import_dealers(dealer_row("D0001", user_row("first", "dealer_buyer")))
    assert (late.status, late.json["errors"][0]["code"]) == (422, "no-administrator")
    roles = {row["username"]: row["roles"] for row in client.get("/dealers/D0001").json["users"]}
    assert roles == {"first": ["dealer_admin"], "second": ["dealer_buyer"]}


def test_user_name_is_refused_when_taken_meanwhile(client: DealersClient) -> None:
    def meanwhile() -> None:
        assert client.import_dealers(dealer_row("D0002", user_row("ming"))).status == 200

    with before_commit(0, meanwhile):
        late = client.import_dealers(dealer_row("D0001", user_row("ming")))
    assert (late.status, late.json["errors"][0]["code"]) == (422, "taken")
    assert client.get("/dealers/D0001").status == 404


def test_dealer_of_30_users_is_imported_and_31_are_refused(client: DealersClient) -> None:
    people = [user_row(f"u{number:02d}", "dealer_admin") for number in range(31)]
    refused = client.import_dealers(dealer_row("D0001", *people))
    assert [problem["field"] for problem in refused.json["errors"]] == ["dealers.0.users"]
    assert client.import_dealers(dealer_row("D0001", *people[:30])).status == 200
    changed = [{**row, "roles": ["dealer_buyer"]} for row in people[1:30]]
    assert client.import_dealers(dealer_row("D0001", *changed, grade="二级")).json["users"] == counts(29, changed=29)
    assert MAX_ACTIONS >= 3 * 30 + 3


def test_import_keeps_a_suspended_dealer_suspended(client: DealersClient) -> None:
    client.import_dealers(dealer_row("D0001"))
    client.put_terms("D0001", status="suspended")
    client.import_dealers(dealer_row("D0001", grade="二级"))
    shown = client.get("/dealers/D0001").json
    assert (shown["status"], shown["grade"], shown["version"]) == ("suspended", "B", 3)


def test_staff_import_accepts_only_staff_roles(client: DealersClient) -> None:
    answer = client.import_staff(user_row("liang", "assistant", "finance"), user_row("he", "warehouse"))
    assert (answer.status, answer.json) == (200, {"users": counts(2, 2), "invitations": []})
    assert client.events("liang@HOUSE")[0]["data"] == {
        "username": "liang",
        "dealer_id": None,
        "roles": ["assistant", "finance"],
        "invitation": None,
        "texted": False,
    }
    assert client.import_staff(user_row("liang", "assistant"), user_row("he", "warehouse")).json == {
        "users": counts(2, changed=1),
        "invitations": [],
    }
    before = client.stored_items()
    wrong = client.import_staff(user_row("xu", "dealer_admin"), user_row("ye", "admin"), user_row("ye", "admin"))
    assert [problem["field"] for problem in wrong.json["errors"]] == ["staff.0.roles.0", "staff.2.username"]
    assert client.stored_items() == before


@pytest.mark.parametrize("role", ["assistant", "finance", "dealer_admin"])
def test_import_is_allowed_only_to_administrators(client: DealersClient, role: str) -> None:
    dealer_id = "D0001" if role.startswith("dealer") else None
    client.admin = client.world.token(role=role, dealer_id=dealer_id)
    assert client.import_dealers(dealer_row("D0001")).status == 403
    assert client.import_staff(user_row("mole", "admin")).status == 403
    assert client.stored_items() == {}
