"""Fault injection finds planted mistakes, and no difference that only comes from time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest

from kernel.store.transaction import Transaction, TransactionRefused
from services.orders.credit import update_credit
from services.orders.credit.items import AppliedLedgerEventItem, ordering_account_key
from services.orders.credit.rules import CreditChange
from tests.fault_injection.scenario import Scenario, scenarios
from tests.fault_injection.table_changes import table_changes
from tests.fault_injection.trial import prepared
from tests.support.company import SampleCompany

SINCE = datetime(2026, 12, 7, 2, 0, tzinfo=UTC)


@pytest.fixture
def payment_scenario() -> Scenario:
    return next(scenario for scenario in scenarios() if str(scenario) == "orders.update_credit, a payment is posted")


def _change_without_record(change: CreditChange) -> None:
    transaction = Transaction()
    update_credit._change_credit(transaction, change)
    transaction.commit()


def _record_before_effect(event_id: str, change: CreditChange) -> None:
    """Apply the event wrongly: an event that is recorded but not applied is never applied."""
    transaction = Transaction()
    transaction.create(
        AppliedLedgerEventItem(
            ordering_account_key(change.dealer_id)[0], f"LEDGER_EVENT#{event_id}", change_fen=change.committed_fen
        ),
        "",
    )
    try:
        transaction.commit()
    except TransactionRefused:
        return
    _change_without_record(change)


def test_record_before_effect_is_found_by_a_crash_in_between(
    company: SampleCompany, payment_scenario: Scenario
) -> None:
    with (
        patch.object(update_credit, "_apply", _record_before_effect),
        prepared(company, payment_scenario) as trial,
        pytest.raises(AssertionError, match="the process dies"),
    ):
        for schedule in trial.schedules():
            trial.run(schedule)


def test_effect_without_record_is_found_without_a_fault(company: SampleCompany, payment_scenario: Scenario) -> None:
    def without_record(_event_id: str, change: CreditChange) -> None:
        _change_without_record(change)

    with (
        patch.object(update_credit, "_apply", without_record),
        pytest.raises(AssertionError),
        prepared(company, payment_scenario),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "other", "equal"),
    [
        ("2026-12-07T02:00:00.010Z", "2026-12-07T02:00:00.870Z", True),
        ("2026-12-07T02:00:00.010Z", "2026-12-07T02:05:00.010Z", False),
        ("2026-12-06T02:00:00.010Z", "2026-12-06T02:00:00.870Z", False),
        ("whe_01M8323B9G897AZCFXB50VJD8Y", "whe_01M8323B9G000000000000000Z", False),
        ("held 3", "held 4", False),
    ],
)
def test_table_changes_ignore_only_time(text: str, other: str, equal: bool) -> None:
    def table(text: str) -> Any:
        return {"P": {"S": {"pk": {"S": "P"}, "sk": {"S": "S"}, "text": {"S": text}}}}

    assert (table_changes({}, SINCE, table(text)) == table_changes({}, SINCE, table(other))) is equal
