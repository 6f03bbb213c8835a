"""Report of a replay: as tables and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from kernel.base.money import format_yuan
from tools.replay.checks import Percentiles, ReplayResult
from tools.replay.invoices import SKIP_REASONS, SkipReason

_SHOWN_CONTRADICTIONS = 5
_JSON_CONTRADICTIONS = 100


def as_json(result: ReplayResult) -> dict[str, Any]:
    """Return all figures and checks; of the contradictions of a check their number and the first 100."""
    return {
        "run": result.run,
        "kept": result.passed,
        **result.figures,
        "submit_seconds": asdict(result.submit),
        "submit_to_visible_seconds": asdict(result.visible),
        "promises": [
            {
                "promise": check.name,
                "contradictions": len(check.contradictions),
                "broken_by": list(check.contradictions[:_JSON_CONTRADICTIONS]),
            }
            for check in result.checks
        ],
    }


def show(result: ReplayResult, console: Console) -> None:
    """Print figures and checks."""
    console.print(_figures_table(result))
    for check in result.checks:
        console.print(f"{'[green]✔[/]' if check.passed else '[bold red]✘[/]'} {check.name}", highlight=False)
        for contradiction in check.contradictions[:_SHOWN_CONTRADICTIONS]:
            console.print(f"    {contradiction}", highlight=False, markup=False)
        if len(check.contradictions) > _SHOWN_CONTRADICTIONS:
            console.print(f"    … and {len(check.contradictions) - _SHOWN_CONTRADICTIONS} more", highlight=False)


def _figures_table(result: ReplayResult) -> Table:
    figures = result.figures
    table = Table(title=f"回放 / replay {result.run}", title_justify="left", show_header=False)
    table.add_row("文件行 / rows read", f"{figures['rows']:,}")
    for reason, rows in figures["set_aside"].items():
        table.add_row(f"  未下单 / skipped: {SKIP_REASONS[SkipReason(reason)]}", f"{rows:,}")
    table.add_row("无可订行的发票 / invoices without lines", f"{figures['invoices_without_lines']:,}")
    table.add_row("订单 / orders sent", f"{figures['orders']:,} by {figures['dealers']} dealers")
    table.add_row("  已受理 / accepted", f"{figures['accepted']:,} with {figures['lines']:,} lines")
    for reason, orders in figures["refused"].items():
        table.add_row(f"  被拒 / refused: {reason}", f"{orders:,}")
    table.add_row("最长订单 / longest order", f"{figures['longest_order']} lines")
    table.add_row("同键重发 / sent more than once", f"{figures['sent_more_than_once']:,}")
    for reason, requests in figures["retries"].items():
        table.add_row(f"因故重试 / requests retried: {reason}", f"{requests:,}")
    pieces = f"{figures['pieces_shipped']:,}, {figures['pieces_backordered']:,}"
    table.add_row("发货件数,欠货 / pieces shipped, backordered", pieces)
    table.add_row("文件金额 / amount in the file", format_yuan(figures["file_fen"]))
    table.add_row("发货金额 / shipped", format_yuan(figures["shipped_fen"]))
    table.add_row("对账金额 / on statements", format_yuan(figures["charged_fen"]))
    table.add_row("下单耗时 / submit (s)", _text(result.submit))
    table.add_row("下单至可见 / submit to visible (s)", _text(result.visible))
    seconds = figures["seconds"].items()
    table.add_row("各阶段 / phases (s)", ", ".join(f"{phase} {duration}" for phase, duration in seconds))
    return table


def _text(percentiles: Percentiles) -> str:
    return f"p50 {percentiles.p50}  p95 {percentiles.p95}  p99 {percentiles.p99}  max {percentiles.max}"
