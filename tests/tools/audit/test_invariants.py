"""Rules of the audit: a healthy table has no finding; each damage is found by its rules and no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from kernel.invariants.snapshot import Finding
from tests.tools.audit.damages import (
    catalog,
    dealers,
    kernel,
    ledger,
    notifications,
    orders,
    references,
    shipments,
    stock,
    tickets,
)
from tests.tools.audit.table import IDLE, Damage, TableCopy
from tools.audit import ALWAYS, WHEN_DUE, Snapshot, findings

_MODULES = (stock, references, orders, shipments, ledger, tickets, notifications, catalog, dealers, kernel)
DAMAGES = {
    f"{module.__name__.rpartition('.')[2]}: {name}": damage
    for module in _MODULES
    for name, damage in module.DAMAGES.items()
}


def test_healthy_table_has_no_findings(table: TableCopy) -> None:
    assert table.findings() == []


def test_empty_table_has_no_findings() -> None:
    assert list(findings(Snapshot.of([]), patience=IDLE)) == []


@pytest.mark.parametrize(("damage", "rules"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_found_by_its_rules(table: TableCopy, damage: Damage, rules: set[str]) -> None:
    damage(table)
    assert table.broken_rules() == rules


def test_every_rule_finds_a_damage(healthy_table: TableCopy) -> None:
    due = "2026-12-15T00:00:00.000Z"
    silent: dict[str, Callable[[Snapshot], Iterator[Finding]]] = {rule.__name__: rule for rule in ALWAYS}
    silent |= {rule.__name__: partial(rule, due=due) for rule in WHEN_DUE}
    for damage, _ in DAMAGES.values():
        table = healthy_table.copy()
        damage(table)
        snapshot = table.snapshot()
        silent = {name: rule for name, rule in silent.items() if not list(rule(snapshot))}
    assert silent == {}


@pytest.mark.parametrize("rule", [*ALWAYS, *WHEN_DUE], ids=lambda rule: rule.__name__)
def test_rule_states_what_it_finds(rule: Callable[..., Iterator[Finding]]) -> None:
    assert (rule.__doc__ or "").startswith("Find ")


# ---- copies of a product ----


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (catalog.listing(status="discontinued"), ("L4 status", "listing has 'discontinued', product 'active'")),
        (catalog.listing(order_multiple=5), ("L4 order_multiple", "listing has 5, product 1")),
        (catalog.listing(sku_index=9), ("L4 sku_index", "listing has 9, product 3")),
        (catalog.remove_listing, ("L4", "listing is missing")),
        (
            catalog.search_entry(status="discontinued"),
            ("L4 status", "search entry has 'discontinued', product 'active'"),
        ),
        (catalog.search_entry(successor="L1"), ("L4 successor", "search entry has 'L1', product None")),
        (catalog.remove_search_entry, ("L4", "search entry is missing")),
        (catalog.copy_search_entry, ("L9", "search entry of no product")),
    ],
)
def test_changed_copy_of_a_product_is_the_only_finding(
    table: TableCopy, damage: Damage, expected: tuple[str, str]
) -> None:
    damage(table)
    assert table.findings() == [Finding("product-copy", *expected)]


def test_changed_product_is_found_in_both_copies(table: TableCopy) -> None:
    catalog.product(tax_percent=9)(table)
    found = [(finding.subject, finding.detail) for finding in table.findings()]
    assert found == [
        ("L4 tax_percent", "search entry has 13, product 9"),
        ("L4 tax_percent", "listing has 13, product 9"),
    ]


def test_all_differences_of_copies_are_found_in_one_pass(table: TableCopy) -> None:
    catalog.listing(status="discontinued", tax_percent=6)(table)
    catalog.search_entry(carton=99)(table)
    catalog.copy_search_entry(table)
    subjects = [finding.subject for finding in table.findings()]
    assert subjects == ["L4 carton", "L9", "L4 tax_percent", "L4 status"]
