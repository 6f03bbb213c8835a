"""Random sequences of the operations our code makes, done to any DynamoDB and written down so as to be compared.

`script` is what is asked, `told` what a DynamoDB answered and holds in the end: items, pages, refusals with their
reasons. What the real one leaves open (the order within a batch, of a set) is put in order first.

Where one of them is known to be different, it stands in `SIGNED_OFF`, and scripts stay clear of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

#: What differs, and why it does not matter here.
SIGNED_OFF = (
    "moto gives no cursor after a last page that is exactly full; DynamoDB and we do. told() drops it",
    "moto calls a transaction invalid if an update in it cannot be reckoned; DynamoDB and we cancel it and say which of"
    " its actions is to blame. told() takes the two for one",
    "moto lets one batch write an item twice; DynamoDB and we refuse it. Scripts stay clear of it",
    "moto does a batch up to its first wrong item; DynamoDB and we do nothing of it. Scripts stay clear of it",
    "moto finds a wrong key in a transaction after the conditions; DynamoDB and we look at keys first. Stayed clear of",
    "moto takes numbers of more than 38 digits; DynamoDB, the emulator and we do not (test_store.py)",
    "moto takes names and values that no expression uses; DynamoDB and we do not (test_store.py)",
    "moto streams an item written unchanged; DynamoDB and we stream changes (test_store.py)",
    "A cursor outside the keys asked for: DynamoDB refuses it, moto and we find nothing behind it. Stayed clear of",
    "We keep the spelling of a number, as moto does; DynamoDB drops trailing zeros, and the services send none",
    "We never answer TransactionConflict, for calls come one after another; kernel tests inject it",
)

Params = dict[str, Any]


class Step(NamedTuple):
    """One call: operation as the client's method is named, and its parameters."""

    operation: str
    params: Params


def script(seed: int, table: str, steps: int = 10) -> list[Step]:
    """What one seed asks of a table."""
    maker = _Maker(seed, table)
    return [maker.step() for _ in range(steps)]


def told(client: Any, table: str, steps: list[Step]) -> list[Any]:
    """Every answer, then every item left in the table."""
    answers = [_answer(client, step) for step in steps]
    return [*answers, sorted(map(_plain, left(client, table)), key=repr)]


def left(client: Any, table: str) -> list[Params]:
    """Every item of a small table."""
    items: list[Params] = client.scan(TableName=table, ConsistentRead=True)["Items"]
    return items


def _answer(client: Any, step: Step) -> Any:
    try:
        answer = getattr(client, step.operation)(**step.params)
    except ClientError as error:
        reasons: list[Any] = [
            (reason["Code"], _plain(reason.get("Item"))) for reason in error.response.get("CancellationReasons", [])
        ]
        if any(code == "ValidationError" for code, _ in reasons):
            return "ValidationException", [], None
        return error.response["Error"]["Code"], reasons, _plain(error.response.get("Item"))
    said = {name: _plain(value) for name, value in answer.items() if name in _SAID and value}
    if "Responses" in answer:
        found = [item for items in answer["Responses"].values() for item in items]
        said["Responses"] = sorted(map(_plain, found), key=repr)
    if said.get("LastEvaluatedKey") and answer["ScannedCount"] == step.params.get("Limit"):
        del said["LastEvaluatedKey"]
    return said


_SAID = {"Item", "Attributes", "Items", "Count", "ScannedCount", "LastEvaluatedKey", "UnprocessedItems"}


def _plain(value: Any) -> Any:
    """The same with sets, and what was read as other than bytes, in one spelling."""
    if isinstance(value, Mapping):
        return {name: sorted(part) if name in ("SS", "NS") else _plain(part) for name, part in sorted(value.items())}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


class _Maker:
    """Makes up calls over a few keys, so that they meet."""

    def __init__(self, seed: int, table: str) -> None:
        self._seed = seed
        self._table = table
        self._random = Random(seed)
        self._tokens = 0
        self._sent: list[Params] = []

    def step(self) -> Step:
        makers: list[Callable[[], Step]] = [
            self._get,
            self._batch_get,
            self._batch_write,
            self._put,
            self._update,
            self._update,
            self._delete,
            self._query,
            self._query,
            self._transact,
            self._transact,
            self._transact,
        ]
        return self._random.choice(makers)()

    def _one_in(self, number: int) -> bool:
        return self._random.randrange(number) == 0

    # ---- values ----

    def _key(self) -> Params:
        return {"pk": {"S": self._random.choice("PQ")}, "sk": {"S": self._random.choice(["A#1", "A#2", "B#1"])}}

    def _number(self) -> Params:
        return {"N": str(self._random.choice([0, 1, 2, 3, -1, 10, 100, 10**20]))}

    def _row(self) -> Params:
        return {"L": [self._number() for _ in range(self._random.randrange(4))]}

    def _item(self) -> Params:
        item: Params = self._key() | {"kind": {"S": self._random.choice(["jar", "pot"])}}
        if not self._one_in(3):
            item["pieces"] = self._number()
        if not self._one_in(3):
            item["row"] = self._row()
        if self._one_in(2):
            item |= {"gsi1pk": {"S": "W"}, "gsi1sk": {"S": self._random.choice(["1", "2", "灯"])}}
        if self._one_in(4):
            item |= {"blob": {"B": b"\x00\xff"}, "flag": {"BOOL": True}, "none": {"NULL": True}}
        if self._one_in(4):
            item |= {"roles": {"SS": ["a", "b"]}, "deep": {"M": {"x": self._number(), "y": {"L": [{"S": "z"}]}}}}
        return item

    # ---- expressions, in PynamoDB's way of writing them ----

    def _conditioned(self, params: Params, names: dict[str, str], values: Params, *, always: bool = False) -> Params:
        """The parameters with a condition, perhaps, and all names and values."""
        if always or not self._one_in(3):
            texts = [self._condition(names, values) for _ in range(self._random.choice([1, 1, 2]))]
            params["ConditionExpression"] = texts[0]
            if len(texts) > 1:
                params["ConditionExpression"] = f"({texts[0]} {self._random.choice(['AND', 'OR'])} {texts[1]})"
        if names:
            params["ExpressionAttributeNames"] = names
        if values:
            params["ExpressionAttributeValues"] = values
        return params

    def _condition(self, names: dict[str, str], values: Params) -> str:
        kind = self._random.randrange(6)
        if kind == 0:
            return f"attribute_exists ({_name(names, self._random.choice(['pk', 'pieces', 'gsi1pk']))})"
        if kind == 1:
            return f"attribute_not_exists ({_name(names, self._random.choice(['pk', 'pieces', 'gsi1pk']))})"
        if kind == 2:
            path = f"{_name(names, 'row')}[{self._random.randrange(3)}]"
            return f"{path} >= {_value(values, self._number())}"
        if kind == 3:
            return f"{_name(names, 'kind')} = {_value(values, {'S': 'jar'})}"
        if kind == 4:
            return f"{_name(names, 'gsi1sk')} < {_value(values, {'S': '2'})}"
        sign = self._random.choice(["=", "<>", "<", "<=", ">", ">="])
        return f"{_name(names, 'pieces')} {sign} {_value(values, self._number())}"

    def _changes(self, names: dict[str, str], values: Params) -> str:
        sets, removes, adds = [], [], []
        if not self._one_in(3):
            sets.append(f"{_name(names, 'kind')} = {_value(values, {'S': 'jar'})}")
        choice = self._random.randrange(6)
        if choice == 0:
            sets.append(f"{_name(names, 'pieces')} = {_value(values, self._number())}")
        elif choice == 1:
            sign = self._random.choice("+-")
            sets.append(f"{_name(names, 'pieces')} = {_name(names, 'pieces')} {sign} {_value(values, self._number())}")
        elif choice == 2:
            adds.append(f"{_name(names, 'pieces')} {_value(values, self._number())}")
        elif choice == 3:
            for position in range(self._random.choice([1, 2])):
                path = f"{_name(names, 'row')}[{position}]"
                sign = self._random.choice("+-")
                sets.append(f"{path} = {path} {sign} {_value(values, self._number())}")
        elif choice == 4:
            sets.append(f"{_name(names, 'row')} = {_value(values, self._row())}")
        if self._one_in(3):
            removes += [_name(names, "gsi1pk"), _name(names, "gsi1sk")]
        elif self._one_in(3):
            sets.append(f"{_name(names, 'gsi1pk')} = {_value(values, {'S': 'W'})}")
            sets.append(f"{_name(names, 'gsi1sk')} = {_value(values, {'S': '3'})}")
        if not (sets or removes or adds):
            removes.append(_name(names, "deep"))
        clauses = {"SET": sets, "REMOVE": removes, "ADD": adds}
        return " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses.items() if parts)

    # ---- calls ----

    def _get(self) -> Step:
        return Step("get_item", {"TableName": self._table, "Key": self._key(), "ConsistentRead": True})

    def _batch_get(self) -> Step:
        keys = [self._key() for _ in range(self._random.randrange(1, 4))]
        return Step("batch_get_item", {"RequestItems": {self._table: {"Keys": keys, "ConsistentRead": True}}})

    def _batch_write(self) -> Step:
        if self._one_in(3):
            requests: list[Params] = [{"DeleteRequest": {"Key": self._key()}}]
        else:
            items = [self._item() for _ in range(self._random.randrange(1, 4))]
            requests = [{"PutRequest": {"Item": one}} for one in {str(item["sk"]): item for item in items}.values()]
        return Step("batch_write_item", {"RequestItems": {self._table: requests}})

    def _put(self) -> Step:
        item = self._item()
        if self._one_in(10):
            item["sk"] = self._random.choice([{"S": ""}, {"N": "1"}])
            return Step("put_item", {"TableName": self._table, "Item": item})
        params = self._conditioned({"TableName": self._table, "Item": item}, {}, {})
        return Step("put_item", params | self._returning("ALL_OLD"))

    def _delete(self) -> Step:
        params = self._conditioned({"TableName": self._table, "Key": self._key()}, {}, {})
        return Step("delete_item", params | self._returning("ALL_OLD"))

    def _update(self) -> Step:
        return Step("update_item", self._updated() | self._returning("ALL_NEW"))

    def _updated(self) -> Params:
        names: dict[str, str] = {}
        values: Params = {}
        change = self._changes(names, values)
        params = {"TableName": self._table, "Key": self._key(), "UpdateExpression": change}
        return self._conditioned(params, names, values)

    def _returning(self, what: str) -> Params:
        returned: Params = {"ReturnValues": what} if self._one_in(2) else {}
        return returned | ({"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if self._one_in(2) else {})

    def _transact(self) -> Step:
        if self._sent and self._one_in(5):
            again = self._random.choice(self._sent)
            other = self._one_in(3)
            return Step("transact_write_items", again | ({"TransactItems": self._acts()} if other else {}))
        self._tokens += 1
        params = {"TransactItems": self._acts(), "ClientRequestToken": f"token-{self._seed}-{self._tokens}"}
        self._sent.append(params)
        return Step("transact_write_items", params)

    def _acts(self) -> list[Params]:
        return [self._act() for _ in range(self._random.choice([1, 2, 2, 3]))]

    def _act(self) -> Params:
        seen: Params = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if not self._one_in(4) else {}
        kind = self._random.choice(["Put", "Update", "Update", "Delete", "ConditionCheck"])
        if kind == "Update":
            return {kind: self._updated() | seen}
        what = {"Item": self._item()} if kind == "Put" else {"Key": self._key()}
        return {
            kind: self._conditioned({"TableName": self._table} | what, {}, {}, always=kind == "ConditionCheck") | seen
        }

    def _query(self) -> Step:
        names: dict[str, str] = {}
        values: Params = {}
        on_index = self._one_in(2)
        hash_name, sort_name = ("gsi1pk", "gsi1sk") if on_index else ("pk", "sk")
        wanted = "W" if on_index else self._random.choice("PQ")
        condition = f"{_name(names, hash_name)} = {_value(values, {'S': wanted})}"
        ranged = self._random.randrange(4)
        if ranged == 1:
            first = _value(values, {"S": self._random.choice(["A#", "1", "2"])})
            condition = f"({condition} AND begins_with ({_name(names, sort_name)}, {first}))"
        elif ranged == 2:
            condition = f"({condition} AND {_name(names, sort_name)} < {_value(values, {'S': 'A#2'})})"
        elif ranged == 3:
            low, high = _value(values, {"S": "1"}), _value(values, {"S": "A#9"})
            condition = f"({condition} AND {_name(names, sort_name)} BETWEEN {low} AND {high})"
        params: Params = {"TableName": self._table, "KeyConditionExpression": condition}
        if self._one_in(2):
            params["FilterExpression"] = f"{_name(names, 'kind')} IN ({_value(values, {'S': 'jar'})})"
        if on_index:
            params["IndexName"] = "gsi1"
        if self._one_in(2):
            params["Limit"] = self._random.randrange(1, 3)
        params["ScanIndexForward"] = not self._one_in(3)
        if ranged == 0 and self._one_in(2):
            start = self._key() | ({"gsi1pk": {"S": "W"}, "gsi1sk": {"S": "2"}} if on_index else {})
            params["ExclusiveStartKey"] = start if on_index else start | {"pk": {"S": wanted}}
        return Step("query", params | {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values})


def _name(names: dict[str, str], name: str) -> str:
    for short, full in names.items():
        if full == name:
            return short
    names[f"#{len(names)}"] = name
    return f"#{len(names) - 1}"


def _value(values: Params, value: Params) -> str:
    values[f":{len(values)}"] = value
    return f":{len(values) - 1}"
