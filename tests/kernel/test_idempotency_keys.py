"""Idempotency-Key: one effect and one answer for all requests of one key."""

from __future__ import annotations

import json

import pytest

from kernel.http.idempotency import IdempotencyKey
from tests.kernel.sample_service import Confirmation, SampleService, Sheet, create_sheet, sheet
from tests.support import faults
from tests.support.gateway import Response
from tests.support.world import World


def test_repeated_key_gives_the_same_bytes_and_one_effect(world: World, service: SampleService) -> None:
    first = create_sheet(world, sheet("灯", 1, 2))
    before = world.snapshot()
    for _ in range(3):
        again = create_sheet(world, sheet("灯", 1, 2))
        assert (again.status, again.text, again.headers) == (first.status, first.text, first.headers)
    assert world.snapshot() == before
    assert len(world.items("SHEETS#")) == 2  # the sheet and its event


def test_field_order_does_not_change_the_request(world: World, service: SampleService) -> None:
    body = {**sheet(), "extra": {"a": 1, "b": 2}}
    first = create_sheet(world, body)
    other = dict(reversed({**body, "extra": {"b": 2, "a": 1}}.items()))
    again = create_sheet(world, raw_body=json.dumps(other, indent=4), body=None)
    assert again.text == first.text
    assert create_sheet(world, {**body, "extra": {"a": 2, "b": 1}}).json["code"] == "idempotency-key-reused"


def test_explicit_default_does_not_change_the_request(world: World, service: SampleService) -> None:
    first = create_sheet(world)
    assert create_sheet(world, {**sheet(), "urgent": False, "extra": {}}).text == first.text
    assert create_sheet(world, {**sheet(), "urgent": True}).json["code"] == "idempotency-key-reused"


def test_reused_key_with_another_body_is_refused_and_changes_nothing(world: World, service: SampleService) -> None:
    create_sheet(world)
    before = world.snapshot()
    answer = create_sheet(world, sheet("二"))
    assert (answer.status, answer.json["code"]) == (422, "idempotency-key-reused")
    assert answer.json["errors"][0]["field"] == "Idempotency-Key"
    assert world.snapshot() == before


def test_key_of_another_dealer_is_another_key(world: World, service: SampleService) -> None:
    first, second = create_sheet(world), create_sheet(world, dealer="D0002")
    assert first.status == second.status == 201
    assert first.json["number"] != second.json["number"]


def test_key_of_a_clerk_named_like_the_dealer_is_another_key(world: World, service: SampleService) -> None:
    first = create_sheet(world)
    token = world.token(role="assistant", sub="D0001")
    second = world.call("sample", "POST", "/sheets", body=sheet(), token=token, key="k-1")
    assert (second.status, second.json["number"] != first.json["number"]) == (201, True)


@pytest.mark.parametrize("key", [None, "", "k" * 256, "k#1", "钥匙", "k\n1", "k\x7f"])
def test_missing_or_malformed_key_is_refused_and_changes_nothing(
    world: World, service: SampleService, key: str | None
) -> None:
    answer = create_sheet(world, key=key)
    assert (answer.status, answer.json["code"]) == (400, "idempotency-key-required")
    assert answer.json["errors"][0]["field"] == "Idempotency-Key"
    assert world.snapshot() == {}


def test_key_header_is_read_in_any_case(world: World, service: SampleService) -> None:
    first = create_sheet(world, key=None, headers={"idempotency-key": "k-1"})
    assert first.status == 201
    assert create_sheet(world).text == first.text


def test_refused_request_leaves_its_key_free(world: World, service: SampleService) -> None:
    assert create_sheet(world, sheet("一", 2_000)).status == 409
    assert create_sheet(world, sheet("一", -1)).status == 422
    assert world.snapshot() == {}
    assert create_sheet(world, sheet("一", 3)).status == 201


def test_repeat_answers_as_before_when_it_would_now_be_refused(world: World, service: SampleService) -> None:
    first = create_sheet(world, sheet("一", 900))
    again = create_sheet(world, sheet("一", 900))
    assert (again.status, again.text) == (first.status, first.text)
    refused = create_sheet(world, sheet("一", 1_001), key="k-2")
    assert refused.status == 409


def test_key_outlives_every_queue_and_then_expires(world: World, service: SampleService) -> None:
    create_sheet(world)
    (record,) = world.items("IDEMPOTENCY#")
    days = (int(record["expires_at"]) - world.clock.moment.timestamp()) / 86_400
    assert 28 < days <= 31


def test_retry_creates_one_sheet_and_one_event_when_any_call_fails(world: World, service: SampleService) -> None:
    def send() -> Response:
        return create_sheet(world)

    points = 0
    for fault in faults.every_point(world, prepare=lambda: None, act=send):
        points += 1
        answer = send()
        assert answer.status == 201, (fault, answer.json)
        kinds = sorted(item["kind"] for item in world.items("SHEETS#"))
        assert kinds == ["event", "test_sheet"], fault
        assert len(world.items("IDEMPOTENCY#")) == 1, fault
        stored = next(item for item in world.items("SHEETS#") if item["kind"] == "test_sheet")
        assert answer.json["number"] == stored["sk"], fault
        assert send().text == answer.text, fault
    assert points >= 5


def test_several_transactions_begin_only_under_an_unused_key(world: World, service: SampleService) -> None:
    from kernel.base.problems import Busy, KeyReused
    from kernel.store.transaction import Transaction

    def key_of(quantity: int) -> IdempotencyKey:
        body = Sheet.model_validate(sheet("一", quantity))
        return IdempotencyKey.of(who="D0001", route="POST /x", key="k", path={}, body=body, status=200)

    key_of(1).reject_if_used()
    transaction = Transaction()
    key_of(1).record_response(transaction, Confirmation(number="1", title="一", pieces=1))
    transaction.commit()
    with pytest.raises(Busy):
        key_of(1).reject_if_used()
    with pytest.raises(KeyReused):
        key_of(2).reject_if_used()
    assert key_of(1).recorded_response() == (200, '{"number":"1","title":"一","pieces":1}')
