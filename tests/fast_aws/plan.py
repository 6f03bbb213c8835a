"""Plan of what one call changes, checked before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.fast_aws import expressions
from tests.fast_aws.items import (
    Item,
    Key,
    ServiceError,
    check_item,
    validation_error,
)
from tests.fast_aws.items import value_bytes as check_value

CONDITION_FAILED = "The conditional request failed"


@dataclass(slots=True)
class Plan:
    """One write of a request, with its condition evaluated."""

    kind: str
    write: Mapping[str, Any]
    key: Key
    old: Item | None
    is_allowed: bool
    update: expressions.Update | None
    values: Mapping[str, Any]

    @property
    def writes(self) -> bool:
        return self.kind != "ConditionCheck"

    def result(self) -> Item | None:
        """Return the item after the write.

        Raises:
            ServiceError: the item may not be stored.
        """
        if self.kind == "Delete":
            return None
        if self.kind == "Put":
            item: Item = self.write["Item"]
        elif self.kind == "Update":
            before = self.old if self.old is not None else dict(self.write["Key"])
            item = self.update.apply(before, self.values) if self.update else before
        else:
            return self.old
        check_item(item)
        return item

    def outcome(self) -> tuple[dict[str, Any], Item | None]:
        """Return the cancellation reason within a transaction ("None": no reason), and the item after the write."""
        if not self.is_allowed:
            shows_item = self.write.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and self.old is not None
            reason = {"Code": "ConditionalCheckFailed", "Message": CONDITION_FAILED} | (
                {"Item": self.old} if shows_item else {}
            )
            return reason, None
        try:
            return {"Code": "None"}, self.result()
        except ServiceError as error:
            return {"Code": "ValidationError", "Message": error.message}, None


def names_and_values(params: Mapping[str, Any]) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    values: Mapping[str, Any] = params.get("ExpressionAttributeValues", {})
    for value in values.values():
        check_value(value)
    return params.get("ExpressionAttributeNames", {}), values


def check_used(names: Mapping[str, str], values: Mapping[str, Any], used: frozenset[str]) -> None:
    if len(names) + len(values) > len(used):
        unused = sorted(({*names, *values}) - used)
        raise validation_error(f"Value provided in ExpressionAttributeNames or Values unused in expressions: {unused}")
