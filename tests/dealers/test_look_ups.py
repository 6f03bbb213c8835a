"""Look-ups of dealers by name and terms, and the history of their terms."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.base.codes import fold
from services.dealers.invariants import dealers_are_found_by_their_names
from services.dealers.name_rules import LONGEST_ENTRY, MOST_BEGINNINGS, matching_entries, name_entries
from tests.dealers.fixtures import DealersClient, dealer_row, user_row
from tests.support.read_units import metered
from tests.support.world import World
from tools.audit import Snapshot

NAMES = {
    "D0001": "广州联众灯饰经营部",
    "D0002": "佛山市鑫光照明有限公司",
    "D0003": "LED 世界(珠海)",
    "D0004": "灯灯明灯具店",
}


@pytest.fixture
def client(fast_world: World) -> DealersClient:
    """Return a client after dealers with known names were imported."""
    client = DealersClient(fast_world)
    for price_list in ("A", "B"):
        client.publish_price_list(price_list)
    rows = [dealer_row(dealer_id, name=name) for dealer_id, name in NAMES.items()]
    rows[1] |= {"price_list": "B", "territory": "广东 佛山"}
    client.import_dealers(*rows)
    return client


def found(client: DealersClient, limit: int = 100, **query: Any) -> list[str]:
    """Return the ids on all pages."""
    ids: list[str] = []
    cursor = None
    while True:
        answer = client.get("/dealers", limit=limit, cursor=cursor, **query)
        assert answer.status == 200, answer.json
        ids += [row["dealer_id"] for row in answer.json["dealers"]]
        cursor = answer.json["next_cursor"]
        if cursor is None:
            return ids


@pytest.mark.parametrize(
    ("text", "dealers"),
    [
        ("联众", ["D0001"]),
        ("lzds", ["D0001"]),
        ("LZ", ["D0001"]),
        ("ＬＥＤ", ["D0003"]),
        ("led世界", ["D0003"]),
        ("ledsj", ["D0003"]),
        ("鑫光", ["D0002"]),
        ("xgzm", ["D0002"]),
        ("灯", ["D0001", "D0004"]),
        ("灯饰经营部", ["D0001"]),
        ("上海", []),
        ("!", []),
    ],
)
def test_dealers_are_found_by_parts_of_names_and_initials(client: DealersClient, text: str, dealers: list[str]) -> None:
    assert sorted(found(client, name=text)) == dealers
    assert sorted(found(client, 1, name=text)) == dealers


def test_filters_are_combined(client: DealersClient) -> None:
    assert found(client, name="灯", status="active", price_list="A", warehouse="GZ") != []
    assert found(client, price_list="B") == ["D0002"]
    assert found(client, 1, price_list="B") == ["D0002"]
    assert found(client, name="光", territory="广东 佛山") == ["D0002"]
    assert found(client, name="光", territory="广东 广州") == []
    client.put_terms("D0001", status="suspended")
    assert found(client, status="suspended") == ["D0001"]
    assert found(client, name="灯", status="active") == ["D0004"]


def test_unknown_masters_in_filters_are_refused(client: DealersClient) -> None:
    assert client.get("/dealers", warehouse="XX").json["errors"][0]["code"] == "unknown-warehouse"
    assert client.get("/dealers", price_list="NONE").json["errors"][0]["code"] == "unknown-price-list"


def test_renamed_dealer_is_found_by_its_new_name_only(client: DealersClient) -> None:
    client.import_dealers(dealer_row("D0001", name="深圳联大照明"))
    assert found(client, name="联众") == found(client, name="lz") == []
    assert found(client, name="联大") == found(client, name="szldzm") == ["D0001"]
    assert list(dealers_are_found_by_their_names(Snapshot.of(raw for _, raw in client.world.cloud.rows()))) == []


def test_new_dealer_with_thirty_users_and_a_long_name_is_imported(client: DealersClient) -> None:
    users = [user_row(f"u-{number}", "dealer_buyer") for number in range(29)]
    row = dealer_row("D0009", *users, user_row("boss"), name="广州市天河区" * 10)
    answer = client.import_dealers(row)
    assert answer.json["users"]["created"] == 30
    assert found(client, name="天河") == ["D0009"]
    row["name"] = "深圳市福田区" * 10
    changed = [user | {"name": f"新 {number}"} for number, user in enumerate(row["users"])]
    assert client.import_dealers(row | {"users": changed}).json["users"]["changed"] == 30
    assert found(client, name="福田") == ["D0009"]


def test_look_up_reads_no_more_when_more_dealers_are_stored(client: DealersClient) -> None:
    def units() -> float:
        with metered() as meter:
            client.get("/dealers", name="联众", limit=10)
        return meter.units

    before = units()
    client.import_dealers(*(dealer_row(f"D1{number:03d}", name=f"惠州明亮 {number}") for number in range(60)))
    assert units() == before


def test_history_shows_who_changed_the_terms_and_why(client: DealersClient) -> None:
    client.put_terms("D0001", payment_days=45, reason="年度调整")
    client.put_terms("D0001", payment_days=60, version=2, reason="旺季")
    answer = client.get("/dealers/D0001/terms/history", limit=1)
    assert [(one["reason"], one["author"]) for one in answer.json["changes"]] == [("旺季", "u-admin")]
    assert (answer.json["changes"][0]["before"], answer.json["changes"][0]["after"]) == (
        {"payment_days": 45},
        {"payment_days": 60},
    )
    older = client.get("/dealers/D0001/terms/history", limit=5, cursor=answer.json["next_cursor"]).json
    assert [one["reason"] for one in older["changes"]] == ["年度调整"]
    assert older["next_cursor"] is None
    assert client.get("/dealers/D0002/terms/history").json["changes"] == []
    assert client.get("/dealers/D0099/terms/history").status == 404


@given(st.text(alphabet="广州联众鑫光囧灯 LEDa(#", min_size=1, max_size=60), st.data())
def test_every_part_of_the_beginning_of_a_name_finds_it(name: str, data: st.DataObject) -> None:
    folded = fold(name)
    assert len(name_entries(name)) <= 2 * MOST_BEGINNINGS
    for at in range(min(len(folded), MOST_BEGINNINGS)):
        length = data.draw(st.integers(1, 2 * LONGEST_ENTRY))
        assert matching_entries(name, folded[at : at + length]) != []
