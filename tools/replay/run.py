"""Run of a replay: submit the orders as dealers, approve and ship them as staff, read the state at the end."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from rich.progress import Progress

from tools.client import Api, ApiProblem, Json, Unreachable
from tools.holds import release_holds
from tools.imports import ApiUsers, run_parallel
from tools.replay.plan import Plan, PlannedDealer, PlannedOrder
from tools.replay.record import FinalDealer, FinalOrder, Submission
from tools.screen import add_bar

#: One order of ten is sent again after its response, and another is sent twice at the same moment.
_REPEAT_ONE_OF = 10
#: Stop waiting when nothing more becomes visible to staff, or reaches a statement, for this time.
_STUCK_AFTER_SECONDS = 120


def submit_orders(users: ApiUsers, plan: Plan, dealers: int, progress: Progress) -> list[Submission]:
    """Send all orders: each dealer's in file order, so many dealers at the same time."""
    bar = add_bar(progress, "下单 / orders", len(plan.orders))
    positions = {id(order): position for position, order in enumerate(plan.orders)}

    def submit_of(dealer: PlannedDealer) -> list[Submission]:
        api, threads = users.api(dealer.username), users.thread_count(2)
        submissions = []
        for order in dealer.orders:
            submissions.append(_submit(api, plan.run, dealer, order, _repetition(positions[id(order)]), threads))
            bar(1)
        return submissions

    busiest_first = sorted(plan.dealers, key=lambda dealer: -sum(len(order.lines) for order in dealer.orders))
    parts = run_parallel(users.thread_count(dealers), [partial(submit_of, dealer) for dealer in busiest_first])
    return [submission for part in parts for submission in part]


def _repetition(position: int) -> tuple[int, int]:
    """Return the number of simultaneous requests of an order, and of later ones."""
    return (2 if position % _REPEAT_ONE_OF == 5 else 1), (1 if position % _REPEAT_ONE_OF == 0 else 0)


def _submit(
    api: Api, run: str, dealer: PlannedDealer, order: PlannedOrder, repetition: tuple[int, int], threads: int
) -> Submission:
    body = {
        "lines": [{"sku": sku, "quantity": pieces} for sku, pieces in order.lines],
        "purchase_order": order.number,
        "shortage_policy": "ship_available",
    }

    def send() -> tuple[Json, float]:
        started = time.monotonic()
        response = api.post("/api/orders/orders", body, key=f"{run}-{order.number}")
        return response, time.monotonic() - started

    simultaneous, later = repetition
    try:
        first = run_parallel(min(simultaneous, threads), [send] * simultaneous)
        repeated = [send() for _ in range(later)]
    except ApiProblem as problem:
        return Submission(dealer, order, (), (), _refusal(problem))
    except Unreachable:
        return Submission(dealer, order, (), (), "unanswered")
    responses = tuple(response for response, _ in first + repeated)
    return Submission(dealer, order, tuple(seconds for _, seconds in first), responses)


def _refusal(problem: ApiProblem) -> str:
    """Return the problem's code, and those of its lines: `lines-not-orderable (unknown-sku)`."""
    line_codes = sorted({str(error["code"]) for error in problem.document.get("errors", [])})
    return f"{problem.code} ({', '.join(line_codes)})" if line_codes else problem.code


def ship_orders(users: ApiUsers, accepted: Sequence[Submission], clerks: int, progress: Progress) -> None:
    """Approve every order when staff see it in the review queue, and ship its reserved pieces.

    Orders that do not become visible for two minutes are left; the checks find them.
    """
    visible_bar = add_bar(progress, "可见 / visible to staff", len(accepted))
    shipped_bar = add_bar(progress, "发货 / shipped", len(accepted))
    waiting = {submission.order_id for submission in accepted}
    jobs: list[Future[None]] = []

    def ship(summary: Json) -> None:
        _approve_and_ship(users, summary)
        shipped_bar(1)

    last_seen = time.monotonic()
    with ThreadPoolExecutor(users.thread_count(clerks)) as pool:
        while waiting:
            visible = [summary for summary in _orders_in_review(users) if summary["order_id"] in waiting]
            for summary in visible:
                waiting.discard(summary["order_id"])
                jobs.append(pool.submit(ship, summary))
                visible_bar(1)
            if visible:
                last_seen = time.monotonic()
            elif time.monotonic() - last_seen > _STUCK_AFTER_SECONDS:
                break
            else:
                users.pause(0.5)
        wait(jobs)
    for job in jobs:
        job.result()


def _orders_in_review(users: ApiUsers) -> list[Json]:
    pages = users.api("assistant").pages("/api/orders/review-queue", "orders", state="in_review", limit=100)
    return list(pages)


def _approve_and_ship(users: ApiUsers, summary: Json) -> None:
    order_id = summary["order_id"]
    path = f"/api/orders/orders/{order_id}"
    summary = release_holds(users, summary)
    users.api("assistant").post(f"{path}/approve", {"note": "可发 / ok"}, key=f"{order_id}-approve")
    if summary["reserved"]:
        shipment = {"carrier": "德邦物流 / Deppon", "waybill": f"WB-{order_id}"}
        users.api("warehouse").post(f"{path}/shipments", shipment, key=f"{order_id}-ship")


def read_final_orders(
    users: ApiUsers, accepted: Sequence[Submission], threads: int, progress: Progress
) -> dict[str, FinalOrder]:
    """Read every accepted order by its number, as its dealer."""
    bar = add_bar(progress, "复核 / read again", len(accepted))

    def read(submission: Submission) -> tuple[str, FinalOrder]:
        api = users.api(submission.dealer.username)
        path = f"/api/orders/orders/{submission.order_id}"
        try:
            order: Json | None = api.get(path)
            shipments = api.get(f"{path}/shipments")["shipments"]
        except ApiProblem as problem:
            if problem.status != 404:
                raise
            order, shipments = None, []
        bar(1)
        return submission.order_id, FinalOrder(order, sum(shipment["gross_fen"] for shipment in shipments))

    return dict(run_parallel(users.thread_count(threads), [partial(read, submission) for submission in accepted]))


def read_final_dealers(
    users: ApiUsers,
    plan: Plan,
    accepted: Sequence[Submission],
    final_orders: dict[str, FinalOrder],
    threads: int,
    progress: Progress,
) -> dict[str, FinalDealer]:
    """Read every dealer's orders and statement; wait until the statement charges all shipments, or stops changing."""
    bar = add_bar(progress, "对账 / statements", len(plan.dealers))
    shipped: dict[str, int] = defaultdict(int)
    for submission in accepted:
        shipped[submission.dealer.dealer_id] += final_orders[submission.order_id].shipped_fen

    def read(dealer: PlannedDealer) -> tuple[str, FinalDealer]:
        api = users.api(dealer.username)
        order_ids = [order["order_id"] for order in api.pages("/api/orders/orders", "orders", limit=100)]
        charged = _wait_for_charge(api, shipped[dealer.dealer_id], users.pause)
        bar(1)
        return dealer.dealer_id, FinalDealer(tuple(order_ids), charged)

    return dict(run_parallel(users.thread_count(threads), [partial(read, dealer) for dealer in plan.dealers]))


def _wait_for_charge(api: Api, expected_fen: int, pause: Callable[[float], None]) -> int:
    before, since = -1, time.monotonic()
    while True:
        charged: int = api.get("/api/reconciliation/statement", limit=1)["debit_fen"]
        if charged != before:
            before, since = charged, time.monotonic()
        if charged == expected_fen or time.monotonic() - since > _STUCK_AFTER_SECONDS:
            return charged
        pause(0.5)
