"""Transactions: conditional writes of several items, all or none, with labelled refusals."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from kernel.base.problems import Busy
from kernel.base.settings import settings
from kernel.store.items import Item, Key

#: DynamoDB's limit on the actions of one transaction.
MAX_ACTIONS = 100


class CancellationReason(NamedTuple):
    """Why one action of a transaction could not be done, and the item as it stands where the database told."""

    code: str
    item: dict[str, Any] | None


class TransactionRefused(Exception):
    """Nothing was written, because the conditions of the actions named here did not hold."""

    def __init__(self, reasons: Mapping[str, CancellationReason]) -> None:
        super().__init__(", ".join(f"{label}: {reason.code}" for label, reason in reasons.items()))
        self.reasons = reasons

    def __contains__(self, label: str) -> bool:
        return label in self.reasons


class Transaction:
    """All or nothing over the one table, every action under a label by which a refusal is reported.

    The client request token is fixed when the object is made, so however often the SDK sends it, it counts once.
    """

    def __init__(self) -> None:
        self._token = str(uuid4())
        self._checks: list[_Act] = []
        self._deletes: list[_Act] = []
        self._puts: list[_Act] = []
        self._updates: list[_Act] = []

    def __len__(self) -> int:
        return len(self._checks) + len(self._deletes) + len(self._puts) + len(self._updates)

    def check(self, kind: type[Item], key: Key, condition: Condition, label: str) -> None:
        """Go ahead only if this item, left as it is, meets the condition."""
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
        """Write an item whole, replacing what stands at its key if the condition allows."""
        self._puts.append((label, item.get_save_kwargs_from_instance(condition, _ALL_OLD)))

    def update(
        self, kind: type[Item], key: Key, actions: Sequence[Action], condition: Condition | None, label: str
    ) -> None:
        """Change single attributes under a condition; the item as it stands comes back with a refusal.

        An update may be what makes the item, so it always says of what kind it is.
        """
        update = kind._get_connection().get_operation_kwargs(
            key[0],
            range_key=key[1],
            actions=[*actions, kind.kind.set(kind)],
            condition=condition,
            return_values_on_condition_failure=_ALL_OLD,
        )
        self._updates.append((label, update))

    def update_fields(
        self,
        kind: type[Item],
        key: Key,
        values: Mapping[str, Any],
        *,
        expected: Mapping[str, Any] | None = None,
        increments: Mapping[str, int] | None = None,
        label: str,
    ) -> None:
        """Let attributes have these values by name, None to take one away; as `update`, for a fraction of its price.

        Args:
            expected: attributes that must still be what they were when they were read, None for one that was not there.
            increments: counters, and by how much they grow from whatever they are.
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

        unchanged = [
            f"attribute_not_exists({named(name)})" if value is None else f"{named(name)}={valued(name, value)}"
            for name, value in (expected or {}).items()
        ]
        clauses = {
            "SET": [f"{named(name)}={valued(name, value)}" for name, value in values.items() if value is not None]
            + [f"{named('kind')}={valued('kind', kind)}"],
            "REMOVE": [named(name) for name, value in values.items() if value is None],
            "ADD": [f"{named(name)} {valued(name, more)}" for name, more in (increments or {}).items()],
        }
        update = {
            **_at(key),
            "UpdateExpression": " ".join(f"{verb} {','.join(parts)}" for verb, parts in clauses.items() if parts),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": stored,
            "ReturnValuesOnConditionCheckFailure": _ALL_OLD,
        }
        if unchanged:
            update["ConditionExpression"] = " AND ".join(unchanged)
        self._updates.append((label, update))

    def update_expression(
        self, key: Key, expression: str, condition: str, values: Mapping[str, int], label: str
    ) -> None:
        """Change numbers of an item that exists, by expressions in the database's own words.

        For changes of so many parts that PynamoDB's expressions would cost more than the rest of the request.
        """
        update = {
            **_at(key),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {name: {"N": str(value)} for name, value in values.items()},
            "ReturnValuesOnConditionCheckFailure": _ALL_OLD,
        }
        self._updates.append((label, update))

    def delete(self, kind: type[Item], key: Key, condition: Condition | None, label: str) -> None:
        """Remove an item."""
        self._deletes.append((label, kind.get_operation_kwargs_from_class(key[0], key[1], condition=condition)))

    def commit(self) -> None:
        """Write everything, or nothing.

        Raises:
            TransactionRefused: a condition did not hold; says which.
            Busy: other transactions kept touching the same items through all retries; the same work may be tried again.
        """
        # The order in which PynamoDB sends the four lists; reasons come back in this order.
        labels = [label for label, _ in (*self._checks, *self._deletes, *self._puts, *self._updates)]
        token = self._token
        for attempt in range(_ATTEMPTS):
            try:
                Item._get_connection().connection.transact_write_items(
                    *(
                        [written for _, written in acts]
                        for acts in (self._checks, self._deletes, self._puts, self._updates)
                    ),
                    client_request_token=token,
                )
                return
            except TransactWriteError as error:
                refused = _reasons(error, labels)
                if any(reason.code == "ConditionalCheckFailed" for reason in refused.values()):
                    raise TransactionRefused(
                        {label: reason for label, reason in refused.items() if reason.code == "ConditionalCheckFailed"}
                    ) from error
                if refused and all(reason.code in _PASSING for reason in refused.values()):
                    # A cancelled attempt wrote nothing, and its token is spent: the next one needs its own.
                    token = str(uuid4())
                elif _said(error) not in _UNDER_WAY:
                    raise
                _pause(attempt)
        raise Busy


def _at(key: Key) -> dict[str, Any]:
    return {"TableName": settings().table, "Key": {"pk": {"S": key[0]}, "sk": {"S": key[1]}}}


#: A label and the action in the words of the API.
_Act = tuple[str, dict[str, Any]]
_ALL_OLD = "ALL_OLD"
_ATTEMPTS = 6
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
#: The attempt may yet succeed, so it is asked for again under its own token.
_UNDER_WAY = frozenset({"TransactionInProgressException"})


def _said(error: TransactWriteError) -> str | None:
    """What the database answered; None if no answer came (then PynamoDB's own property fails)."""
    response = getattr(error.cause, "response", None)
    return response["Error"]["Code"] if response else None


def _reasons(error: TransactWriteError, labels: list[str]) -> dict[str, CancellationReason]:
    reasons = error.cancellation_reasons
    return {
        label: CancellationReason(reason.code, reason.raw_item)
        for label, reason in zip(labels, reasons, strict=False)
        if reason is not None
    }


def _pause(attempt: int) -> None:
    """Full jitter, at most 20 ms x 2^attempt: conflicts come from transactions that last a few milliseconds."""
    time.sleep(random.uniform(0, 0.02 * 2**attempt))
