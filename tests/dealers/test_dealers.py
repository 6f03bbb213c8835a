from __future__ import annotations

import pytest

from tests.dealers.office import Office, dealer, user
from tests.interruptions import before_commit
from tests.world import World


@pytest.fixture
def office(world: World) -> Office:
    """Five dealers in two territories."""
    office = Office(world)
    office.publish("A")
    office.publish("B")
    office.import_dealers(
        dealer("D0001", user("ming"), user("li", "dealer_buyer")),
        dealer("D0002"),
        dealer("D0003", territory="广东 佛山"),
        dealer("D0004"),
        dealer("D0005", territory="广东 佛山"),
    )
    return office


def test_staff_page_through_dealers_of_all_territories_or_of_one(office: Office) -> None:
    def walk(**query: str) -> list[str]:
        found, cursor = [], None
        while True:
            answer = office.get("/dealers", limit=2, cursor=cursor, **query)
            assert answer.status == 200
            found += [one["dealer_id"] for one in answer.json["dealers"]]
            cursor = answer.json["next_cursor"]
            if cursor is None:
                return found

    assert walk() == ["D0003", "D0005", "D0001", "D0002", "D0004"]
    assert walk(territory="广东 广州") == ["D0001", "D0002", "D0004"]
    assert walk(territory="广东") == []
    cursor = office.get("/dealers", limit=2).json["next_cursor"]
    assert office.get("/dealers", cursor=cursor, territory="广东 广州").status == 400
    elsewhere = office.get("/dealers", office.world.token(role="finance", sub="u-else"), cursor=cursor)
    assert (elsewhere.status, elsewhere.json["code"]) == (400, "bad-cursor")


def test_a_dealer_that_moves_is_listed_in_its_new_territory_only(office: Office) -> None:
    office.import_dealers(dealer("D0002", territory="广东 深圳"))
    assert [one["dealer_id"] for one in office.get("/dealers", territory="广东 深圳").json["dealers"]] == ["D0002"]
    listed = [one["dealer_id"] for one in office.get("/dealers").json["dealers"]]
    assert sorted(listed) == ["D0001", "D0002", "D0003", "D0004", "D0005"]


def test_a_dealer_sees_its_own_terms_and_people_but_no_phone(office: Office) -> None:
    answer = office.get("/dealers/D0001", office.world.token(role="dealer_buyer", dealer_id="D0001"))
    assert answer.json == {
        "dealer_id": "D0001",
        "name": "明辉灯饰 D0001",
        "territory": "广东 广州",
        "grade": "一级",
        "status": "active",
        "price_list": "A",
        "warehouse": "GZ",
        "credit_limit_fen": 500_000_00,
        "payment_days": 30,
        "version": 1,
        "users": [
            {"username": "li", "name": "王 li", "roles": ["dealer_buyer"]},
            {"username": "ming", "name": "王 ming", "roles": ["dealer_admin"]},
        ],
    }
    assert answer.json == office.get("/dealers/D0001", office.world.token(role="warehouse")).json


def test_no_answer_tells_a_phone(office: Office) -> None:
    answers = [office.get("/dealers"), office.get("/dealers/D0001"), office.get("/me")]
    assert all(answer.status == 200 and "+86" not in answer.text for answer in answers)


def test_another_dealer_is_as_absent_as_a_missing_one(office: Office) -> None:
    token = office.world.token(role="dealer_admin", dealer_id="D0002")
    foreign, missing = office.get("/dealers/D0001", token), office.get("/dealers/D9999", token)
    assert foreign.status == missing.status == 404
    assert foreign.json == missing.json == office.get("/dealers/HOUSE").json
    assert office.get("/dealers", token).status == 403


def test_everyone_can_ask_who_they_are(office: Office) -> None:
    buyer = office.world.token(roles=["dealer_buyer", "dealer_admin"], dealer_id="D0001", sub="u-1", name="王明")
    mine = office.get("/me", buyer).json
    assert (mine["user_id"], mine["name"], mine["roles"]) == ("u-1", "王明", ["dealer_admin", "dealer_buyer"])
    assert mine["dealer"]["credit_limit_fen"] == 500_000_00
    assert "users" not in mine["dealer"]
    assert office.get("/me").json["dealer"] is None


def test_new_terms_are_on_record_with_author_reason_before_and_after(office: Office) -> None:
    token = office.world.token(role="finance", sub="u-finance")
    answer = office.put_terms("D0001", token, credit_limit_fen=0, price_list="B", reason="逾期 60 天")
    assert (answer.status, answer.json["version"], answer.json["credit_limit_fen"]) == (200, 2, 0)
    assert answer.json["status"] == "active"
    [event] = office.events("D0001")
    assert (event["type"], event["sequence"], event["dealerid"]) == ("dealer.terms-changed.v1", 1, "D0001")
    assert event["data"] == {
        "dealer_id": "D0001",
        "author": "u-finance",
        "reason": "逾期 60 天",
        "before": {"price_list": "A", "credit_limit_fen": 500_000_00},
        "after": {"price_list": "B", "credit_limit_fen": 0},
    }
    office.put_terms("D0001", version=2, status="suspended", price_list="B", credit_limit_fen=0)
    assert [one["sequence"] for one in office.events("D0001")] == [1, 2]
    assert office.events("D0002") == []


def test_a_dealer_whose_user_is_called_like_it_can_be_changed(office: Office) -> None:
    office.import_dealers(dealer("1001", user("1001")))
    assert office.put_terms("1001", payment_days=45).status == 200
    assert office.import_dealers(dealer("1001", user("1001"), payment_days=60)).json["dealers"]["changed"] == 1
    ids = [event["id"] for subject in ("1001", "1001@1001") for event in office.events(subject)]
    assert len(set(ids)) == len(ids) == 3


def test_terms_that_were_changed_since_they_were_read_are_not_overwritten(office: Office) -> None:
    assert office.put_terms("D0001", payment_days=45).status == 200
    before = office.stored()
    late = office.put_terms("D0001", payment_days=60)
    assert (late.status, late.json["code"]) == (412, "stale")
    assert office.stored() == before

    def colleague() -> None:
        assert office.put_terms("D0002", payment_days=45).status == 200

    with before_commit(0, colleague):
        assert office.put_terms("D0002", payment_days=60).status == 412
    assert office.get("/dealers/D0002").json["payment_days"] == 45
    assert len(office.events("D0002")) == 1


def test_a_change_asked_again_after_a_lost_answer_is_answered_the_same_and_stays_one_version(office: Office) -> None:
    first = office.put_terms("D0001", payment_days=45)
    before = office.stored()
    again = office.put_terms("D0001", payment_days=45)
    assert (again.status, again.text) == (200, first.text)
    assert office.stored() == before
    assert office.put_terms("D0001", payment_days=60).status == 412


def test_terms_as_they_are_already_make_no_version_and_no_event(office: Office) -> None:
    before = office.stored()
    answer = office.put_terms("D0001")
    assert (answer.status, answer.json["version"]) == (200, 1)
    assert office.stored() == before


def test_terms_that_cannot_be_are_refused_and_change_nothing(office: Office) -> None:
    before = office.stored()
    unknown = office.put_terms("D0001", price_list="NONE")
    assert [one["code"] for one in unknown.json["errors"]] == ["unknown-price-list"]
    wrong = office.put_terms("D0001", credit_limit_fen=-1, payment_days=366, reason="", status="gone", limit=1)
    assert {one["field"] for one in wrong.json["errors"]} == {
        "credit_limit_fen",
        "payment_days",
        "reason",
        "status",
        "limit",
    }
    assert office.put_terms("D9999").status == 404
    for role in ("assistant", "warehouse", "aftersales"):
        assert office.put_terms("D0001", office.world.token(role=role), payment_days=1).status == 403
    dealer_admin = office.world.token(role="dealer_admin", dealer_id="D0001")
    assert office.put_terms("D0001", dealer_admin, payment_days=1).status == 403
    assert office.stored() == before
