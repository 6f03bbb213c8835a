"""What packaging and deploying look like in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from tools.deploy import Screen
from tools.stacks import Plan

_SIGNS = {"Add": "[green]+[/]", "Modify": "[yellow]~[/]", "Remove": "[red]-[/]"}


@contextmanager
def packaging_progress(console: Console, count: int) -> Iterator[Callable[[str], None]]:
    """A bar that is told each service's name when it is packaged."""
    with bars(console) as bar:
        task = bar.add_task("packaging", total=count)
        yield lambda service: bar.update(task, advance=1, description=f"packaged {service}")
        bar.update(task, description="packaged")


@contextmanager
def deployment_screen(
    console: Console, *, verbose: bool, confirm: Callable[[], bool] = lambda: True
) -> Iterator[Screen]:
    """Change sets as tables (or one line each), then one bar per stack."""
    tasks: dict[str, TaskID] = {}
    with bars(console) as bar:

        def show(plans: list[Plan]) -> None:
            for plan in plans:
                bar.console.print(_table(plan) if verbose else f"  {plan.stack}: {_summary(plan)}", highlight=False)

        def progress(stack: str, done: int, of: int) -> None:
            if stack not in tasks:
                tasks[stack] = bar.add_task(stack, total=of)
            bar.update(tasks[stack], completed=done, total=of)

        def ask() -> bool:
            bar.stop()
            answer = confirm()
            bar.start()
            return answer

        yield Screen(show, ask, progress)


def bars(console: Console) -> Progress:
    """Bars that say what is done, how many of how many, and since when."""
    columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    return Progress(*columns, console=console)


def _summary(plan: Plan) -> str:
    actions = [change.action for change in plan.changes]
    return ", ".join(f"{_SIGNS[action]}{actions.count(action)}" for action in _SIGNS if action in actions)


def _table(plan: Plan) -> Table:
    table = Table(title=f"{plan.stack}: {_summary(plan)}", title_justify="left")
    for column in ("", "resource", "type", ""):
        table.add_column(column)
    for change in plan.changes:
        replaced = "[bold red]replaced[/]" if change.replaces else ""
        table.add_row(_SIGNS.get(change.action, change.action), change.resource, change.kind, replaced)
    return table
