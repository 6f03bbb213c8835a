"""Replay a wholesaler's invoices through the public API, and check every promise of the API against the file.

invoices.py   read the file
plan.py       products, dealers and orders for the invoices
prepare.py    import them, sign in
run.py        submit, approve, ship, read the state at the end
record.py     everything that was seen
checks.py     contradictions between record and promises
report.py     tables and JSON
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

from tools import local
from tools.audit import audit
from tools.client import ApiProblem, Unreachable, open_http
from tools.demo import read_logins
from tools.errors import CommandError
from tools.imports import ApiUsers, set_passwords
from tools.replay import prepare, report, run
from tools.replay.checks import check_replay
from tools.replay.invoices import InvoiceFile, UnreadableFile, read_invoices
from tools.replay.plan import Plan, plan_replay, run_name
from tools.replay.record import ReplayRecord
from tools.screen import bars
from tools.text_files import read_text_file

#: Staff members that work at the same time.
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
    """Send a file's invoices as orders, ship them as staff, and check the result.

    Args:
        stock: "enough" receives the pieces of all orders together, "scarce" 60 % of them.
        day: only invoices of this date.
        min_lines: only invoices with at least this number of rows.
        dealers: dealers that order at the same time.
        as_json: print one JSON object instead of tables.
        url: origin of the running system; the local run by default.
    Returns:
        0 if every check passed, else 1.
    Raises:
        CommandError: the replay is impossible; one sentence states the reason.
    """
    if stock not in {"enough", "scarce"}:
        raise CommandError("--stock is 'enough' or 'scarce'")
    if dealers < 1:
        raise CommandError("--dealers: at least one must order")
    invoice_file = _read_file(file, day, min_lines)
    origin = local.connect_to_running()
    console = Console(stderr=as_json)
    try:
        with open_http(url or origin, connections=dealers + _CLERKS) as http, bars(console) as progress:
            users = ApiUsers(http, local.STAGE, read_logins(local.LOGINS)[0].password)
            record = run_replay(
                users,
                invoice_file,
                plan_replay(invoice_file.invoices, run_name(int(time.time()))),
                scarce=stock == "scarce",
                dealers=dealers,
                open_accounts=lambda names, opened: set_passwords(users.stage, names, users.password, opened),
                audit=lambda: [str(finding) for finding in audit(users.stage)],
                progress=progress,
            )
    except (ApiProblem, Unreachable) as problem:
        raise CommandError(f"回放中断 / the replay was stopped: {problem}") from problem
    result = check_replay(record)
    if as_json:
        print(json.dumps(report.as_json(result), ensure_ascii=False))
    else:
        report.show(result, console)
    return 0 if result.passed else 1


def run_replay(
    users: ApiUsers,
    invoice_file: InvoiceFile,
    plan: Plan,
    *,
    scarce: bool,
    dealers: int,
    open_accounts: prepare.OpenAccounts,
    audit: Callable[[], list[str]],
    progress: Progress,
) -> ReplayRecord:
    """Carry out a plan and return the record of everything that was seen; `audit` returns findings at the end."""
    seconds: dict[str, float] = {}

    @contextmanager
    def phase(name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        seconds[name] = time.monotonic() - started

    with phase("prepare"):
        prepare.import_plan(users, plan, scarce, open_accounts, progress)
        prepare.sign_in_dealers(users, plan, dealers, progress)
    with phase("submit"):
        submissions = run.submit_orders(users, plan, dealers, progress)
    accepted = [submission for submission in submissions if submission.confirmation is not None]
    with phase("ship"):
        run.ship_orders(users, accepted, _CLERKS, progress)
    with phase("check"):
        final_orders = run.read_final_orders(users, accepted, _CLERKS, progress)
        final_dealers = run.read_final_dealers(users, plan, accepted, final_orders, _CLERKS, progress)
        findings = audit()
    return ReplayRecord(
        run=plan.run,
        stock={product.sku: product.stock_pieces(scarce) for product in plan.products},
        rows=invoice_file.rows,
        skipped={reason.value: rows for reason, rows in invoice_file.skipped.items()},
        invoices_without_lines=invoice_file.invoices_without_lines,
        submissions=tuple(submissions),
        final_orders=final_orders,
        final_dealers=final_dealers,
        findings=tuple(findings),
        seconds=seconds,
        retries=dict(users.retries),
    )


def _read_file(file: str, day: str | None, min_lines: int) -> InvoiceFile:
    text = read_text_file(file)
    try:
        invoice_file = read_invoices(io.StringIO(text, newline=""), day=day, min_lines=min_lines)
    except UnreadableFile as error:
        raise CommandError(f"{file}: {error}") from error
    if not invoice_file.invoices:
        raise CommandError(f"{file} 中没有可回放的发票 / contains no invoice to replay under these conditions")
    return invoice_file
