"""Contract with botocore: responses of DynamoDB are parsed exactly as botocore's own parser does (docs/adr/0015)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.parsers import JSONParser
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from kernel.store import aws
from kernel.store.response_parser import StoredValueParserFactory

_MODEL = Session().get_service_model("dynamodb")
_TEXT = st.text(max_size=5)
_BASE64 = st.binary(max_size=9).map(lambda content: base64.b64encode(content).decode())
_NUMBER = st.integers().map(str)


def of_kind(kind: str, content: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return content.map(lambda value: {kind: value})


SCALARS = (
    of_kind("S", _TEXT)
    | of_kind("N", _NUMBER)
    | of_kind("B", _BASE64)
    | of_kind("SS", st.lists(_TEXT, max_size=3))
    | of_kind("NS", st.lists(_NUMBER, max_size=3))
    | of_kind("BS", st.lists(_BASE64, max_size=3))
    | of_kind("BOOL", st.booleans())
    | of_kind("NULL", st.just(True))
)
#: Names of attributes that are also names of kinds, too.
NAMES = _TEXT | st.sampled_from(["N", "B", "BS", "L", "M", "S"])
VALUES = st.recursive(
    SCALARS,
    lambda values: (
        of_kind("L", st.lists(values, max_size=4)) | of_kind("M", st.dictionaries(NAMES, values, max_size=4))
    ),
    max_leaves=12,
)
ITEMS = st.dictionaries(NAMES, VALUES, max_size=5)


def parsed_alike(operation: str, body: dict[str, Any], status: int = 200) -> Any:
    """Parse a response with both parsers; check that the results are the same and return them."""
    shape: Any = _MODEL.operation_model(operation).output_shape
    response = {
        "status_code": status,
        "headers": {"x-amzn-requestid": "r-1"},
        "body": json.dumps(body).encode(),
        "context": {},
    }
    ours = StoredValueParserFactory().create_parser("json").parse(response, shape)
    assert ours == JSONParser().parse(response, shape)
    return ours


@given(st.lists(ITEMS, max_size=4), ITEMS)
def test_query_is_parsed_as_by_botocore(items: list[Any], last: dict[str, Any]) -> None:
    parsed_alike("Query", {"Items": items, "Count": len(items), "ScannedCount": 9, "LastEvaluatedKey": last})


@given(st.lists(ITEMS, max_size=3), ITEMS)
def test_batch_is_parsed_as_by_botocore(items: list[Any], key: dict[str, Any]) -> None:
    unprocessed = {"table": {"Keys": [key], "ConsistentRead": True}}
    parsed_alike("BatchGetItem", {"Responses": {"table": items}, "UnprocessedKeys": unprocessed})


@given(ITEMS)
def test_item_is_parsed_as_by_botocore(item: dict[str, Any]) -> None:
    parsed_alike("GetItem", {"Item": item})
    parsed_alike("UpdateItem", {"Attributes": item, "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 0.5}})


@given(ITEMS)
def test_items_of_a_refused_transaction_are_parsed_as_by_botocore(item: dict[str, Any]) -> None:
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": item, "Message": "The condition failed"}]
    code = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
    body = {"__type": code, "message": "cancelled", "CancellationReasons": reasons}
    response: dict[str, Any] = {"status_code": 400, "headers": {}, "body": json.dumps(body).encode(), "context": {}}
    shape = _MODEL.shape_for("TransactionCanceledException")
    ours = StoredValueParserFactory().create_parser("json").parse(response, shape)
    assert ours == JSONParser().parse(response, shape)
    assert parsed_alike("TransactWriteItems", body, 400)["Error"]["Code"] == "TransactionCanceledException"


def test_binary_content_is_decoded_at_any_depth() -> None:
    item = {"a": {"L": [{"N": "1"}, {"M": {"B": {"B": "AP8="}}}, {"BS": ["AQ=="]}]}}
    found = parsed_alike("GetItem", {"Item": item})["Item"]
    assert found == {"a": {"L": [{"N": "1"}, {"M": {"B": {"B": b"\x00\xff"}}}, {"BS": [b"\x01"]}]}}


@pytest.mark.parametrize("service", ["sqs", "events", "secretsmanager"])
def test_other_services_have_no_shape_of_that_name(service: str) -> None:
    assert "AttributeValue" not in Session().get_service_model(service).shape_names


def test_every_client_of_the_process_has_our_parser() -> None:
    client = aws.client("sqs")
    assert isinstance(client._endpoint._response_parser_factory, StoredValueParserFactory)
