"""Costs of reads: DynamoDB's published rules applied to the answers of calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

_UNIT = 4_096
_BRACKETS = 3
_READS = {"GetItem", "BatchGetItem", "Query"}


def item_bytes(item: Mapping[str, Any]) -> int:
    """The size of an item in DynamoDB's typed JSON: UTF-8 of the names, and of each value by its type."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def read_units(sizes: list[int], *, together: bool, consistent: bool) -> float:
    """Units for items of these sizes in bytes, 0 for one that is absent.

    A query rounds their sum up to 4 KB (`together`), a batch rounds every item up; nothing is free, and an eventually
    consistent read costs half.
    """
    blocks = [max(1, ceil(sum(sizes) / _UNIT))] if together else [max(1, ceil(size / _UNIT)) for size in sizes]
    return sum(blocks) * (1.0 if consistent else 0.5)


@dataclass
class Meter:
    """The reads made while it ran: (operation, units) each."""

    reads: list[tuple[str, float]] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """Requests sent."""
        return len(self.reads)

    @property
    def units(self) -> float:
        """Read units of all of them."""
        return sum(units for _, units in self.reads)


@contextmanager
def metered() -> Iterator[Meter]:
    """Note what every read of DynamoDB costs meanwhile."""
    meter = Meter()
    send: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def noting(client: BaseClient, operation: str, request: dict[str, Any]) -> Any:
        answer = send(client, operation, request)
        if operation in _READS:
            meter.reads.append((operation, cost(operation, request, answer)))
        assert operation != "Scan"
        return answer

    with patch.object(BaseClient, "_make_api_call", noting):
        yield meter


def cost(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """Units of one call; what is no read costs none."""
    if operation not in _READS:
        return 0.0
    if operation == "GetItem":
        size = item_bytes(answer.get("Item", {}))
        return read_units([size], together=False, consistent=bool(request.get("ConsistentRead")))
    if operation == "Query":
        sizes = [item_bytes(item) for item in answer["Items"]]
        return read_units(sizes, together=True, consistent=bool(request.get("ConsistentRead")))
    total = 0.0
    for table, asked in request["RequestItems"].items():
        sizes = [item_bytes(item) for item in answer["Responses"].get(table, [])]
        sizes += [0] * (len(asked["Keys"]) - len(sizes))
        total += read_units(sizes, together=False, consistent=bool(asked.get("ConsistentRead")))
    return total


def _value_bytes(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    if kind in ("S", "N"):
        # A number takes about a byte for two digits and one more.
        return len(content.encode()) if kind == "S" else ceil(len(content.lstrip("-").replace(".", "")) / 2) + 1
    if kind == "B":
        return len(content)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "L":
        return _BRACKETS + sum(1 + _value_bytes(one) for one in content)
    if kind == "M":
        return _BRACKETS + sum(1 + len(name.encode()) + _value_bytes(one) for name, one in content.items())
    return sum(_value_bytes({kind[0]: one}) for one in content)
