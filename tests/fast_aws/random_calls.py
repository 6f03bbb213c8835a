"""Random sequences of DynamoDB calls, to compare implementations of DynamoDB.

`random_steps` generates calls, `run_steps` returns the answers, errors with their reasons and the items left in the
table. Where DynamoDB guarantees no order (within a batch, in a set), the result is sorted.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fast_aws.run_steps import Params, Step


def random_steps(seed: int, table: str, steps: int = 10) -> list[Step]:
    """Return the calls of one seed."""
    generator = _Generator(seed, table)
    return [generator.step() for _ in range(steps)]


class _Generator:
    """Generates calls over a few keys, so that they affect the same items."""

    def __init__(self, seed: int, table: str) -> None:
        self._seed = seed
        self._table = table
        self._random = Random(seed)
        self._tokens = 0
        self._sent: list[Params] = []

    def step(self) -> Step:
        calls: list[Callable[[], Step]] = [
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
        return self._random.choice(calls)()

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

    # ---- expressions, as PynamoDB writes them ----

    def _with_condition(self, params: Params, names: dict[str, str], values: Params, *, always: bool = False) -> Params:
        """Return the parameters, at random with a condition, and with all names and values."""
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
            requests = [{"PutRequest": {"Item": item}} for item in {str(item["sk"]): item for item in items}.values()]
        return Step("batch_write_item", {"RequestItems": {self._table: requests}})

    def _put(self) -> Step:
        item = self._item()
        if self._one_in(10):
            item["sk"] = self._random.choice([{"S": ""}, {"N": "1"}])
            return Step("put_item", {"TableName": self._table, "Item": item})
        params = self._with_condition({"TableName": self._table, "Item": item}, {}, {})
        return Step("put_item", params | self._return_values("ALL_OLD"))

    def _delete(self) -> Step:
        params = self._with_condition({"TableName": self._table, "Key": self._key()}, {}, {})
        return Step("delete_item", params | self._return_values("ALL_OLD"))

    def _update(self) -> Step:
        return Step("update_item", self._update_params() | self._return_values("ALL_NEW"))

    def _update_params(self) -> Params:
        names: dict[str, str] = {}
        values: Params = {}
        change = self._changes(names, values)
        params = {"TableName": self._table, "Key": self._key(), "UpdateExpression": change}
        return self._with_condition(params, names, values)

    def _return_values(self, values: str) -> Params:
        returned: Params = {"ReturnValues": values} if self._one_in(2) else {}
        return returned | ({"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if self._one_in(2) else {})

    def _transact(self) -> Step:
        if self._sent and self._one_in(5):
            repeated = self._random.choice(self._sent)
            changes = {"TransactItems": self._writes()} if self._one_in(3) else {}
            return Step("transact_write_items", repeated | changes)
        self._tokens += 1
        params = {"TransactItems": self._writes(), "ClientRequestToken": f"token-{self._seed}-{self._tokens}"}
        self._sent.append(params)
        return Step("transact_write_items", params)

    def _writes(self) -> list[Params]:
        return [self._write() for _ in range(self._random.choice([1, 2, 2, 3]))]

    def _write(self) -> Params:
        on_failure: Params = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if not self._one_in(4) else {}
        kind = self._random.choice(["Put", "Update", "Update", "Delete", "ConditionCheck"])
        if kind == "Update":
            return {kind: self._update_params() | on_failure}
        subject = {"Item": self._item()} if kind == "Put" else {"Key": self._key()}
        return {
            kind: self._with_condition({"TableName": self._table} | subject, {}, {}, always=kind == "ConditionCheck")
            | on_failure
        }

    def _query(self) -> Step:
        names: dict[str, str] = {}
        values: Params = {}
        on_index = self._one_in(2)
        hash_name, sort_name = ("gsi1pk", "gsi1sk") if on_index else ("pk", "sk")
        partition = "W" if on_index else self._random.choice("PQ")
        condition = f"{_name(names, hash_name)} = {_value(values, {'S': partition})}"
        sort_condition = self._random.randrange(4)
        if sort_condition == 1:
            first = _value(values, {"S": self._random.choice(["A#", "1", "2"])})
            condition = f"({condition} AND begins_with ({_name(names, sort_name)}, {first}))"
        elif sort_condition == 2:
            condition = f"({condition} AND {_name(names, sort_name)} < {_value(values, {'S': 'A#2'})})"
        elif sort_condition == 3:
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
        if sort_condition == 0 and self._one_in(2):
            start = self._key() | ({"gsi1pk": {"S": "W"}, "gsi1sk": {"S": "2"}} if on_index else {})
            params["ExclusiveStartKey"] = start if on_index else start | {"pk": {"S": partition}}
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
