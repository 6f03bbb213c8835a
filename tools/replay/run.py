"""Carry a plan out against a running system: as the dealers, then as the staff, then as whoever checks."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from rich.progress import Progress

from tools.client import Api, ApiProblem, Json, Unreachable
from tools.errors import CommandError
from tools.imports import (
    Delivery,
    People,
    import_dealers,
    import_products,
    in_parallel,
    publish_prices,
    receive_stock,
)
from tools.replay.plan import Buyer, Goods, Plan, PlannedOrder
from tools.replay.record import DealerBooks, Kept, Submission

_WAREHOUSE = "GZ"
_CATEGORY = "回放 / Replay"
_PRICE_POLICY = "回放价 / as invoiced"
#: Ten million yuan: credit is not what a replay is about.
_CREDIT_LIMIT_FEN = 1_000_000_000

#: Any day that is past.
_VALID_FROM = "2025-01-01"

#: Of so many orders one is sent again after its answer, and another is sent twice at the same moment.
_REPEATED_OF = 10

#: If for so long nothing more becomes visible to staff, or reaches a statement, something is stuck.
_STUCK_AFTER_SECONDS = 120

#: Opens the buyers' accounts: told the users, tells how many more are open.
OpenAccounts = Callable[[Sequence[str], Callable[[int], None]], None]


def prepare(people: People, plan: Plan, scarce: bool, open_accounts: OpenAccounts, progress: Progress) -> None:
    """Import what the orders need: goods, one price list, dealers with one user each, stock."""
    admin = people.as_user("admin")
    import_products(admin, [_product_row(goods) for goods in plan.goods], _bar(progress, "商品 / products", plan.goods))
    prices, companies, accounts, stock = (
        _bar(progress, "价格 / prices", plan.goods),
        _bar(progress, "经销商 / dealers", plan.buyers),
        _bar(progress, "账号 / accounts", plan.buyers),
        _bar(progress, "库存 / stock", [goods for goods in plan.goods if goods.stock(scarce)]),
    )

    def dealers() -> None:
        facts = {"name": f"{_PRICE_POLICY} {plan.run}", "valid_from": _VALID_FROM}
        publish_prices(admin, plan.price_list_id, facts, [_price_row(goods) for goods in plan.goods], prices)
        import_dealers(admin, [_dealer_row(buyer, plan) for buyer in plan.buyers], companies)
        open_accounts([buyer.username for buyer in plan.buyers], accounts)

    def goods_in() -> None:
        lines = [(goods.sku, goods.stock(scarce)) for goods in plan.goods]
        receive_stock(admin, Delivery(_WAREHOUSE, plan.run, lines), stock)

    jobs: list[Callable[[], None]] = [dealers, goods_in]
    in_parallel(people.threads(len(jobs)), jobs)


def sign_in(people: People, plan: Plan, dealers: int, progress: Progress) -> None:
    """Each dealer signs in and looks at its orders, as people do before they order, so many at the same time.

    Raises:
        CommandError: somebody has ordered under this run's name before.
    """
    done = _bar(progress, "登录 / signed in", plan.buyers)

    def look(buyer: Buyer) -> None:
        if people.as_user(buyer.username).get("/api/orders/orders", limit=1)["orders"]:
            raise CommandError(f"{buyer.dealer_id} has orders already: another run has this one's name, start again")
        done(1)

    in_parallel(people.threads(dealers), [partial(look, buyer) for buyer in plan.buyers])


def submit(people: People, plan: Plan, dealers: int, progress: Progress) -> list[Submission]:
    """Send all orders: each dealer's in the order of the file, so many dealers at the same time."""
    done = _bar(progress, "下单 / orders", plan.orders)
    positions = {id(order): position for position, order in enumerate(plan.orders)}

    def of(buyer: Buyer) -> list[Submission]:
        api = people.as_user(buyer.username)
        sent = []
        for order in buyer.orders:
            sent.append(_submit(api, plan.run, buyer, order, _times(positions[id(order)]), people.threads(2)))
            done(1)
        return sent

    busiest_first = sorted(plan.buyers, key=lambda buyer: -sum(len(order.lines) for order in buyer.orders))
    parts = in_parallel(people.threads(dealers), [partial(of, buyer) for buyer in busiest_first])
    return [one for part in parts for one in part]


def _times(position: int) -> tuple[int, int]:
    """How often an order is sent at once, and how often again afterwards."""
    return (2 if position % _REPEATED_OF == 5 else 1), (1 if position % _REPEATED_OF == 0 else 0)


def _submit(api: Api, run: str, buyer: Buyer, order: PlannedOrder, times: tuple[int, int], threads: int) -> Submission:
    body = {
        "lines": [{"sku": sku, "quantity": pieces} for sku, pieces in order.lines],
        "purchase_order": order.number,
        "shortage_policy": "ship_available",
    }

    def send() -> tuple[Json, float]:
        started = time.monotonic()
        answer = api.post("/api/orders/orders", body, key=f"{run}-{order.number}")
        return answer, time.monotonic() - started

    at_once, again = times
    try:
        first = in_parallel(min(at_once, threads), [send] * at_once)
        repeats = [send() for _ in range(again)]
    except ApiProblem as problem:
        return Submission(buyer, order, (), (), _why(problem))
    except Unreachable:
        return Submission(buyer, order, (), (), "unanswered")
    return Submission(
        buyer, order, tuple(seconds for _, seconds in first), tuple(answer for answer, _ in first + repeats)
    )


def _why(problem: ApiProblem) -> str:
    """The code, and for lines the codes of what is wrong with them."""
    lines = sorted({str(one["code"]) for one in problem.document.get("errors", [])})
    return f"{problem.code} ({', '.join(lines)})" if lines else problem.code


def fulfil(people: People, accepted: Sequence[Submission], workers: int, progress: Progress) -> None:
    """As the staff: take every order from the review queue as it becomes visible, approve it, ship what is held.

    Orders that do not become visible for too long are left to the judgement.
    """
    visible, shipped = _bar(progress, "可见 / visible to staff", accepted), _bar(progress, "发货 / shipped", accepted)
    waiting = {one.order_id for one in accepted}
    work: list[Future[None]] = []

    def handle(summary: Json) -> None:
        _handle(people, summary)
        shipped(1)

    last_seen = time.monotonic()
    with ThreadPoolExecutor(people.threads(workers)) as clerks:
        while waiting:
            new = [one for one in _in_review(people) if one["order_id"] in waiting]
            for summary in new:
                waiting.discard(summary["order_id"])
                work.append(clerks.submit(handle, summary))
                visible(1)
            if new:
                last_seen = time.monotonic()
            elif time.monotonic() - last_seen > _STUCK_AFTER_SECONDS:
                break
            else:
                people.pause(0.5)
        wait(work)
    for one in work:
        one.result()


def _in_review(people: People) -> Iterable[Json]:
    queue = people.as_user("assistant").pages("/api/orders/review-queue", "orders", state="in_review", limit=100)
    return list(queue)


def _handle(people: People, summary: Json) -> None:
    order_id = summary["order_id"]
    path = f"/api/orders/orders/{order_id}"
    for hold in summary["holds"]:
        clerk = people.as_user("finance" if hold == "credit" else "assistant")
        clerk.post(f"{path}/holds/{hold}/release", {"reason": "已核实 / checked"}, key=f"{order_id}-{hold}")
    people.as_user("assistant").post(f"{path}/approve", {"note": "可发 / ok"}, key=f"{order_id}-approve")
    if summary["reserved"]:
        shipment = {"carrier": "德邦物流 / Deppon", "waybill": f"WB-{order_id}"}
        people.as_user("warehouse").post(f"{path}/shipments", shipment, key=f"{order_id}-ship")


def reread(people: People, accepted: Sequence[Submission], workers: int, progress: Progress) -> dict[str, Kept]:
    """Ask for every accepted order by its number, as its dealer."""
    done = _bar(progress, "复核 / read again", accepted)

    def one(submission: Submission) -> tuple[str, Kept]:
        api = people.as_user(submission.buyer.username)
        path = f"/api/orders/orders/{submission.order_id}"
        try:
            order: Json | None = api.get(path)
            shipments = api.get(f"{path}/shipments")["shipments"]
        except ApiProblem as problem:
            if problem.status != 404:
                raise
            order, shipments = None, []
        done(1)
        return submission.order_id, Kept(order, sum(shipment["gross_fen"] for shipment in shipments))

    return dict(in_parallel(people.threads(workers), [partial(one, submission) for submission in accepted]))


def read_books(
    people: People,
    plan: Plan,
    accepted: Sequence[Submission],
    kept: dict[str, Kept],
    workers: int,
    progress: Progress,
) -> dict[str, DealerBooks]:
    """Every dealer's orders and statement; statements are waited for until they say what was sent, or stand still."""
    done = _bar(progress, "对账 / statements", plan.buyers)
    shipped: dict[str, int] = defaultdict(int)
    for submission in accepted:
        shipped[submission.buyer.dealer_id] += kept[submission.order_id].shipped_fen

    def one(buyer: Buyer) -> tuple[str, DealerBooks]:
        api = people.as_user(buyer.username)
        order_ids = [order["order_id"] for order in api.pages("/api/orders/orders", "orders", limit=100)]
        charged = _charged(api, shipped[buyer.dealer_id], people.pause)
        done(1)
        return buyer.dealer_id, DealerBooks(tuple(order_ids), charged)

    return dict(in_parallel(people.threads(workers), [partial(one, buyer) for buyer in plan.buyers]))


def _charged(api: Api, expected_fen: int, pause: Callable[[float], None]) -> int:
    before, since = -1, time.monotonic()
    while True:
        charged: int = api.get("/api/reconciliation/statement", limit=1)["debit_fen"]
        if charged != before:
            before, since = charged, time.monotonic()
        if charged == expected_fen or time.monotonic() - since > _STUCK_AFTER_SECONDS:
            return charged
        pause(0.5)


def _product_row(goods: Goods) -> Json:
    return {
        "sku": goods.sku,
        "name_zh": goods.name,
        "name_en": goods.name,
        "category": _CATEGORY,
        "carton": 1,
    }


def _price_row(goods: Goods) -> Json:
    return {"sku": goods.sku, "unit_price": format(goods.unit_price, "f"), "price_policy": _PRICE_POLICY}


def _dealer_row(buyer: Buyer, plan: Plan) -> Json:
    return {
        "dealer_id": buyer.dealer_id,
        "name": buyer.name,
        "territory": buyer.territory,
        "grade": "回放",
        "price_list": plan.price_list_id,
        "warehouse": _WAREHOUSE,
        "credit_limit_fen": _CREDIT_LIMIT_FEN,
        "payment_days": 30,
        "users": [{"username": buyer.username, "name": buyer.name, "roles": ["dealer_admin"]}],
    }


def _bar(progress: Progress, what: str, things: Sequence[object]) -> Callable[[int], None]:
    task = progress.add_task(what, total=len(things))
    return lambda more: progress.advance(task, more)
