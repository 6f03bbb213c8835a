"""Transactions: conditional writes of several items, all or none, with labelled refusals."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition

from kernel.base.problems import Busy
from kernel.base.settings import settings
from kernel.store.items import Item, Key

#: DynamoDB's limit on the actions of one transaction.
MAX_ACTIONS = 100


class CancellationReason(NamedTuple):
    """DynamoDB's reason why one action was not done, with the stored item if DynamoDB returned the item."""

    code: str
    item: dict[str, Any] | None


class TransactionRefused(Exception):
    """Nothing was written, because conditions did not hold. `reasons` has the label of every action refused."""

    def __init__(self, reasons: Mapping[str, CancellationReason]) -> None:
        super().__init__(", ".join(f"{label}: {reason.code}" for label, reason in reasons.items()))
        self.reasons = reasons

    def __contains__(self, label: str) -> bool:
        return label in self.reasons


class Transaction:
    """Writes of several items, all or none. A refusal names the labels of the actions that were refused.

    The client request token is fixed at creation: the SDK may send the request again, and DynamoDB counts it once.
    """

    def __init__(self) -> None:
        self._token = str(uuid4())
        self._checks: list[_LabelledAction] = []
        self._deletes: list[_LabelledAction] = []
        self._puts: list[_LabelledAction] = []
        self._updates: list[_LabelledAction] = []

    def __len__(self) -> int:
        return len(self._checks) + len(self._deletes) + len(self._puts) + len(self._updates)

    def check(self, kind: type[Item], key: Key, condition: Condition, label: str) -> None:
        """Require that an item, which stays unchanged, meets the condition."""
        self._checks.append((label, kind.get_operation_kwargs_from_class(key[0], key[1], condition=condition)))

    def create(self, item: Item, label: str) -> None:
        """Write an item that must not exist yet."""
        put = {
            "TableName": settings().table,
            "Item": item.serialize(),
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": _ALL_OLD,
        }
        self._puts.append((label, put))

    def put(self, item: Item, label: str, condition: Condition | None = None) -> None:
        """Write a whole item; an item stored at its key is replaced if it meets the condition."""
        self._puts.append((label, item.get_save_kwargs_from_instance(condition, _ALL_OLD)))

    def update_fields(
        self,
        kind: type[Item],
        key: Key,
        values: Mapping[str, Any],
        *,
        expected: Mapping[str, Any] | None = None,
        condition: Condition | None = None,
        increments: Mapping[str, int] | None = None,
        label: str,
    ) -> None:
        """Set attributes by name, and create the item if there is none.

        Args:
            values: new values by attribute name; None removes the attribute.
            expected: values that must be stored now, None for an attribute that must be absent.
            condition: a further condition, where equality is not enough: a comparison, a choice, the size of a value.
            increments: numbers to add by attribute name; an absent attribute counts as 0.
        """
        attributes = kind.get_attributes()
        names: dict[str, str] = {}
        stored: dict[str, Any] = {}

        def named(name: str) -> str:
            names[f"#{name}"] = attributes[name].attr_name
            return f"#{name}"

        def valued(name: str, value: Any) -> str:
            alias = f":{len(stored)}"
            stored[alias] = {attributes[name].attr_type: attributes[name].serialize(value)}
            return alias

        required = [
            f"attribute_not_exists({named(name)})" if value is None else f"{named(name)}={valued(name, value)}"
            for name, value in (expected or {}).items()
        ]
        if condition is not None:
            # PynamoDB calls values :0, :1 … by their number in `stored`, as here, and names #0, #1 …
            numbered: dict[str, str] = {}
            required.append(condition.serialize(numbered, stored))
            names |= {alias: name for name, alias in numbered.items()}
        clauses = {
            "SET": [f"{named(name)}={valued(name, value)}" for name, value in values.items() if value is not None]
            # An update may create the item, so it always writes the kind.
            + [f"{named('kind')}={valued('kind', kind)}"],
            "REMOVE": [named(name) for name, value in values.items() if value is None],
            "ADD": [f"{named(name)} {valued(name, number)}" for name, number in (increments or {}).items()],
        }
        update = {
            **_table_and_key(key),
            "UpdateExpression": " ".join(f"{verb} {','.join(parts)}" for verb, parts in clauses.items() if parts),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": stored,
            "ReturnValuesOnConditionCheckFailure": _ALL_OLD,
        }
        if required:
            update["ConditionExpression"] = " AND ".join(required)
        self._updates.append((label, update))

    def update_expression(
        self, key: Key, expression: str, condition: str, values: Mapping[str, int], label: str
    ) -> None:
        """Change numbers of an existing item by expressions in DynamoDB's own syntax.

        For changes of elements in lists, and of so many numbers that `update_fields` would cost more than the rest of
        the request.
        """
        update = {
            **_table_and_key(key),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {name: {"N": str(value)} for name, value in values.items()},
            "ReturnValuesOnConditionCheckFailure": _ALL_OLD,
        }
        self._updates.append((label, update))

    def delete(self, kind: type[Item], key: Key, condition: Condition | None, label: str) -> None:
        """Delete an item that meets the condition; without a condition the item may be absent."""
        self._deletes.append((label, kind.get_operation_kwargs_from_class(key[0], key[1], condition=condition)))

    def commit(self) -> None:
        """Write everything or nothing. Conflicts with other transactions are retried.

        Raises:
            TransactionRefused: a condition did not hold; has the labels.
            Busy: other transactions touched the same items at every attempt; the same work may be tried again.
        """
        # The order in which PynamoDB sends the four lists; the reasons return in this order.
        labels = [label for label, _ in (*self._checks, *self._deletes, *self._puts, *self._updates)]
        token = self._token
        for attempt in range(_ATTEMPTS):
            try:
                Item._get_connection().connection.transact_write_items(
                    *(
                        [arguments for _, arguments in actions]
                        for actions in (self._checks, self._deletes, self._puts, self._updates)
                    ),
                    client_request_token=token,
                )
                return
            except TransactWriteError as error:
                reasons = _cancellation_reasons(error, labels)
                if failed := {label: reason for label, reason in reasons.items() if reason.code == _CONDITION_FAILED}:
                    raise TransactionRefused(failed) from error
                if reasons and all(reason.code in _TRANSIENT for reason in reasons.values()):
                    # A cancelled attempt wrote nothing, and its token is used up: the next attempt needs a new token.
                    token = str(uuid4())
                elif _error_code(error) not in _IN_PROGRESS:
                    raise
                _back_off(attempt)
        raise Busy


def _table_and_key(key: Key) -> dict[str, Any]:
    return {"TableName": settings().table, "Key": {"pk": {"S": key[0]}, "sk": {"S": key[1]}}}


#: A label, and the arguments of the action as DynamoDB's API takes them.
_LabelledAction = tuple[str, dict[str, Any]]
_ALL_OLD = "ALL_OLD"
_ATTEMPTS = 6
_CONDITION_FAILED = "ConditionalCheckFailed"
_TRANSIENT = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
#: The attempt may still succeed, so it is repeated under the same token.
_IN_PROGRESS = frozenset({"TransactionInProgressException"})


def _error_code(error: TransactWriteError) -> str | None:
    """Return DynamoDB's error code; None if no response arrived, for which PynamoDB's own property fails."""
    response = getattr(error.cause, "response", None)
    return response["Error"]["Code"] if response else None


def _cancellation_reasons(error: TransactWriteError, labels: list[str]) -> dict[str, CancellationReason]:
    return {
        label: CancellationReason(reason.code, reason.raw_item)
        for label, reason in zip(labels, error.cancellation_reasons, strict=False)
        if reason is not None
    }


def _back_off(attempt: int) -> None:
    """Sleep for up to 20 ms x 2^attempt (full jitter): conflicting transactions last a few milliseconds."""
    time.sleep(random.uniform(0, 0.02 * 2**attempt))
