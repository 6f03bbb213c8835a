"""Cursors and sealed values: accepted only unaltered, and only for the caller, route and filter they were made for."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from kernel.base.problems import BadRequest
from kernel.base.settings import settings
from kernel.store import aws
from kernel.store.cursors import Forged, next_cursor, open_cursor, seal, unseal
from tests.kernel.sample_service import SampleService, sheet
from tests.support.caches import clear_process_caches
from tests.support.functions import SEALING_KEY
from tests.support.gateway import Response
from tests.support.world import World

BOUND = ["D0001", "orders", ""]
KEY = {"pk": {"S": "ORDERS#D0001"}, "sk": {"S": "HEADER#000123"}}


def test_cursor_opens_for_the_same_list(world: World) -> None:
    cursor = next_cursor(BOUND, KEY)
    assert open_cursor(BOUND, cursor) == KEY
    assert "D0001" not in str(cursor)


def test_last_page_has_no_cursor_and_first_page_needs_none(world: World) -> None:
    assert next_cursor(BOUND, None) is None
    assert open_cursor(BOUND, None) is None


def test_new_key_seals_and_old_key_still_opens(world: World) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()

    def set_keys(secret: str) -> None:
        aws.secrets().put_secret_value(SecretId=settings().sealing_key_name, SecretString=secret)
        clear_process_caches()

    set_keys(old)
    earlier = seal("先前")
    set_keys(f"{new}, {old}")
    assert unseal(earlier) == "先前"
    later = seal("后来")
    set_keys(new)
    assert unseal(later) == "后来"
    with pytest.raises(Forged):
        unseal(earlier)
    set_keys(SEALING_KEY)


@pytest.mark.parametrize(
    "other", [["D0002", "orders", ""], ["D0001", "stock", ""], ["D0001", "orders", "x"], [], ["D0001"]]
)
def test_cursor_opens_for_no_other_caller_route_or_filter(world: World, other: list[str]) -> None:
    with pytest.raises(BadRequest) as refused:
        open_cursor(other, next_cursor(BOUND, KEY))
    assert refused.value.code == "bad-cursor"


def test_cursor_with_any_flipped_bit_is_refused(world: World) -> None:
    cursor = str(next_cursor(BOUND, KEY))
    accepted = 0
    for position, character in enumerate(cursor):
        for bit in range(7):
            flipped = cursor[:position] + chr(ord(character) ^ 1 << bit) + cursor[position + 1 :]
            try:
                open_cursor(BOUND, flipped)
                accepted += 1
            except BadRequest:
                pass
    assert accepted == 0


@pytest.mark.parametrize(
    "cursor", ["", "x", "gAAAAA==", "null", "{}", "灯", "\udcff", "=" * 100, "A" * 7_000, "../..", "\x00"]
)
def test_cursor_of_any_other_text_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(BadRequest):
        open_cursor(BOUND, cursor)


@pytest.mark.parametrize(
    "value", ["ab", "abc", [], [1], [1, 2, 3], {"a": 1, "b": 2}, 5, None, True, [BOUND, "key"], [BOUND, None]]
)
def test_value_sealed_for_another_purpose_is_no_cursor(world: World, value: object) -> None:
    with pytest.raises(BadRequest):
        open_cursor(BOUND, seal(value))


def test_token_sealed_with_another_key_is_forged(world: World) -> None:
    with pytest.raises(Forged):
        unseal(Fernet(Fernet.generate_key()).encrypt(b'"x"').decode())


@pytest.mark.parametrize("value", ["whsec_…", {"a": [1, None, "灯"]}, "", [], None])
def test_sealed_value_is_returned_unchanged(world: World, value: object) -> None:
    assert unseal(seal(value)) == value


def test_equal_values_have_different_tokens(world: World) -> None:
    assert seal("x") != seal("x")


def test_key_is_fetched_once_per_process(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.support import faults

    clear_process_caches()
    calls = faults.calls_of(lambda: [seal(number) for number in range(5)])
    assert [(call.service, call.operation) for call in calls] == [("secretsmanager", "GetSecretValue")]


# ---- at a route ----


def get_page(world: World, dealer: str = "D0001", path: str = "/sheets", **query: object) -> Response:
    return world.call("sample", "GET", path, query=query, token=world.token(dealer_id=dealer))


@pytest.fixture
def ten_sheets(world: World, service: SampleService) -> None:
    for number in range(5):
        for dealer in ("D0001", "D0002"):
            token = world.token(dealer_id=dealer)
            world.call("sample", "POST", "/sheets", body=sheet(), token=token, key=f"k-{number}")


def test_pages_contain_every_sheet_once_and_in_order(world: World, ten_sheets: None) -> None:
    found: list[str] = []
    cursor = None
    page_count = 0
    while True:
        answer = get_page(world, cursor=cursor)
        found += [number for number in answer.json["numbers"] if len(number) == 4]
        page_count += 1
        cursor = answer.json["cursor"]
        if cursor is None:
            break
    assert found == ["0001", "0003", "0005", "0007", "0009"]
    assert page_count > 2


def test_route_refuses_cursor_of_another_dealer_route_or_filter(world: World, ten_sheets: None) -> None:
    cursor = get_page(world).json["cursor"]
    for answer in (
        get_page(world, "D0002", cursor=cursor),
        get_page(world, path="/others", cursor=cursor),
        get_page(world, cursor=cursor, title="x"),
        get_page(world, cursor=cursor[:-2]),
        get_page(world, cursor=""),
    ):
        assert (answer.status, answer.json["code"]) == (400, "bad-cursor")
    assert get_page(world, cursor=cursor).status == 200
