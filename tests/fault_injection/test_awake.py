"""The search is awake: what is spoilt on purpose is found, and what only time and chance changed is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest

from kernel.store.transaction import Transaction, TransactionRefused
from services.orders.credit import update_credit
from services.orders.credit.items import AppliedLedgerEventItem, OrderingAccountItem, account_key
from tests.fault_injection.base import town_in
from tests.fault_injection.likeness import likeness
from tests.fault_injection.orders import CREDIT
from tests.fault_injection.schedules import prepared
from tests.support.world import World

SINCE = datetime(2026, 12, 7, 2, 0, tzinfo=UTC)


def _adds(dealer_id: str, change_fen: int) -> None:
    OrderingAccountItem(*account_key(dealer_id)).update(actions=[OrderingAccountItem.committed_fen.add(change_fen)])


def _marks_first(event_id: str, dealer_id: str, change_fen: int) -> None:
    """Wrong: what was marked and not done is never done."""
    transaction = Transaction()
    transaction.create(
        AppliedLedgerEventItem(account_key(dealer_id)[0], f"LEDGER_EVENT#{event_id}", change_fen=change_fen), ""
    )
    try:
        transaction.commit()
    except TransactionRefused:
        return
    _adds(dealer_id, change_fen)


def test_a_function_that_marks_before_it_works_is_found_only_where_it_breaks_in_between(fast_world: World) -> None:
    with (
        patch.object(update_credit, "_apply", _marks_first),
        prepared(town_in(fast_world), CREDIT[0]) as trial,
        pytest.raises(AssertionError, match="the process dies"),
    ):
        for schedule in trial.schedules():
            trial.follow(schedule)


def test_a_function_that_forgets_what_it_did_is_found_undisturbed(fast_world: World) -> None:
    def blindly(_event_id: str, dealer_id: str, change_fen: int) -> None:
        _adds(dealer_id, change_fen)

    town = town_in(fast_world)
    with (
        patch.object(update_credit, "_apply", blindly),
        pytest.raises(AssertionError),
        prepared(town, CREDIT[0]),
    ):
        pass


@pytest.mark.parametrize(
    ("one", "other", "are_alike"),
    [
        ("2026-12-07T02:00:00.010Z", "2026-12-07T02:00:00.870Z", True),
        ("2026-12-07T02:00:00.010Z", "2026-12-07T02:05:00.010Z", False),
        ("2026-12-06T02:00:00.010Z", "2026-12-06T02:00:00.870Z", False),
        ("whe_01M8323B9G897AZCFXB50VJD8Y", "whe_01M8323B9G000000000000000Z", False),
        ("held 3", "held 4", False),
    ],
)
def test_what_only_time_changed_is_alike_and_nothing_else(one: str, other: str, are_alike: bool) -> None:
    def row(text: str) -> Any:
        return {"P": {"S": {"pk": {"S": "P"}, "sk": {"S": "S"}, "text": {"S": text}}}}

    assert (likeness({}, SINCE, row(one)) == likeness({}, SINCE, row(other))) is are_alike
