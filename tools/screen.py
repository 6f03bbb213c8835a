"""Terminal output of packaging, deploying and importing: bars and tables."""

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
    """Show a bar and yield a function to call with each packaged service."""
    with bars(console) as bar:
        task = bar.add_task("packaging", total=count)
        yield lambda service: bar.update(task, advance=1, description=f"packaged {service}")
        bar.update(task, description="packaged")


@contextmanager
def deployment_screen(
    console: Console, *, verbose: bool, confirm: Callable[[], bool] = lambda: True
) -> Iterator[Screen]:
    """Show change sets as tables, or as one line each, then one bar per stack."""
    tasks: dict[str, TaskID] = {}
    with bars(console) as bar:

        def show(plans: list[Plan]) -> None:
            for plan in plans:
                bar.console.print(_table(plan) if verbose else f"  {plan.stack}: {_summary(plan)}", highlight=False)

        def progress(stack: str, done: int, total: int) -> None:
            if stack not in tasks:
                tasks[stack] = bar.add_task(stack, total=total)
            bar.update(tasks[stack], completed=done, total=total)

        def ask() -> bool:
            bar.stop()
            answer = confirm()
            bar.start()
            return answer

        yield Screen(show, ask, progress)


def bars(console: Console) -> Progress:
    """Return progress bars with name, number done, total and elapsed time."""
    columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    return Progress(*columns, console=console)


def add_bar(progress: Progress, name: str, total: int) -> Callable[[int], None]:
    """Add a bar and return a function to call with the number done since the last call."""
    task = progress.add_task(name, total=total)
    return lambda number: progress.advance(task, number)


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
