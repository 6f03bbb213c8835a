"""`make bench`: measure everything in one run and print tables, or one JSON object with --json.

`--quick` repeats less often; `--instructions` counts the instructions of cold imports with valgrind.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import bursts, cold_imports, growth, order_path, quotes
from tests.bench.goals import Goal, goals

_IMPORT_GOAL = 2.2


@dataclass(frozen=True)
class Run:
    """Results of one run."""

    orders: list[order_path.Cost]
    growth: list[growth.Growth]
    burst: bursts.Burst
    shipping: bursts.Shipping
    quote: quotes.QuoteCost
    imports: list[cold_imports.ColdImport]

    @property
    def goals(self) -> list[Goal]:
        """Goals of orders and of imports, with the measured figures."""
        import_goals = [
            Goal(f"{imported.functions}: import, x botocore.session", imported.ratio, _IMPORT_GOAL)
            for imported in self.imports
        ]
        return [*goals(self.orders, self.growth, self.shipping, self.quote), *import_goals]


def main() -> None:
    """Measure and print."""
    run = _run(repeats=3 if "--quick" in sys.argv else 9)
    if "--json" in sys.argv:
        print(json.dumps({**asdict(run), "goals": [{**asdict(goal), "holds": goal.holds} for goal in run.goals]}))
        return
    console = Console(width=None if sys.stdout.isatty() else 140)
    for table in (_orders(run.orders), _growth(run.growth), _bursts(run), _goals(run.goals)):
        console.print(table)


def _run(repeats: int) -> Run:
    # Writing logs is part of the cost of a function; the log itself would mix with the tables.
    with Path(os.devnull).open("w") as discarded, redirect_stdout(discarded):
        return Run(
            orders=order_path.measure(repeats),
            growth=growth.measure(repeats),
            burst=bursts.burst(),
            shipping=bursts.shipping(),
            quote=quotes.measure(repeats),
            imports=cold_imports.measure(count_instructions="--instructions" in sys.argv),
        )


def _orders(costs: Sequence[order_path.Cost]) -> Table:
    parts = (order_path.INTAKE, order_path.RELAY, order_path.RESERVATION)
    names = ("lines", "path", "write units", "read units", "calls", "CPU ms", "x least", *parts, "most KB")
    table = Table(*names, title=f"one order, from the request until it is reserved, {order_path.PRODUCTS:,} SKUs")
    least = {cost.lines: cost.cpu_ms for cost in costs if cost.path == order_path.LEAST}
    for cost in costs:
        counted = (f"{figure:.0f}" for figure in (cost.write_units, cost.read_units, cost.calls))
        timed = (f"{cost.cpu_ms:.1f}", f"{cost.cpu_ms / least[cost.lines]:.2f}")
        by_part = (f"{cost.parts[part]:.1f}" if part in cost.parts else "" for part in parts)
        table.add_row(
            f"{cost.lines:,}", cost.path, *counted, *timed, *by_part, f"{cost.peak_kb:.0f}" if cost.peak_kb else ""
        )
    return table


def _growth(growths: Sequence[growth.Growth]) -> Table:
    table = Table("grown", "write units", "read units", "calls", "CPU", title=f"an order of {growth.LINES} lines, x")
    for measured in growths:
        pairs = [(getattr(measured.large, name), getattr(measured.small, name)) for name in _GROWTH_FIGURES]
        table.add_row(measured.by, *(f"{large / small:.2f}" for large, small in pairs))
    return table


_GROWTH_FIGURES = ("write_units", "read_units", "calls", "cpu_ms")


def _bursts(run: Run) -> Table:
    table = Table("", "figure", title=f"{run.burst.orders} orders of {bursts.LINES} lines at once; a shipment; a quote")
    for name, figure in asdict(run.burst).items():
        table.add_row(name.replace("_", " "), f"{figure:g}")
    for name, figure in asdict(run.shipping).items():
        table.add_row(f"shipping one: {name.replace('_', ' ')}", f"{figure:g}")
    for name, figure in asdict(run.quote).items():
        table.add_row(f"a quote: {name.replace('_', ' ')}", f"{figure:g}")
    return table


def _goals(found: Sequence[Goal]) -> Table:
    table = Table("goal", "measured", "at most", "holds")
    for goal in found:
        table.add_row(goal.what, f"{goal.figure:.3g}", f"{goal.most:g}", "yes" if goal.holds else "NO")
    return table


if __name__ == "__main__":
    main()
