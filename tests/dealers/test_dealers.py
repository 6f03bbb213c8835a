"""Reading dealers, and changing their terms."""

from __future__ import annotations

import pytest

from tests.dealers.fixtures import DealersClient, dealer_row, user_row
from tests.support.interruptions import before_commit
from tests.support.world import World


@pytest.fixture
def client(world: World) -> DealersClient:
    """Return a client after five dealers in two territories were imported."""
    client = DealersClient(world)
    client.publish_price_list("A")
    client.publish_price_list("B")
    client.import_dealers(
        dealer_row("D0001", user_row("ming"), user_row("li", "dealer_buyer")),
        dealer_row("D0002"),
        dealer_row("D0003", territory="广东 佛山"),
        dealer_row("D0004"),
        dealer_row("D0005", territory="广东 佛山"),
    )
    return client


def test_staff_list_dealers_of_all_territories_or_of_one(client: DealersClient) -> None:
    def walk(**query: str) -> list[str]:
        found, cursor = [], None
        while True:
            answer = client.get("/dealers", limit=2, cursor=cursor, **query)
            assert answer.status == 200
            found += [row["dealer_id"] for row in answer.json["dealers"]]
            cursor = answer.json["next_cursor"]
            if cursor is None:
                return found

    assert walk() == ["D0003", "D0005", "D0001", "D0002", "D0004"]
    assert walk(territory="广东 广州") == ["D0001", "D0002", "D0004"]
    assert walk(territory="广东") == []
    cursor = client.get("/dealers", limit=2).json["next_cursor"]
    assert client.get("/dealers", cursor=cursor, territory="广东 广州").status == 400
    other_caller = client.get("/dealers", client.world.token(role="finance", sub="u-other"), cursor=cursor)
    assert (other_caller.status, other_caller.json["code"]) == (400, "bad-cursor")


def test_moved_dealer_is_listed_in_its_new_territory_only(client: DealersClient) -> None:
    client.import_dealers(dealer_row("D0002", territory="广东 深圳"))
    assert [row["dealer_id"] for row in client.get("/dealers", territory="广东 深圳").json["dealers"]] == ["D0002"]
    listed = [row["dealer_id"] for row in client.get("/dealers").json["dealers"]]
    assert sorted(listed) == ["D0001", "D0002", "D0003", "D0004", "D0005"]


def test_dealer_sees_its_terms_and_users_without_phones(client: DealersClient) -> None:
    answer = client.get("/dealers/D0001", client.world.token(role="dealer_buyer", dealer_id="D0001"))
    assert answer.json == {
        "dealer_id": "D0001",
        "name": "明辉灯饰 D0001",
        "territory": "广东 广州",
        "grade": "A",
        "grade_name_zh": "一级",
        "grade_name_en": "grade A",
        "status": "active",
        "price_list": "A",
        "warehouse": "GZ",
        "warehouse_name_zh": "广州仓",
        "warehouse_name_en": "Guangzhou",
        "credit_limit_fen": 500_000_00,
        "payment_days": 30,
        "version": 1,
        "users": [
            {"username": "li", "name": "王 li", "roles": ["dealer_buyer"]},
            {"username": "ming", "name": "王 ming", "roles": ["dealer_admin"]},
        ],
    }
    assert answer.json == client.get("/dealers/D0001", client.world.token(role="warehouse")).json


def test_answers_contain_no_phone(client: DealersClient) -> None:
    answers = [client.get("/dealers"), client.get("/dealers/D0001"), client.get("/me")]
    assert all(answer.status == 200 and "+86" not in answer.text for answer in answers)


def test_other_dealer_answers_like_a_missing_one(client: DealersClient) -> None:
    token = client.world.token(role="dealer_admin", dealer_id="D0002")
    other, missing = client.get("/dealers/D0001", token), client.get("/dealers/D9999", token)
    assert other.status == missing.status == 404
    assert other.json == missing.json == client.get("/dealers/HOUSE").json
    assert client.get("/dealers", token).status == 403


def test_me_shows_the_caller_and_its_dealer(client: DealersClient) -> None:
    buyer = client.world.token(roles=["dealer_buyer", "dealer_admin"], dealer_id="D0001", sub="u-1", name="王明")
    mine = client.get("/me", buyer).json
    assert (mine["user_id"], mine["name"], mine["roles"]) == ("u-1", "王明", ["dealer_admin", "dealer_buyer"])
    assert mine["dealer"]["credit_limit_fen"] == 500_000_00
    assert "users" not in mine["dealer"]
    assert client.get("/me").json["dealer"] is None


def test_terms_change_event_has_author_reason_before_and_after(client: DealersClient) -> None:
    token = client.world.token(role="finance", sub="u-finance")
    answer = client.put_terms("D0001", token, credit_limit_fen=0, price_list="B", reason="逾期 60 天")
    assert (answer.status, answer.json["version"], answer.json["credit_limit_fen"]) == (200, 2, 0)
    assert answer.json["status"] == "active"
    [event] = client.events("D0001")
    assert (event["type"], event["sequence"], event["dealerid"]) == ("dealer.terms-changed.v1", 1, "D0001")
    assert event["data"] == {
        "dealer_id": "D0001",
        "author": "u-finance",
        "author_name": "finance-house",
        "reason": "逾期 60 天",
        "before": {"price_list": "A", "credit_limit_fen": 500_000_00},
        "after": {"price_list": "B", "credit_limit_fen": 0},
    }
    client.put_terms("D0001", version=2, status="suspended", price_list="B", credit_limit_fen=0)
    assert [event["sequence"] for event in client.events("D0001")] == [1, 2]
    assert client.events("D0002") == []


def test_dealer_and_user_of_the_same_name_have_separate_events(client: DealersClient) -> None:
    client.import_dealers(dealer_row("1001", user_row("1001")))
    assert client.put_terms("1001", payment_days=45).status == 200
    assert client.import_dealers(dealer_row("1001", user_row("1001"), payment_days=60)).json["dealers"]["changed"] == 1
    ids = [event["id"] for subject in ("1001", "1001@1001") for event in client.events(subject)]
    assert len(set(ids)) == len(ids) == 3


def test_terms_change_is_refused_when_terms_changed_since_read(client: DealersClient) -> None:
    assert client.put_terms("D0001", payment_days=45).status == 200
    before = client.stored_items()
    late = client.put_terms("D0001", payment_days=60)
    assert (late.status, late.json["code"]) == (412, "stale")
    assert client.stored_items() == before

    def colleague() -> None:
        assert client.put_terms("D0002", payment_days=45).status == 200

    with before_commit(0, colleague):
        assert client.put_terms("D0002", payment_days=60).status == 412
    assert client.get("/dealers/D0002").json["payment_days"] == 45
    assert len(client.events("D0002")) == 1


def test_repeated_terms_change_gets_same_answer_and_one_version(client: DealersClient) -> None:
    first = client.put_terms("D0001", payment_days=45)
    before = client.stored_items()
    again = client.put_terms("D0001", payment_days=45)
    assert (again.status, again.text) == (200, first.text)
    assert client.stored_items() == before
    assert client.put_terms("D0001", payment_days=60).status == 412


def test_unchanged_terms_create_no_version_and_no_event(client: DealersClient) -> None:
    before = client.stored_items()
    answer = client.put_terms("D0001")
    assert (answer.status, answer.json["version"]) == (200, 1)
    assert client.stored_items() == before


def test_invalid_terms_are_refused_and_change_nothing(client: DealersClient) -> None:
    before = client.stored_items()
    unknown = client.put_terms("D0001", price_list="NONE")
    assert [problem["code"] for problem in unknown.json["errors"]] == ["unknown-price-list"]
    wrong = client.put_terms("D0001", credit_limit_fen=-1, payment_days=366, reason="", status="gone", limit=1)
    assert {problem["field"] for problem in wrong.json["errors"]} == {
        "credit_limit_fen",
        "payment_days",
        "reason",
        "status",
        "limit",
    }
    assert client.put_terms("D9999").status == 404
    for role in ("assistant", "warehouse", "aftersales"):
        assert client.put_terms("D0001", client.world.token(role=role), payment_days=1).status == 403
    dealer_admin = client.world.token(role="dealer_admin", dealer_id="D0001")
    assert client.put_terms("D0001", dealer_admin, payment_days=1).status == 403
    assert client.stored_items() == before
