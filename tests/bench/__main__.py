"""`make bench`: everything measured in one run, as one table a person reads or, with --json, one object.

`python -m tests.bench --instructions` counts the instructions of cold imports with valgrind.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from tests.bench import cold_imports, order_path


def main() -> None:
    """Measure and print."""
    logging.disable()  # the services' own lines would stand between the figures
    orders = order_path.measure(repeats=7)
    imports = cold_imports.measure(count_instructions="--instructions" in sys.argv)
    if "--json" in sys.argv:
        print(json.dumps({"orders": [asdict(one) for one in orders], "imports": [asdict(one) for one in imports]}))
        return
    console = Console()
    console.print(_orders_table(orders))
    console.print(_imports_table(imports))


def _orders_table(orders: list[order_path.OrderCost]) -> Table:
    table = Table("lines", "write units", "read units", "calls", "CPU intake ms", "relay ms", "reserve ms", "CPU / 120")
    table.title = (
        f"one order, request to reserved, {order_path.PRODUCTS} SKUs (goals: 94 units and 10 calls at 120 lines)"
    )
    usual = next(_cpu(one) for one in orders if one.lines == 120)
    for one in orders:
        figures = [one.write_units, one.read_units, one.calls, one.intake_cpu_ms, one.relay_cpu_ms, one.reserve_cpu_ms]
        table.add_row(str(one.lines), *(f"{figure:.1f}" for figure in figures), f"{_cpu(one) / usual:.2f}")
    return table


def _cpu(one: order_path.OrderCost) -> float:
    return one.intake_cpu_ms + one.relay_cpu_ms + one.reserve_cpu_ms


def _imports_table(imports: list[cold_imports.ColdImport]) -> Table:
    table = Table("module", "x botocore.session", "by", title="cold import (goal: 2.2)")
    for one in imports:
        table.add_row(one.module, f"{one.ratio:.2f}", one.by)
    return table


if __name__ == "__main__":
    main()
