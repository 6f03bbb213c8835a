"""The fast DynamoDB follows the documentation of AWS where moto is less strict."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fast_aws.dynamodb import DynamoDB
from tests.fast_aws.items import ServiceError
from tests.support.clock import MONDAY_MORNING

KEY = {"pk": {"S": "P"}, "sk": {"S": "1"}}


class Time:
    """A clock that tests set."""

    now: datetime = MONDAY_MORNING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def dynamodb(time: Time) -> DynamoDB:
    return DynamoDB("t", time)


def put(dynamodb: DynamoDB, **attributes: Any) -> None:
    dynamodb.answer("PutItem", {"TableName": "t", "Item": KEY | attributes})


def error_code(dynamodb: DynamoDB, operation: str, params: dict[str, Any]) -> str:
    """Return the error code of a call, after checking that the call changed nothing."""
    before, stream_length = dict(dynamodb.rows()), len(dynamodb.contents.stream)
    with pytest.raises(ServiceError) as raised:
        dynamodb.answer(operation, params)
    assert (dict(dynamodb.rows()), len(dynamodb.contents.stream)) == (before, stream_length)
    return raised.value.code


def put_actions(number: int) -> list[dict[str, Any]]:
    return [{"Put": {"TableName": "t", "Item": {"pk": {"S": "P"}, "sk": {"S": f"{n}"}}}} for n in range(number)]


@pytest.mark.parametrize("number", ["1" * 39, "1E126", "-1E126", "Infinity", "NaN", "one"])
def test_put_refuses_number_out_of_range(dynamodb: DynamoDB, number: str) -> None:
    item = KEY | {"pieces": {"L": [{"M": {"n": {"N": number}}}]}}
    assert error_code(dynamodb, "PutItem", {"TableName": "t", "Item": item}) == "ValidationException"


def test_update_refuses_sum_of_more_than_38_digits(dynamodb: DynamoDB) -> None:
    put(dynamodb, pieces={"N": "9" * 38})
    change = {
        "TableName": "t",
        "Key": KEY,
        "UpdateExpression": "ADD #0 :0",
        "ExpressionAttributeNames": {"#0": "pieces"},
        "ExpressionAttributeValues": {":0": {"N": "2"}},
    }
    assert error_code(dynamodb, "UpdateItem", change) == "ValidationException"


def test_put_refuses_item_of_more_than_400_kb(dynamodb: DynamoDB) -> None:
    put(dynamodb, text={"S": "灯" * 136_500})
    too_long = KEY | {"text": {"S": "灯" * 136_600}}
    assert error_code(dynamodb, "PutItem", {"TableName": "t", "Item": too_long}) == "ValidationException"


def test_transaction_accepts_100_actions_and_no_repeated_item(dynamodb: DynamoDB) -> None:
    assert error_code(dynamodb, "TransactWriteItems", {"TransactItems": put_actions(101)}) == "ValidationException"
    assert (
        error_code(dynamodb, "TransactWriteItems", {"TransactItems": put_actions(2) + put_actions(1)})
        == "ValidationException"
    )
    dynamodb.answer("TransactWriteItems", {"TransactItems": put_actions(100)})
    assert len(list(dynamodb.rows())) == 100


def test_batch_accepts_25_writes_100_reads_and_no_repeated_key(dynamodb: DynamoDB) -> None:
    writes = [{"PutRequest": {"Item": action["Put"]["Item"]}} for action in put_actions(26)]
    assert error_code(dynamodb, "BatchWriteItem", {"RequestItems": {"t": writes}}) == "ValidationException"
    assert (
        error_code(dynamodb, "BatchWriteItem", {"RequestItems": {"t": writes[:2] + writes[:1]}})
        == "ValidationException"
    )
    keys = [action["Put"]["Item"] for action in put_actions(101)]
    assert error_code(dynamodb, "BatchGetItem", {"RequestItems": {"t": {"Keys": keys}}}) == "ValidationException"


def test_transaction_token_is_valid_for_ten_minutes(dynamodb: DynamoDB, time: Time) -> None:
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
        dynamodb.answer("TransactWriteItems", params)
        assert dynamodb.answer("GetItem", {"TableName": "t", "Key": KEY})["Item"]["pieces"] == {"N": expected}


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
def test_update_refuses_invalid_expression(
    dynamodb: DynamoDB, expression: str, names: dict[str, str], values: dict[str, Any]
) -> None:
    put(dynamodb, kind={"S": "jar"})
    params = {"TableName": "t", "Key": KEY, "UpdateExpression": expression}
    params |= {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    assert error_code(dynamodb, "UpdateItem", params) == "ValidationException"


def test_later_write_changes_neither_read_item_nor_saved_state(dynamodb: DynamoDB) -> None:
    put(dynamodb, row={"L": [{"N": "1"}, {"N": "2"}]})
    read = dynamodb.answer("GetItem", {"TableName": "t", "Key": KEY})["Item"]
    saved = dynamodb.contents.copy()
    change = {
        "TableName": "t",
        "Key": KEY,
        "UpdateExpression": "SET #0[1] = #0[1] + :0",
        "ExpressionAttributeNames": {"#0": "row"},
        "ExpressionAttributeValues": {":0": {"N": "5"}},
    }
    dynamodb.answer("UpdateItem", change)
    assert read["row"] == {"L": [{"N": "1"}, {"N": "2"}]}
    assert dynamodb.find(("P", "1")) == KEY | {"row": {"L": [{"N": "1"}, {"N": "7"}]}}
    dynamodb.contents = saved
    assert dynamodb.find(("P", "1")) == read


def test_stream_contains_only_changes(dynamodb: DynamoDB) -> None:
    put(dynamodb, a={"S": "x"})
    put(dynamodb, a={"S": "x"})
    put(dynamodb, a={"S": "y"})
    dynamodb.answer("DeleteItem", {"TableName": "t", "Key": KEY})
    dynamodb.answer("DeleteItem", {"TableName": "t", "Key": KEY})
    assert [record["eventName"] for record in dynamodb.records(0, 10)] == ["INSERT", "MODIFY", "REMOVE"]


def test_unknown_operation_or_parameter_raises_error(dynamodb: DynamoDB) -> None:
    with pytest.raises(NotImplementedError):
        dynamodb.answer("UpdateTable", {"TableName": "t"})
    with pytest.raises(NotImplementedError):
        dynamodb.answer("Query", {"TableName": "t", "ProjectionExpression": "a"})
