"""Tour: a narrated walk over the running system that checks its promises. Public API only.

walk.py           context of all steps
order_steps.py    from sign-in to shipment
effect_steps.py   messages, webhook, statement, service ticket
narration.py      output of the steps
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict

from rich.console import Console

from tools import local
from tools.client import ApiProblem, Unreachable, open_http
from tools.demo import read_logins
from tools.imports import ApiUsers
from tools.receiver import Receiver
from tools.tour import effect_steps, order_steps
from tools.tour.narration import CheckFailed, Narration
from tools.tour.walk import TourDealer, Walk


def tour(*, as_json: bool = False, url: str | None = None) -> int:
    """Follow one order from the catalogue to the statement, and one service ticket to its end.

    Args:
        as_json: print one JSON object instead of the narration.
        url: origin of the running system; the local run by default.
    Returns:
        0 if every check passed, else 1.
    Raises:
        CommandError: Qudao is not running, or has no demo data.
    """
    origin = local.connect_to_running()
    logins = read_logins(local.LOGINS)
    console = Console(stderr=as_json, quiet=as_json)
    narration = Narration(console)
    failure: str | None = None
    started = time.monotonic()
    with open_http(url or origin) as http, Receiver() as receiver:
        dealer_ids = sorted({login.dealer_id for login in logins if login.dealer_id})
        dealer = TourDealer.of(logins, _next_dealer(dealer_ids))
        users = ApiUsers(http, local.STAGE, logins[0].password)
        try:
            follow_all_steps(Walk(users, dealer, narration, receiver))
        except (CheckFailed, ApiProblem, Unreachable) as error:
            failure = str(error)
    seconds = round(time.monotonic() - started, 1)
    if as_json:
        steps = [asdict(step) for step in narration.steps]
        result = {"kept": failure is None, "broken": failure, "seconds": seconds, "steps": steps}
        print(json.dumps(result, ensure_ascii=False))
    elif failure is None:
        console.print(
            f"[bold green]✔ 全部兑现,用时 {seconds} 秒 / every promise kept in {seconds} s[/]", highlight=False
        )
    else:
        console.print(f"[bold red]✘ 未兑现 / promise broken:[/] {failure}", highlight=False)
    return 0 if failure is None else 1


def follow_all_steps(walk: Walk) -> None:
    """Carry out every step.

    Raises:
        CheckFailed: the system did not keep a promise.
        ApiProblem, Unreachable: a request was refused or not answered.
    """
    order_steps.sign_in(walk)
    endpoint_id = order_steps.register_endpoint(walk)
    try:
        lines = order_steps.choose_lines(walk)
        confirmation = order_steps.submit_order(walk, lines)
        summary = order_steps.see_order(walk, confirmation)
        order_steps.approve_order(walk, summary)
        shipment = order_steps.ship_order(walk, confirmation)
        effect_steps.check_messages(walk, confirmation)
        effect_steps.check_webhook(walk, confirmation)
        effect_steps.check_statement(walk, confirmation, shipment)
        effect_steps.complete_ticket(walk, confirmation, lines[0]["sku"])
    finally:
        walk.users.api("admin").delete(f"/api/notifications/webhook-endpoints/{endpoint_id}")


def _next_dealer(dealer_ids: list[str]) -> str:
    """Choose another dealer each time, so that tours do not exhaust one dealer's text messages and credit."""
    return dealer_ids[int(time.time()) % len(dealer_ids)]
