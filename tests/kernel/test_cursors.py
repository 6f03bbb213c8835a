"""Cursors and sealed values: only what we sealed, unaltered, and only where it belongs."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from kernel.base.problems import BadRequest
from kernel.base.settings import settings
from kernel.store import aws, cursors
from kernel.store.cursors import Forged, next_cursor, open_cursor, seal, unseal
from tests.kernel.desk import Desk, sheet
from tests.world import SEALING_KEY, Response, World

BOUND = ["D0001", "orders", ""]
KEY = {"pk": {"S": "ORDERS#D0001"}, "sk": {"S": "HEADER#000123"}}


def test_a_cursor_opens_where_it_was_made(world: World) -> None:
    cursor = next_cursor(BOUND, KEY)
    assert open_cursor(BOUND, cursor) == KEY
    assert "D0001" not in str(cursor)


def test_the_last_page_has_no_cursor_and_the_first_needs_none(world: World) -> None:
    assert next_cursor(BOUND, None) is None
    assert open_cursor(BOUND, None) is None


def test_after_a_change_of_keys_the_new_one_seals_and_the_old_one_still_opens(world: World) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()

    def keys(secret: str) -> None:
        aws.secrets().put_secret_value(SecretId=settings().sealing_key_name, SecretString=secret)
        cursors._box.cache_clear()

    keys(old)
    earlier = seal("先前")
    keys(f"{new}, {old}")
    assert unseal(earlier) == "先前"
    later = seal("后来")
    keys(new)
    assert unseal(later) == "后来"
    with pytest.raises(Forged):
        unseal(earlier)
    keys(SEALING_KEY)


@pytest.mark.parametrize(
    "other", [["D0002", "orders", ""], ["D0001", "stock", ""], ["D0001", "orders", "x"], [], ["D0001"]]
)
def test_a_cursor_opens_for_no_other_caller_route_or_filter(world: World, other: list[str]) -> None:
    with pytest.raises(BadRequest) as refused:
        open_cursor(other, next_cursor(BOUND, KEY))
    assert refused.value.code == "bad-cursor"


def test_no_flipped_bit_of_a_cursor_goes_unnoticed(world: World) -> None:
    cursor = str(next_cursor(BOUND, KEY))
    accepted = 0
    for at, character in enumerate(cursor):
        for bit in range(7):
            flipped = cursor[:at] + chr(ord(character) ^ 1 << bit) + cursor[at + 1 :]
            try:
                open_cursor(BOUND, flipped)
                accepted += 1
            except BadRequest:
                pass
    assert accepted == 0


@pytest.mark.parametrize(
    "cursor", ["", "x", "gAAAAA==", "null", "{}", "灯", "\udcff", "=" * 100, "A" * 7_000, "../..", "\x00"]
)
def test_what_is_no_cursor_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(BadRequest):
        open_cursor(BOUND, cursor)


@pytest.mark.parametrize(
    "value", ["ab", "abc", [], [1], [1, 2, 3], {"a": 1, "b": 2}, 5, None, True, [BOUND, "key"], [BOUND, None]]
)
def test_what_we_sealed_for_something_else_is_no_cursor(world: World, value: object) -> None:
    with pytest.raises(BadRequest):
        open_cursor(BOUND, seal(value))


def test_a_token_sealed_under_another_key_is_forged(world: World) -> None:
    with pytest.raises(Forged):
        unseal(Fernet(Fernet.generate_key()).encrypt(b'"x"').decode())


@pytest.mark.parametrize("value", ["whsec_…", {"a": [1, None, "灯"]}, "", [], None])
def test_what_is_sealed_comes_back_as_it_was(world: World, value: object) -> None:
    assert unseal(seal(value)) == value


def test_the_same_value_is_never_sealed_alike(world: World) -> None:
    assert seal("x") != seal("x")


def test_the_key_is_fetched_once_per_process(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import faults

    cursors._box.cache_clear()
    calls = faults.calls_of(lambda: [seal(number) for number in range(5)])
    assert [(call.service, call.operation) for call in calls] == [("secretsmanager", "GetSecretValue")]


# ---- at a route ----


def page(world: World, dealer: str = "D0001", path: str = "/sheets", **query: object) -> Response:
    return world.call("desk", "GET", path, query=query, token=world.token(dealer_id=dealer))


@pytest.fixture
def five_sheets(world: World, desk: Desk) -> None:
    for number in range(5):
        for dealer in ("D0001", "D0002"):
            token = world.token(dealer_id=dealer)
            world.call("desk", "POST", "/sheets", body=sheet(), token=token, key=f"k-{number}")


def test_pages_add_up_to_the_whole_without_gap_or_repeat(world: World, five_sheets: None) -> None:
    found: list[str] = []
    cursor = None
    pages = 0
    while True:
        answer = page(world, cursor=cursor)
        found += [number for number in answer.json["numbers"] if len(number) == 4]
        pages += 1
        cursor = answer.json["cursor"]
        if cursor is None:
            break
    assert found == ["0001", "0003", "0005", "0007", "0009"]
    assert pages > 2


def test_a_cursor_is_refused_for_another_dealer_route_or_filter(world: World, five_sheets: None) -> None:
    cursor = page(world).json["cursor"]
    for answer in (
        page(world, "D0002", cursor=cursor),
        page(world, path="/others", cursor=cursor),
        page(world, cursor=cursor, title="x"),
        page(world, cursor=cursor[:-2]),
        page(world, cursor=""),
    ):
        assert (answer.status, answer.json["code"]) == (400, "bad-cursor")
    assert page(world, cursor=cursor).status == 200
