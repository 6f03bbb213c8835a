"""What a replay showed, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from kernel.base.money import yuan
from tools.replay.invoices import REASONS, Reason
from tools.replay.judge import Spread, Verdict

_SHOWN = 5
_TOLD = 100


def as_json(verdict: Verdict) -> dict[str, Any]:
    """One object with all figures; of what contradicts a promise, how much it is and the first of it."""
    return {
        "run": verdict.run,
        "kept": verdict.kept,
        **verdict.figures,
        "submit_seconds": asdict(verdict.submit),
        "submit_to_visible_seconds": asdict(verdict.visible),
        "promises": [
            {
                "promise": promise.name,
                "contradictions": len(promise.broken_by),
                "broken_by": list(promise.broken_by[:_TOLD]),
            }
            for promise in verdict.promises
        ],
    }


def show(verdict: Verdict, console: Console) -> None:
    """Tables for the terminal."""
    figures = verdict.figures
    table = Table(title=f"回放 / replay {verdict.run}", title_justify="left", show_header=False)
    table.add_row("文件行 / rows read", f"{figures['rows']:,}")
    for reason, rows in figures["set_aside"].items():
        table.add_row(f"  未下单 / set aside: {REASONS[Reason(reason)]}", f"{rows:,}")
    table.add_row("无可订行的发票 / invoices without lines", f"{figures['invoices_without_lines']:,}")
    table.add_row("订单 / orders sent", f"{figures['orders']:,} by {figures['dealers']} dealers")
    table.add_row("  已受理 / accepted", f"{figures['accepted']:,} with {figures['lines']:,} lines")
    for reason, orders in figures["refused"].items():
        table.add_row(f"  被拒 / refused: {reason}", f"{orders:,}")
    table.add_row("最长订单 / longest order", f"{figures['longest_order']} lines")
    table.add_row("同键重发 / sent more than once", f"{figures['sent_more_than_once']:,}")
    for why, requests in figures["retries"].items():
        table.add_row(f"因故重试 / requests retried: {why}", f"{requests:,}")
    table.add_row("发货件数,欠货 / pieces shipped, back-ordered", _pieces(figures))
    table.add_row("文件金额 / worth in the file", yuan(figures["file_fen"]))
    table.add_row("发货金额 / shipped", yuan(figures["shipped_fen"]))
    table.add_row("对账金额 / on statements", yuan(figures["charged_fen"]))
    table.add_row("下单耗时 / submit (s)", _spread(verdict.submit))
    table.add_row("下单至可见 / submit to visible (s)", _spread(verdict.visible))
    table.add_row("各阶段 / phases (s)", ", ".join(f"{name} {took}" for name, took in figures["seconds"].items()))
    console.print(table)
    for promise in verdict.promises:
        console.print(f"{'[green]✔[/]' if promise.kept else '[bold red]✘[/]'} {promise.name}", highlight=False)
        for contradiction in promise.broken_by[:_SHOWN]:
            console.print(f"    {contradiction}", highlight=False, markup=False)
        if len(promise.broken_by) > _SHOWN:
            console.print(f"    … and {len(promise.broken_by) - _SHOWN} more", highlight=False)


def _pieces(figures: dict[str, Any]) -> str:
    return f"{figures['pieces_shipped']:,}, {figures['pieces_backordered']:,}"


def _spread(spread: Spread) -> str:
    return f"p50 {spread.p50}  p95 {spread.p95}  p99 {spread.p99}  max {spread.max}"
