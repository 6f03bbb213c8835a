"""A narrated walk over the running system: what it promises, and whether it keeps it."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

from rich.console import Console

from tools import local
from tools.client import ApiProblem, Unreachable, open_http
from tools.demo import read_logins
from tools.imports import People
from tools.receiver import Receiver
from tools.tour.narration import Narration, PromiseBroken
from tools.tour.walk import Company, Walk


def tour(*, as_json: bool = False, url: str | None = None) -> int:
    """Walk one order from the catalogue to the statement, and a service request to its end.

    Args:
        as_json: print one JSON object instead of the narration.
        url: where Qudao runs; the local run by default.
    Returns:
        0 if every promise was kept, else 1.
    Raises:
        CommandError: it is not running, or holds no demo data.
    """
    origin = local.attach()
    logins = read_logins(local.LOGINS)
    console = Console(stderr=as_json, quiet=as_json)
    narration = Narration(console)
    broken: str | None = None
    started = time.monotonic()
    with open_http(url or origin) as http, Receiver() as receiver:
        company = Company.of(logins, _todays_dealer(sorted({one.dealer_id for one in logins if one.dealer_id})))
        people = People(http, local.STAGE, logins[0].password)
        try:
            Walk(people, company, narration, receiver).all()
        except (PromiseBroken, ApiProblem, Unreachable) as failure:
            broken = str(failure)
    seconds = round(time.monotonic() - started, 1)
    if as_json:
        steps = [asdict(step) for step in narration.steps]
        print(
            json.dumps(
                {"kept": broken is None, "broken": broken, "seconds": seconds, "steps": steps}, ensure_ascii=False
            )
        )
    elif broken is None:
        console.print(
            f"[bold green]✔ 全部兑现,用时 {seconds} 秒 / every promise kept in {seconds} s[/]", highlight=False
        )
    else:
        console.print(f"[bold red]✘ 未兑现 / promise broken:[/] {broken}", highlight=False)
    return 0 if broken is None else 1


def _todays_dealer(dealer_ids: list[str]) -> str:
    """Another one each time, so that no dealer's text messages and credit run out by touring."""
    return dealer_ids[int(time.time()) % len(dealer_ids)]
