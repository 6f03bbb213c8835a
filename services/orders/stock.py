"""Moving stock: per shelf one conditional update, all of them in the transaction that says why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from contracts.stock import SLOTS_PER_SHELF, ShelfItem, Slot, shelf_key
from kernel.table import Transaction, TransactionRefused

Pieces = Mapping[int, int]
_Change = Callable[[int, int], tuple[list[Action], Condition]]


def hold(transaction: Transaction, warehouse: str, pieces: Pieces) -> None:
    """Promise pieces per slot, if so many are available."""
    _move(transaction, warehouse, pieces, _hold_at)


def release(transaction: Transaction, warehouse: str, pieces: Pieces) -> None:
    """Give held pieces back to what is available."""
    _move(transaction, warehouse, pieces, _release_at)


def issue(transaction: Transaction, warehouse: str, pieces: Pieces) -> None:
    """Let held pieces leave the warehouse."""
    _move(transaction, warehouse, pieces, _issue_at)


def receive(transaction: Transaction, warehouse: str, pieces: Pieces) -> None:
    """Add pieces that came in; their shelves must exist."""
    _move(transaction, warehouse, pieces, _receive_at)


def empty_shelf(warehouse: str, shelf: int) -> ShelfItem:
    """A shelf before anything came in."""
    zeros = [0] * SLOTS_PER_SHELF
    return ShelfItem(*shelf_key(warehouse, shelf), available=zeros, held=list(zeros))


def refused_shelves(refusal: TransactionRefused) -> dict[int, list[int] | None]:
    """What is available on each shelf that refused, by position; None where the shelf does not exist."""
    found: dict[int, list[int] | None] = {}
    for label, reason in refusal.refused.items():
        if label.startswith(_LABEL):
            found[int(label.removeprefix(_LABEL))] = _available(reason.item)
    return found


def available_by_slot(shelves: Mapping[int, list[int] | None], wanted: Pieces) -> dict[int, int]:
    """Of the wanted slots on these shelves, how many pieces are available."""
    found = {}
    for number in wanted:
        shelf, position = Slot.of(number)
        if shelf in shelves:
            counters = shelves[shelf]
            found[number] = counters[position] if counters else 0
    return found


_LABEL = "shelf "


def _move(transaction: Transaction, warehouse: str, pieces: Pieces, change: _Change) -> None:
    by_shelf: dict[int, dict[int, int]] = defaultdict(dict)
    for number, quantity in pieces.items():
        if quantity:
            shelf, position = Slot.of(number)
            by_shelf[shelf][position] = quantity
    for shelf, quantities in sorted(by_shelf.items()):
        changes = [change(position, quantity) for position, quantity in sorted(quantities.items())]
        actions = [action for made, _ in changes for action in made]
        condition = reduce(and_, (condition for _, condition in changes))
        transaction.update(ShelfItem, shelf_key(warehouse, shelf), actions, condition, f"{_LABEL}{shelf}")


def _hold_at(position: int, quantity: int) -> tuple[list[Action], Condition]:
    available, held = ShelfItem.available[position], ShelfItem.held[position]
    return [available.set(available - quantity), held.set(held + quantity)], available >= quantity


def _release_at(position: int, quantity: int) -> tuple[list[Action], Condition]:
    available, held = ShelfItem.available[position], ShelfItem.held[position]
    return [available.set(available + quantity), held.set(held - quantity)], held >= quantity


def _issue_at(position: int, quantity: int) -> tuple[list[Action], Condition]:
    held = ShelfItem.held[position]
    return [held.set(held - quantity)], held >= quantity


def _receive_at(position: int, quantity: int) -> tuple[list[Action], Condition]:
    available = ShelfItem.available[position]
    return [available.set(available + quantity)], available.exists()


def _available(raw: dict[str, Any] | None) -> list[int] | None:
    return [int(counter["N"]) for counter in raw["available"]["L"]] if raw else None
