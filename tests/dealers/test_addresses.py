"""Delivery addresses: exactly one active default address, versions, and the copy in the dealer's item."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.delivery_addresses import MAX_ADDRESSES, DeliveryAddress
from kernel.base.problems import Problem
from services.dealers.address_rules import (
    Addresses,
    with_changed_address,
    with_default,
    with_new_address,
    without_address,
)
from services.dealers.invariants import default_addresses_agree
from tests.dealers.fixtures import DealersClient, dealer_row, user_row
from tests.support.company_data import address_row
from tests.support.gateway import Response
from tests.support.world import World
from tools.audit import Finding, Snapshot

BOOK = "/dealers/D0001/addresses"


@pytest.fixture
def client(fast_world: World) -> DealersClient:
    """Return a client after two dealers were imported."""
    client = DealersClient(fast_world)
    client.publish_price_list("A")
    client.import_dealers(dealer_row("D0001", user_row("ming")), dealer_row("D0002"))
    return client


def contradictions(world: World) -> list[Finding]:
    """Return what the invariants of dealers find."""
    return list(default_addresses_agree(Snapshot.of(raw for _, raw in world.cloud.rows())))


def add(client: DealersClient, version: int, label: str = "仓库", **fields: Any) -> Response:
    return client.post(BOOK, address_row("D0001", label, version=version, **fields))


def put(client: DealersClient, path: str, body: Any) -> Response:
    return client.world.call("dealers", "PUT", f"{BOOK}/{path}", body=body, token=client.admin)


def state(answer: Response) -> tuple[list[str], list[str], int]:
    """Return ids, ids of default addresses, and version."""
    rows = answer.json["addresses"]
    defaults = [row["address_id"] for row in rows if row["is_default"]]
    return [row["address_id"] for row in rows], defaults, answer.json["version"]


def test_first_address_is_the_default_and_another_can_be_chosen(client: DealersClient) -> None:
    assert state(client.get(BOOK)) == ([], [], 0)
    assert state(add(client, 0)) == (["A1"], ["A1"], 1)
    assert state(add(client, 1, "门店")) == (["A1", "A2"], ["A1"], 2)
    assert state(add(client, 2, "工地", make_default=True)) == (["A1", "A2", "A3"], ["A3"], 3)
    assert state(put(client, "A2/default", {"version": 3})) == (["A1", "A2", "A3"], ["A2"], 4)
    assert state(put(client, "A2/default", {"version": 3})) == (["A1", "A2", "A3"], ["A2"], 4)
    assert put(client, "A1/default", {"version": 3}).status == 412
    assert contradictions(client.world) == []


def test_phone_is_stored_in_one_form(client: DealersClient) -> None:
    assert add(client, 0, phone="0757-2233 4455").json["addresses"][0]["phone"] == "+8675722334455"


def test_removal_of_the_default_names_another_unless_it_is_the_last(client: DealersClient) -> None:
    add(client, 0)
    add(client, 1, "门店")
    refused = client.post(f"{BOOK}/A1/remove", {"version": 2})
    assert refused.status == 422
    assert refused.json["errors"][0]["code"] == "missing"
    assert "A2 门店" in refused.json["errors"][0]["detail"]
    unknown = client.post(f"{BOOK}/A1/remove", {"version": 2, "new_default": "A9"})
    assert unknown.json["errors"][0]["code"] == "unknown-address"
    assert state(client.post(f"{BOOK}/A1/remove", {"version": 2, "new_default": "A2"})) == (["A2"], ["A2"], 3)
    assert state(client.post(f"{BOOK}/A2/remove", {"version": 3})) == ([], [], 4)
    assert state(add(client, 4)) == (["A3"], ["A3"], 5)
    assert contradictions(client.world) == []


def test_default_address_stays_active(client: DealersClient) -> None:
    assert add(client, 0, active=False).status == 422
    add(client, 0)
    refused = put(client, "A1", address_row("D0001", version=1, active=False))
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "inactive-address")
    add(client, 1, "门店", active=False)
    assert put(client, "A2/default", {"version": 2}).json["code"] == "inactive-address"


def test_repeated_request_changes_nothing(client: DealersClient) -> None:
    body = address_row("D0001", version=0)
    first, again = client.post(BOOK, body, "k"), client.post(BOOK, body, "k")
    assert first.json == again.json
    changed = address_row("D0001", "门店", version=1)
    assert put(client, "A1", changed).json == put(client, "A1", changed).json
    assert state(client.get(BOOK)) == (["A1"], ["A1"], 2)


def test_change_of_terms_and_import_leave_addresses_unchanged(client: DealersClient) -> None:
    add(client, 0)
    assert client.put_terms("D0001", payment_days=45).status == 200
    assert client.import_dealers(dealer_row("D0001", user_row("ming"), territory="广东 佛山")).status == 200
    assert state(client.get(BOOK)) == (["A1"], ["A1"], 1)
    assert contradictions(client.world) == []


def test_dealer_has_fifty_addresses_at_most(client: DealersClient) -> None:
    for version in range(MAX_ADDRESSES):
        assert add(client, version).status == 201
    refused = add(client, MAX_ADDRESSES)
    assert (refused.status, refused.json["code"]) == (409, "too-many-addresses")


def address(address_id: str, *, active: bool) -> DeliveryAddress:
    return DeliveryAddress(address_id, "仓库", "广东省", "佛山市", "顺德区", "北路", "李", "+8613812345678", active)


IDS = st.sampled_from([f"A{number}" for number in range(1, 8)])
CHANGES: st.SearchStrategy[Callable[[Addresses], Addresses]] = st.one_of(
    st.builds(
        lambda active, default: (
            lambda before: with_new_address(before, address("", active=active), make_default=default)
        ),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(
        lambda id_, active: lambda before: with_changed_address(before, address(id_, active=active)), IDS, st.booleans()
    ),
    st.builds(lambda id_: lambda before: with_default(before, id_), IDS),
    st.builds(lambda id_, default: lambda before: without_address(before, id_, default), IDS, st.none() | IDS),
)


@given(st.lists(CHANGES, max_size=30))
def test_addresses_have_one_active_default_after_any_changes(changes: list[Callable[[Addresses], Addresses]]) -> None:
    addresses, ever = Addresses(), set[str]()
    for change in changes:
        before = {one.address_id for one in addresses.all}
        with suppress(Problem):
            addresses = change(addresses)
        after = [one.address_id for one in addresses.all]
        assert len(after) == len(set(after))
        assert not (set(after) - before) & ever
        ever |= set(after)
        assert (addresses.default_id is None) == (not addresses.all)
        assert addresses.default is None or addresses.default.active
        assert (addresses.default is None) == (not addresses.all)
