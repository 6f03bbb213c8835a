"""A replay of the small hand-made file through the real services, in one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.progress import Progress

from tests import world as worlds
from tests.tools.people import WorldPeople
from tests.world import STAGE, World
from tools.audit import Snapshot, findings
from tools.audit.stage import scan_table
from tools.imports import People
from tools.replay import observe
from tools.replay.invoices import read
from tools.replay.judge import Promise, Spread, Verdict, judge
from tools.replay.plan import plan
from tools.replay.record import DealerBooks, Kept, Replay

FILE = Path(__file__).with_name("invoices.csv")


def replayed(world: World, *, scarce: bool, people: People | None = None) -> Replay:
    with FILE.open() as file:
        reading = read(file)

    def open_accounts(users: Sequence[str], done: Callable[[int], None]) -> None:
        done(len(users))

    return observe(
        people or WorldPeople(world),
        reading,
        plan(reading.invoices, "RTEST"),
        scarce=scarce,
        dealers=1,
        open_accounts=open_accounts,
        check=lambda: [str(finding) for finding in findings(Snapshot(scan_table(f"qudao-{STAGE}", 1)))],
        progress=Progress(disable=True),
    )


def broken(verdict: Verdict) -> list[Promise]:
    return [promise for promise in verdict.promises if not promise.kept]


class Impatient(WorldPeople):
    """While these wait, nothing happens."""

    def pause(self, seconds: float) -> None:
        pass


def test_orders_that_nobody_ever_sees_are_told_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.replay.run._STUCK_AFTER_SECONDS", 0)
    verdict = judge(replayed(world, scarce=False, people=Impatient(world)))
    names = " ".join(promise.name for promise in broken(verdict))
    assert "可见" in names and "有货必发" in names
    assert "丢单" not in names and "重单" not in names


@pytest.fixture(scope="module")
def seen() -> Replay:
    """What a replay with enough stock shows; looked at by several tests, changed by none."""
    with worlds.opened() as world:
        return replayed(world, scarce=False)


def test_with_enough_stock_every_promise_is_kept_and_the_totals_are_the_files(seen: Replay) -> None:
    verdict = judge(seen)
    assert broken(verdict) == []
    assert verdict.figures["accepted"] == 3 and verdict.figures["lines"] == 6
    assert verdict.figures["file_fen"] == verdict.figures["charged_fen"] == 3060 + 395 + 210
    assert verdict.figures["sent_more_than_once"] == 1


def test_with_scarce_stock_what_is_not_there_waits_and_statements_say_only_what_left(world: World) -> None:
    seen = replayed(world, scarce=True)
    verdict = judge(seen)
    assert broken(verdict) == []
    assert verdict.figures["pieces_backordered"] == 4 + 6 + 1 + 1
    assert 0 < verdict.figures["charged_fen"] == verdict.figures["shipped_fen"] < verdict.figures["file_fen"]


def test_every_kind_of_broken_promise_is_noticed(seen: Replay) -> None:
    """One lie at a time about what was seen."""
    first = seen.accepted[0]
    order_id, dealer_id = first.order_id, first.buyer.dealer_id
    kept, books = seen.kept[order_id], seen.books[dealer_id]
    assert kept.order is not None
    order = kept.order

    def with_order(**changes: object) -> Replay:
        return replace(seen, kept=seen.kept | {order_id: replace(kept, order=order | changes)})

    def with_books(changed: DealerBooks) -> Replay:
        return replace(seen, books=seen.books | {dealer_id: changed})

    lies = {
        "lost": (replace(seen, kept=seen.kept | {order_id: Kept(None, kept.shipped_fen)}), "丢单"),
        "not listed": (with_books(replace(books, order_ids=())), "丢单"),
        "a line missing": (with_order(lines=order["lines"][1:]), "丢单"),
        "doubled": (with_books(replace(books, order_ids=(order_id, f"{dealer_id}-000002"))), "重单"),
        "two answers": (
            replace(seen, submissions=(replace(first, answers=({"order_id": order_id, "gross_fen": 3060}, {})),)),
            "同键",
        ),
        "unanswered": (
            replace(seen, submissions=(*seen.submissions, replace(first, answers=(), refusal="unanswered"))),
            "必答",
        ),
        "a fen more": (with_order(gross_fen=order["gross_fen"] + 1), "文件"),
        "never visible": (with_order(visible_at=None), "可见"),
        "an hour late": (with_order(submitted_at="2026-11-23T00:00:00.000Z"), "可见"),
        "not shipped": (with_order(lines=[line | {"shipped": 0} for line in order["lines"]]), "有货必发"),
        "a piece forgotten": (replace(seen, stock=seen.stock | {"RTEST-LP100": 9}), "有货必发"),
        "shipped, not charged": (replace(seen, kept=seen.kept | {order_id: replace(kept, shipped_fen=1)}), "对账单"),
        "charged a fen more": (with_books(replace(books, charged_fen=books.charged_fen + 1)), "对账单"),
        "an invariant": (replace(seen, findings=("[stock-held] …",)), "不变量"),
    }
    for lie, (told, promise) in lies.items():
        assert any(promise in one.name for one in broken(judge(told))), lie
    assert broken(judge(seen)) == []


def test_a_refusal_is_counted_by_its_reason_and_breaks_nothing(seen: Replay) -> None:
    refused = replace(seen.accepted[0], answers=(), refusal="lines-not-orderable (unknown-sku)")
    verdict = judge(replace(seen, submissions=(*seen.submissions, refused)))
    assert verdict.figures["refused"] == {"lines-not-orderable (unknown-sku)": 1}
    assert verdict.kept


def test_percentiles_are_nearest_ranks() -> None:
    assert Spread.of([float(n) for n in range(1, 101)]) == Spread(50, 95, 99, 100)
    assert Spread.of([3.0]) == Spread(3.0, 3.0, 3.0, 3.0)
    assert Spread.of([]) == Spread(None, None, None, None)
