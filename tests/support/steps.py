"""Steps in the sample company that several services' scenarios prepare with.

A step sends its requests and delivers no message, unless its name or docstring states so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from contracts.stock import SKUS_PER_BUCKET
from kernel.time import clock
from services.orders.order import rules
from tests.support.company import SampleCompany
from tests.support.company_data import OWN, PRICE_LIST, WAREHOUSE
from tests.support.trigger import ExternalSystem, NoExternalSystem, Step

SHIPMENT = {"carrier": "顺丰", "waybill": "SF-7"}
#: The order that `submit_order` and `place_order` create, unless they are given a name.
NEW_ORDER = {"order_id": "new order"}


def in_order(*steps: Step) -> Step:
    """Return one step that does these one after the other."""

    def act(company: SampleCompany) -> None:
        for step in steps:
            step(company)

    return act


def drain(company: SampleCompany) -> None:
    """Deliver all messages."""
    company.world.drain()


def advance_clock(**by: float) -> Step:
    """Return a step after which it is later: `advance_clock(hours=2)`."""
    return lambda company: company.world.clock.advance(**by)


def request(
    service: str, path: str, body: Any = None, *, role: str, method: str = "POST", about: str = "", **more: Any
) -> Step:
    """Return a step that sends a request, which must succeed.

    Args:
        path: `{}` in it is replaced by the id of the object named `about`.
    """

    def act(company: SampleCompany) -> None:
        named = path.format(company.ids.get((about, OWN)) or company.ids[about, "house"]) if about else path
        answer = company.send(service, method, named, body, role=role, **more)
        assert answer.status < 300, (path, answer.json)

    return act


# ---- orders ----


def order_body(*lines: tuple[str, int], **fields: Any) -> dict[str, Any]:
    """Return the body of an order: (SKU, pieces) per line."""
    return {"lines": lines_of(*lines), **fields}


def lines_of(*lines: tuple[str, int]) -> list[dict[str, Any]]:
    """Return lines of a body: (SKU, pieces) each."""
    return [{"sku": sku, "quantity": quantity} for sku, quantity in lines]


def change_terms(dealer: str = OWN, **terms: Any) -> Step:
    """Return a step that changes terms of a dealer: `change_terms(credit_limit_fen=0)`."""

    def act(company: SampleCompany) -> None:
        path = f"/dealers/{dealer}"
        shown = company.send("dealers", "GET", path, role="admin").json
        names = ("grade", "status", "price_list", "warehouse", "credit_limit_fen", "payment_days")
        body = {name: shown[name] for name in names} | {"version": shown["version"], "reason": "复核"} | terms
        answer = company.send("dealers", "PUT", f"{path}/terms", body, role="admin")
        assert answer.status == 200, answer.json

    return act


def submit_order(*lines: tuple[str, int], dealer: str = OWN, name: str = "new order", **fields: Any) -> Step:
    """Return a step that submits an order."""

    def act(company: SampleCompany) -> None:
        body = order_body(*lines, **fields)
        answer = company.send("orders", "POST", "/orders", body, role="dealer_buyer", dealer=dealer)
        assert answer.status == 202, answer.json
        company.ids[name, OWN] = answer.json["order_id"]

    return act


def place_order(*lines: tuple[str, int], **fields: Any) -> Step:
    """Return a step that submits an order and delivers all messages, so that its stock is decided."""
    return in_order(submit_order(*lines, **fields), drain)


def act_on_order(action: str, body: Any = None, *, role: str = "assistant", order: str = "new order") -> Step:
    """Return a step that sends an action on an order."""
    return request(
        "orders", f"/orders/{{}}/{action}", {"reason": "r"} if body is None else body, role=role, about=order
    )


#: Approve the new order and deliver all messages.
approve_order = in_order(act_on_order("approve", {"note": ""}), drain)


def ship_order(order: str = "order to ship", *, pieces: int | None = None) -> Step:
    """Return a step that ships an order, or so many pieces of its first line."""
    body: dict[str, Any] = dict(SHIPMENT)
    if pieces is not None:
        body |= {"waybill": "SF-8", "lines": [{"line_no": 1, "quantity": pieces}]}
    return act_on_order("shipments", body, role="warehouse", order=order)


def void_first_shipment(company: SampleCompany) -> None:
    """Void the first shipment of the order to ship."""
    order_id = company.ids["order to ship", OWN]
    request("orders", f"/orders/{order_id}/shipments/{order_id}-S01/void", {"reason": "r"}, role="warehouse")(company)


def advance_clock_and_extend_others(*, hours: float) -> Step:
    """Return a step after which it is later and only the reservation of the new order was not extended."""

    def act(company: SampleCompany) -> None:
        company.world.clock.advance(hours=hours - 3)
        for order in company.world.items("ORDERS#"):
            if order["kind"] == "order" and order["reserved"] and order["order_id"] != company.ids["new order", OWN]:
                path = f"/orders/{order['order_id']}/extend-reservation"
                company.send_and_drain("orders", "POST", path, {"reason": "r"}, role="assistant")
        company.world.clock.advance(hours=3)

    return act


def sweep_orders(company: SampleCompany) -> None:
    """Run the schedule that sweeps the open orders."""
    company.world.periodic("orders", "sweep_orders")


def report_day(company: SampleCompany) -> None:
    """Run the schedule that reports the day."""
    company.world.periodic("orders", "report_day")


# ---- stock and its rules ----


def receive_goods(reference: str, *lines: tuple[str, int], warehouse: str = WAREHOUSE) -> Step:
    """Return a step that books a goods receipt."""
    body = {"warehouse": warehouse, "reference": reference, "lines": lines_of(*lines)}
    return request("orders", "/stock/goods-receipts", body, role="warehouse")


def publish_allocation_rule(rule: str, *, version: int = 0, **fields: Any) -> Step:
    """Return a step that publishes an allocation rule and delivers all messages."""
    body = {"rule": rule, "reason": "旺季", "version": version, **fields}
    path = f"/warehouses/{WAREHOUSE}/allocation-rule"
    return in_order(request("orders", path, body, role="admin", method="PUT"), drain)


def publish_sourcing_rule(*alternates: str) -> Step:
    """Return a step that lets other warehouses serve what ours is short of, and delivers all messages."""
    body = {"alternates": list(alternates), "reason": "就近", "version": 0}
    path = f"/warehouses/{WAREHOUSE}/sourcing-rule"
    return in_order(request("orders", path, body, role="admin", method="PUT"), drain)


# ---- orders over many buckets ----

_BUCKETS = 4
#: One product in each of four buckets.
WIDE_SKUS = tuple(f"W{number * SKUS_PER_BUCKET:03d}" for number in range(_BUCKETS))


def stock_many_buckets(pieces: int = 100) -> Step:
    """Return a step that imports WIDE_SKUS, receives so many pieces of each and delivers all messages."""
    return in_order(_import_wide_products, receive_goods("DN-W", *((sku, pieces) for sku in WIDE_SKUS)), drain)


def wide_lines(*quantities: int) -> tuple[tuple[str, int], ...]:
    """Return order lines of WIDE_SKUS with these pieces."""
    return tuple(zip(WIDE_SKUS, quantities, strict=True))


def _import_wide_products(company: SampleCompany) -> None:
    products = [_wide_product(number) for number in range((_BUCKETS - 1) * SKUS_PER_BUCKET + 1)]
    company.send_and_drain("catalog", "POST", "/imports/products", {"products": products}, role="assistant")
    skus = (*WIDE_SKUS, "L1", "L2", "L3", "L4", "L5")
    prices = [{"sku": sku, "unit_price": "12.50", "price_policy": "标准价"} for sku in skus]
    path = f"/price-lists/{PRICE_LIST}/drafts/2"
    company.send_and_drain("catalog", "POST", f"{path}/prices", {"prices": prices}, role="assistant")
    published = {"name": "一级价", "valid_from": "2026-01-01"}
    company.send_and_drain("catalog", "POST", f"{path}/publish", published, role="assistant")


def _wide_product(number: int) -> dict[str, Any]:
    names = {"name_zh": f"大单 {number}", "name_en": f"Wide {number}"}
    return {"sku": f"W{number:03d}", **names, "category": "灯带", "carton": 10}


@contextmanager
def one_bucket_per_transaction() -> Iterator[ExternalSystem]:
    """Let a transaction change one bucket, so that an order over four needs as many steps as one over hundreds."""
    with patch.object(rules, "BUCKETS_PER_TRANSACTION", 1):
        yield NoExternalSystem()


# ---- price lists ----


def watch_price_lists(company: SampleCompany) -> None:
    """Run the schedule that looks for price lists without a successor."""
    company.world.periodic("catalog", "watch_price_lists")


_PRICES = f"/price-lists/{PRICE_LIST}"
_NEW_PRICES = {"name": "一级价", "valid_from": "2027-03-01"}
#: The second version of the sample company's price list, which begins later.
schedule_prices = request("catalog", f"{_PRICES}/drafts/2/publish", _NEW_PRICES, role="assistant")
withdraw_prices = request("catalog", f"{_PRICES}/versions/2/withdraw", {"reason": "暂缓"}, role="assistant")


def end_prices(company: SampleCompany) -> None:
    """Publish a version of the price list that ends in three days."""
    last = clock.business_date(clock.now()) + timedelta(days=3)
    body = {"name": "一级价", "valid_from": "2026-01-01", "valid_to": last.isoformat()}
    request("catalog", f"{_PRICES}/drafts/2/publish", body, role="assistant")(company)
