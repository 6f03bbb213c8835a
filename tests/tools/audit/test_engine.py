"""Engine of the audit: rules are found by name, effects are checked when due, a stage is read twice."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from contracts import escalation as escalation_events
from contracts import orders as order_events
from contracts import promises as promise_events
from contracts.orders import OrderSubmitted
from kernel.invariants.snapshot import Finding
from kernel.messaging.events import Event
from services.orders.invariants.history import ACTION_OF_EVENT
from services.orders.order.lifecycle import Action
from tests.support.company_data import OWN, WAREHOUSE
from tests.tools.audit.damages.ledger import journal, unpost_shipment
from tests.tools.audit.damages.orders import first_line
from tests.tools.audit.damages.stock import movement
from tests.tools.audit.table import ACCOUNT, IDLE, Damage, TableCopy, unsend_event
from tools import paths
from tools.audit import Snapshot, audit, changes_of_written_once_items, findings
from tools.audit.engine import invariant_modules
from tools.audit.stage import dead_letter_findings
from tools.audit.stored_items import kind_of, read_items

# ---- rules ----


def test_invariants_of_every_service_are_found_by_name() -> None:
    files = [*paths.ROOT.glob("services/*/invariants.py"), *paths.ROOT.glob("services/*/invariants/__init__.py")]
    services = {file.relative_to(paths.ROOT).parts[1] for file in files}
    found = {module.__name__ for module in invariant_modules()}
    assert {"catalog", "notifications", "orders", "reconciliation", "tickets"} <= services
    assert found == {"kernel.invariants", "tools.audit.between_services"} | {
        f"services.{service}.invariants" for service in services
    }


@pytest.mark.parametrize("part", ["kernel", "contracts", "services", "infra"])
def test_no_shipped_module_imports_invariants(part: str) -> None:
    files = [file for file in (paths.ROOT / part).rglob("*.py") if not _is_invariant(file)]
    assert [str(file) for file in files for name in _imported(file) if "invariants" in name.split(".")] == []


def test_every_event_of_an_order_reports_an_action() -> None:
    named = [*vars(order_events).values(), *vars(promise_events).values(), *vars(escalation_events).values()]
    events = [kind for kind in named if isinstance(kind, type) and issubclass(kind, Event)]
    types = {event.TYPE for event in events if "TYPE" in vars(event) and event is not OrderSubmitted}
    assert types == ACTION_OF_EVENT.keys()
    # A short pick and the settlement of a count report the same.
    assert set(ACTION_OF_EVENT.values()) == set(Action) - {Action.SUBMIT, Action.REPORT_SHORT_PICK}


# ---- effects ----


def test_effects_of_events_are_checked_when_due(table: TableCopy) -> None:
    unsend_event(table)
    unpost_shipment(table)
    assert table.broken_rules(patience=IDLE) == {"event-unsent", "shipment-unposted"}
    assert table.broken_rules(patience=timedelta(days=400)) == set()
    assert table.broken_rules(patience=None) == set()


def test_unreadable_item_is_a_finding_and_stops_no_other_rule(table: TableCopy) -> None:
    table.update(table.order_key("order in review"), state="lost")
    table.add(ACCOUNT, last_sequence=1)
    assert {"unreadable", "order-sequence"} <= table.broken_rules()


# ---- items that are written once ----


def test_added_items_and_sent_events_are_no_change(table: TableCopy) -> None:
    before = table.snapshot()
    unsend_event(table)
    movement("receive", 0)(table)
    assert list(changes_of_written_once_items(before, table.snapshot())) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda table: table.delete(table.journal_key()),
        journal(bank=1, receivable=-1),
        lambda table: table.change_event(table.event_key(table.ids["order in review", OWN], 1), gross_fen=1),
        lambda table: table.delete(table.keys(f"STOCK#{WAREHOUSE}#2")[0]),
        first_line(gross_fen=1),
    ],
    ids=["journal deleted", "journal changed", "event changed", "movement deleted", "order lines changed"],
)
def test_changed_item_that_is_written_once_is_found(table: TableCopy, damage: Damage) -> None:
    before = table.snapshot()
    damage(table)
    assert {finding.rule for finding in changes_of_written_once_items(before, table.snapshot())} == {"rewritten"}


# ---- reading ----


def test_stored_items_have_the_values_that_services_read(table: TableCopy) -> None:
    kinds = set()
    for item in read_items(table.items.values()):
        expected = table.item((item.pk, item.sk))
        assert kind_of(item) is kind_of(expected) is type(expected)
        for name in kind_of(item).get_attributes():
            assert getattr(item, name) == getattr(expected, name), (item.pk, item.sk, name)
        kinds.add(kind_of(item).__name__)
    assert {"StockBucketItem", "HeaderItem", "PricePageItem", "DeliveryItem", "UserItem", "StatementRunItem"} <= kinds


def test_snapshot_of_items_has_the_findings_of_their_raw_form(table: TableCopy) -> None:
    table.add(ACCOUNT, last_sequence=1)
    from_items = Snapshot(table.item(key) for key in table.items)
    assert list(findings(from_items, patience=IDLE, now=table.now)) == table.findings()


# ---- a stage ----


def test_only_queues_with_dead_letters_are_findings() -> None:
    assert [finding.subject for finding in dead_letter_findings({"a-dlq": 0, "b-dlq": 2})] == ["b-dlq"]


def test_finding_that_is_gone_at_the_second_look_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    lasting, passing = Finding("stock-conserved", "GZ", "1"), Finding("shipment-unposted", "D0001-000001-S01", "2")
    looks = [[lasting, passing], [lasting]]
    monkeypatch.setattr("tools.audit.stage._look", lambda stage: looks.pop(0))
    pauses: list[float] = []
    assert audit("test", pauses.append) == [lasting]
    assert len(pauses) == 1 and looks == []


def _is_invariant(file: Path) -> bool:
    return any(part.startswith("invariants") for part in file.relative_to(paths.ROOT).parts)


def _imported(file: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found
