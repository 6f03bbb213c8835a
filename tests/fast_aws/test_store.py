"""Where moto is laxer than DynamoDB, the fast store is held to the documentation instead of to moto."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fast_aws.items import Refusal
from tests.fast_aws.store import Store
from tests.world import MONDAY_MORNING

KEY = {"pk": {"S": "P"}, "sk": {"S": "1"}}


class Time:
    """A clock to turn."""

    now: datetime = MONDAY_MORNING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def store(time: Time) -> Store:
    return Store("t", time)


def put(store: Store, **attributes: Any) -> None:
    store.answer("PutItem", {"TableName": "t", "Item": KEY | attributes})


def refused(store: Store, operation: str, params: dict[str, Any]) -> str:
    """The code with which it is refused; nothing may have changed."""
    before, streamed = dict(store.rows()), len(store.contents.stream)
    with pytest.raises(Refusal) as raised:
        store.answer(operation, params)
    assert (dict(store.rows()), len(store.contents.stream)) == (before, streamed)
    return raised.value.code


def puts(number: int) -> list[dict[str, Any]]:
    return [{"Put": {"TableName": "t", "Item": {"pk": {"S": "P"}, "sk": {"S": f"{n}"}}}} for n in range(number)]


@pytest.mark.parametrize("number", ["1" * 39, "1E126", "-1E126", "Infinity", "NaN", "one"])
def test_a_number_dynamodb_cannot_hold_is_refused(store: Store, number: str) -> None:
    item = KEY | {"pieces": {"L": [{"M": {"n": {"N": number}}}]}}
    assert refused(store, "PutItem", {"TableName": "t", "Item": item}) == "ValidationException"


def test_a_sum_of_more_than_38_digits_is_refused(store: Store) -> None:
    put(store, pieces={"N": "9" * 38})
    change = {
        "TableName": "t",
        "Key": KEY,
        "UpdateExpression": "ADD #0 :0",
        "ExpressionAttributeNames": {"#0": "pieces"},
        "ExpressionAttributeValues": {":0": {"N": "2"}},
    }
    assert refused(store, "UpdateItem", change) == "ValidationException"


def test_an_item_of_more_than_400_kb_is_refused(store: Store) -> None:
    put(store, text={"S": "灯" * 136_500})
    too_long = KEY | {"text": {"S": "灯" * 136_600}}
    assert refused(store, "PutItem", {"TableName": "t", "Item": too_long}) == "ValidationException"


def test_a_transaction_takes_a_hundred_actions_and_no_item_twice(store: Store) -> None:
    assert refused(store, "TransactWriteItems", {"TransactItems": puts(101)}) == "ValidationException"
    assert refused(store, "TransactWriteItems", {"TransactItems": puts(2) + puts(1)}) == "ValidationException"
    store.answer("TransactWriteItems", {"TransactItems": puts(100)})
    assert len(list(store.rows())) == 100


def test_a_batch_writes_25_items_reads_100_and_none_twice(store: Store) -> None:
    writes = [{"PutRequest": {"Item": act["Put"]["Item"]}} for act in puts(26)]
    assert refused(store, "BatchWriteItem", {"RequestItems": {"t": writes}}) == "ValidationException"
    assert refused(store, "BatchWriteItem", {"RequestItems": {"t": writes[:2] + writes[:1]}}) == "ValidationException"
    keys = [act["Put"]["Item"] for act in puts(101)]
    assert refused(store, "BatchGetItem", {"RequestItems": {"t": {"Keys": keys}}}) == "ValidationException"


def test_a_token_counts_for_ten_minutes(store: Store, time: Time) -> None:
    change = {
        "TableName": "t",
        "Key": KEY,
        "UpdateExpression": "ADD #0 :0",
        "ExpressionAttributeNames": {"#0": "pieces"},
        "ExpressionAttributeValues": {":0": {"N": "1"}},
    }
    params = {"TransactItems": [{"Update": change}], "ClientRequestToken": "token"}
    for minutes, expected in ((0, "1"), (9, "1"), (2, "2")):
        time.now += timedelta(minutes=minutes)
        store.answer("TransactWriteItems", params)
        assert store.answer("GetItem", {"TableName": "t", "Key": KEY})["Item"]["pieces"] == {"N": expected}


@pytest.mark.parametrize(
    ("expression", "names", "values"),
    [
        ("SET #0 = :0", {"#0": "a", "#1": "b"}, {":0": {"S": "x"}}),
        ("SET #0 = :0", {"#0": "a"}, {":0": {"S": "x"}, ":1": {"S": "y"}}),
        ("SET #0 = :0", {}, {":0": {"S": "x"}}),
        ("SET #0 = :0", {"#0": "a"}, {}),
        ("SET #0 = :0, #0 = :0", {"#0": "a"}, {":0": {"S": "x"}}),
        ("SET #0[1] = :0, #0 = :0", {"#0": "a"}, {":0": {"S": "x"}}),
        ("SET #0 = :0", {"#0": "pk"}, {":0": {"S": "x"}}),
        ("SET #0 = #1", {"#0": "a", "#1": "absent"}, {}),
        ("SET #0[0] = :0", {"#0": "absent"}, {":0": {"S": "x"}}),
        ("PUT #0 = :0", {"#0": "a"}, {":0": {"S": "x"}}),
        ("SET #0 = :0 garbage", {"#0": "a"}, {":0": {"S": "x"}}),
        ("ADD #0 :0", {"#0": "kind"}, {":0": {"N": "1"}}),
    ],
)
def test_an_update_that_makes_no_sense_is_refused(
    store: Store, expression: str, names: dict[str, str], values: dict[str, Any]
) -> None:
    put(store, kind={"S": "jar"})
    params = {"TableName": "t", "Key": KEY, "UpdateExpression": expression}
    params |= {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    assert refused(store, "UpdateItem", params) == "ValidationException"


def test_what_was_read_or_saved_stays_as_it_was_whatever_is_written_later(store: Store) -> None:
    put(store, row={"L": [{"N": "1"}, {"N": "2"}]})
    read = store.answer("GetItem", {"TableName": "t", "Key": KEY})["Item"]
    saved = store.contents.copy()
    change = {
        "TableName": "t",
        "Key": KEY,
        "UpdateExpression": "SET #0[1] = #0[1] + :0",
        "ExpressionAttributeNames": {"#0": "row"},
        "ExpressionAttributeValues": {":0": {"N": "5"}},
    }
    store.answer("UpdateItem", change)
    assert read["row"] == {"L": [{"N": "1"}, {"N": "2"}]}
    assert store.find(("P", "1")) == KEY | {"row": {"L": [{"N": "1"}, {"N": "7"}]}}
    store.contents = saved
    assert store.find(("P", "1")) == read


def test_the_stream_tells_of_changes_only(store: Store) -> None:
    put(store, a={"S": "x"})
    put(store, a={"S": "x"})
    put(store, a={"S": "y"})
    store.answer("DeleteItem", {"TableName": "t", "Key": KEY})
    store.answer("DeleteItem", {"TableName": "t", "Key": KEY})
    assert [record["eventName"] for record in store.records(0, 10)] == ["INSERT", "MODIFY", "REMOVE"]


def test_what_the_store_does_not_know_is_said_loudly(store: Store) -> None:
    with pytest.raises(NotImplementedError):
        store.answer("UpdateTable", {"TableName": "t"})
    with pytest.raises(NotImplementedError):
        store.answer("Query", {"TableName": "t", "ProjectionExpression": "a"})
