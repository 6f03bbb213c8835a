"""Replay a wholesaler's invoices through the public API and check every promise made about them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tools import local
from tools.audit import audit
from tools.client import ApiProblem, Unreachable, open_http
from tools.demo import read_logins
from tools.errors import CommandError
from tools.imports import People, give_passwords
from tools.replay import report, run
from tools.replay.invoices import Reading, Unusable, read
from tools.replay.judge import judge
from tools.replay.plan import Plan, plan, run_name
from tools.replay.record import Replay
from tools.screen import bars

#: How many of the staff work at the same time.
_CLERKS = 6


def replay(
    file: str,
    *,
    stock: str = "enough",
    day: str | None = None,
    min_lines: int = 1,
    dealers: int = 8,
    as_json: bool = False,
    url: str | None = None,
) -> int:
    """Send a file's invoices as orders, let the staff work them off, and judge what became of it all.

    Args:
        stock: "enough" receives what all orders want together, "scarce" about 60 % of it.
        day: only invoices of this date.
        min_lines: only invoices with at least so many rows.
        dealers: how many order at the same time.
        as_json: print one JSON object instead of tables.
        url: where Qudao runs; the local run by default.
    Returns:
        0 if every promise was kept, else 1.
    Raises:
        CommandError: in one sentence, why it could not be done.
    """
    if stock not in {"enough", "scarce"}:
        raise CommandError("--stock is 'enough' or 'scarce'")
    if dealers < 1:
        raise CommandError("--dealers: at least one must order")
    reading = _reading(file, day, min_lines)
    origin = local.attach()
    console = Console(stderr=as_json)
    try:
        with open_http(url or origin, connections=dealers + _CLERKS) as http, bars(console) as progress:
            people = People(http, local.STAGE, read_logins(local.LOGINS)[0].password)
            seen = observe(
                people,
                reading,
                plan(reading.invoices, run_name(int(time.time()))),
                scarce=stock == "scarce",
                dealers=dealers,
                open_accounts=lambda users, done: give_passwords(people.stage, users, people.password, done),
                check=lambda: [str(finding) for finding in audit(people.stage)],
                progress=progress,
            )
    except (ApiProblem, Unreachable) as problem:
        raise CommandError(f"回放中断 / the replay was stopped: {problem}") from problem
    verdict = judge(seen)
    if as_json:
        print(json.dumps(report.as_json(verdict), ensure_ascii=False))
    else:
        report.show(verdict, console)
    return 0 if verdict.kept else 1


def observe(
    people: People,
    reading: Reading,
    wanted: Plan,
    *,
    scarce: bool,
    dealers: int,
    open_accounts: run.OpenAccounts,
    check: Callable[[], list[str]],
    progress: Progress,
) -> Replay:
    """Do it all and write down what is seen; `check` audits the stage at the end."""
    seconds: dict[str, float] = {}

    @contextmanager
    def phase(name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        seconds[name] = time.monotonic() - started

    with phase("prepare"):
        run.prepare(people, wanted, scarce, open_accounts, progress)
        run.sign_in(people, wanted, dealers, progress)
    with phase("submit"):
        submissions = run.submit(people, wanted, dealers, progress)
    accepted = [one for one in submissions if one.confirmation is not None]
    with phase("ship"):
        run.fulfil(people, accepted, _CLERKS, progress)
    with phase("check"):
        kept = run.reread(people, accepted, _CLERKS, progress)
        books = run.read_books(people, wanted, accepted, kept, _CLERKS, progress)
        findings = check()
    return Replay(
        run=wanted.run,
        stock={goods.sku: goods.stock(scarce) for goods in wanted.goods},
        rows=reading.rows,
        set_aside={reason.value: rows for reason, rows in reading.set_aside.items()},
        empty_invoices=reading.empty_invoices,
        submissions=tuple(submissions),
        kept=kept,
        books=books,
        findings=tuple(findings),
        seconds=seconds,
        retries=dict(people.retries),
    )


def _reading(file: str, day: str | None, min_lines: int) -> Reading:
    try:
        with Path(file).open(encoding="utf-8", errors="replace", newline="") as opened:
            reading = read(opened, day=day, min_lines=min_lines)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
    except Unusable as error:
        raise CommandError(f"{file}: {error}") from error
    if not reading.invoices:
        raise CommandError(f"{file} 中没有可回放的发票 / holds no invoice to replay under these conditions")
    return reading
