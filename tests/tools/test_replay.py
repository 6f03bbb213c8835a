"""Replay of a small file through the real services in one process; every check finds its contradiction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.progress import Progress

from tests.support import world as worlds
from tests.support.functions import STAGE
from tests.support.world import World
from tests.tools.world_users import WorldUsers
from tools.audit import Snapshot, findings
from tools.audit.stage import scan_table
from tools.imports import ApiUsers
from tools.replay import run_replay
from tools.replay.checks import Check, Percentiles, ReplayResult, check_replay
from tools.replay.invoices import read_invoices
from tools.replay.plan import plan_replay
from tools.replay.record import FinalDealer, FinalOrder, ReplayRecord

FILE = Path(__file__).with_name("invoices.csv")


def replay_file(world: World, *, scarce: bool, users: ApiUsers | None = None) -> ReplayRecord:
    with FILE.open() as file:
        invoice_file = read_invoices(file)

    def open_accounts(names: Sequence[str], opened: Callable[[int], None]) -> None:
        opened(len(names))

    return run_replay(
        users or WorldUsers(world),
        invoice_file,
        plan_replay(invoice_file.invoices, "RTEST"),
        scarce=scarce,
        dealers=1,
        open_accounts=open_accounts,
        audit=lambda: [str(finding) for finding in findings(Snapshot(scan_table(f"qudao-{STAGE}", 1)))],
        progress=Progress(disable=True),
    )


def failed_checks(result: ReplayResult) -> list[Check]:
    return [check for check in result.checks if not check.passed]


class UsersWithoutDelivery(WorldUsers):
    """Users whose pauses deliver no message."""

    def pause(self, seconds: float) -> None:
        pass


def test_replay_stops_waiting_for_orders_that_stay_invisible(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.replay.run._STUCK_AFTER_SECONDS", 0)
    result = check_replay(replay_file(world, scarce=False, users=UsersWithoutDelivery(world)))
    names = " ".join(check.name for check in failed_checks(result))
    assert "可见" in names and "有货必发" in names
    assert "丢单" not in names and "重单" not in names


@pytest.fixture(scope="module")
def record() -> ReplayRecord:
    """Record of a replay with enough stock; no test changes it."""
    with worlds.opened() as world:
        return replay_file(world, scarce=False)


def test_replay_with_enough_stock_passes_every_check_with_the_files_totals(record: ReplayRecord) -> None:
    result = check_replay(record)
    assert failed_checks(result) == []
    assert result.figures["accepted"] == 3 and result.figures["lines"] == 6
    assert result.figures["file_fen"] == result.figures["charged_fen"] == 3060 + 395 + 210
    assert result.figures["sent_more_than_once"] == 1


def test_replay_with_scarce_stock_passes_every_check_with_backorders(world: World) -> None:
    result = check_replay(replay_file(world, scarce=True))
    assert failed_checks(result) == []
    assert result.figures["pieces_backordered"] == 4 + 6 + 1 + 1
    assert 0 < result.figures["charged_fen"] == result.figures["shipped_fen"] < result.figures["file_fen"]


def test_every_check_finds_its_contradiction(record: ReplayRecord) -> None:
    first = record.accepted[0]
    order_id, dealer_id = first.order_id, first.dealer.dealer_id
    final, dealer = record.final_orders[order_id], record.final_dealers[dealer_id]
    assert final.order is not None
    order = final.order

    def with_final(changed: FinalOrder) -> ReplayRecord:
        return replace(record, final_orders=record.final_orders | {order_id: changed})

    def with_order(**changes: object) -> ReplayRecord:
        return with_final(replace(final, order=order | changes))

    def with_dealer(changed: FinalDealer) -> ReplayRecord:
        return replace(record, final_dealers=record.final_dealers | {dealer_id: changed})

    contradictions = {
        "lost": (with_final(FinalOrder(None, final.shipped_fen)), "丢单"),
        "not listed": (with_dealer(replace(dealer, order_ids=())), "丢单"),
        "a line missing": (with_order(lines=order["lines"][1:]), "丢单"),
        "doubled": (with_dealer(replace(dealer, order_ids=(order_id, f"{dealer_id}-000002"))), "重单"),
        "two responses": (
            replace(record, submissions=(replace(first, responses=({"order_id": order_id, "gross_fen": 3060}, {})),)),
            "同键",
        ),
        "unanswered": (
            replace(record, submissions=(*record.submissions, replace(first, responses=(), refusal="unanswered"))),
            "必答",
        ),
        "a fen more": (with_order(gross_fen=order["gross_fen"] + 1), "文件"),
        "never visible": (with_order(visible_at=None), "可见"),
        "an hour late": (with_order(submitted_at="2026-11-23T00:00:00.000Z"), "可见"),
        "not shipped": (with_order(lines=[line | {"shipped": 0} for line in order["lines"]]), "有货必发"),
        "a piece forgotten": (replace(record, stock=record.stock | {"RTEST-LP100": 9}), "有货必发"),
        "shipped, not charged": (with_final(replace(final, shipped_fen=1)), "对账单"),
        "charged a fen more": (with_dealer(replace(dealer, charged_fen=dealer.charged_fen + 1)), "对账单"),
        "an invariant": (replace(record, findings=("[stock-conserved] …",)), "不变量"),
    }
    for contradiction, (changed, name) in contradictions.items():
        assert any(name in check.name for check in failed_checks(check_replay(changed))), contradiction
    assert failed_checks(check_replay(record)) == []


def test_refusal_is_counted_by_its_code_and_fails_no_check(record: ReplayRecord) -> None:
    refused = replace(record.accepted[0], responses=(), refusal="lines-not-orderable (unknown-sku)")
    result = check_replay(replace(record, submissions=(*record.submissions, refused)))
    assert result.figures["refused"] == {"lines-not-orderable (unknown-sku)": 1}
    assert result.passed


def test_percentiles_are_nearest_ranks() -> None:
    assert Percentiles.of([float(n) for n in range(1, 101)]) == Percentiles(50, 95, 99, 100)
    assert Percentiles.of([3.0]) == Percentiles(3.0, 3.0, 3.0, 3.0)
    assert Percentiles.of([]) == Percentiles(None, None, None, None)
