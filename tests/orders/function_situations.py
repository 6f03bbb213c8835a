"""Situations in which the functions of orders take different paths: enough stock, short, contended, many buckets."""

from __future__ import annotations

from typing import Any

from tests.orders.situations import place_two_backorders
from tests.orders.stock_situations import name_escalation_contact
from tests.support.company import SampleCompany
from tests.support.company_data import OTHER, OWN, WAREHOUSE
from tests.support.faults import Kind
from tests.support.functions import queue_name
from tests.support.steps import (
    WIDE_SKUS,
    act_on_order,
    advance_clock,
    advance_clock_and_extend_others,
    drain,
    in_order,
    lines_of,
    one_bucket_per_transaction,
    place_order,
    publish_allocation_rule,
    publish_sourcing_rule,
    receive_goods,
    request,
    ship_order,
    stock_many_buckets,
    submit_order,
    void_first_shipment,
    wide_lines,
)
from tests.support.trigger import Situation, Step, Trigger


def _stocked(pieces: int) -> Step:
    """Return a step that receives so many pieces of L5, which has no stock otherwise."""
    return in_order(receive_goods("DN-5", ("L5", pieces)), drain)


def _count(pieces: int, reference: str = "C-1", sku: str = "L5") -> Step:
    """Return a step that counts so many pieces of a SKU."""
    body = {"warehouse": WAREHOUSE, "reference": reference, "kind": "count", "reason": "盘点"}
    return request("orders", "/stock/adjustments", body | {"lines": lines_of((sku, pieces))}, role="warehouse")


def _count_below_reservations(pieces: int) -> Step:
    """Return a step that counts so many pieces of L5, of which two orders have six reserved."""
    return in_order(
        _stocked(6),
        place_order(("L5", 4), ("L3", 1)),
        place_order(("L5", 2), dealer=OTHER, name="second order"),
        _count(pieces),
    )


_count_wide = _count(3, sku=WIDE_SKUS[0])


def _other_warehouse_has_stock(*alternates: str) -> Step:
    return in_order(receive_goods("DN-S", ("L5", 9), warehouse="SZ"), publish_sourcing_rule(*alternates))


def _reserve_for_urgent_order(pieces: int) -> Step:
    """Return a step that submits an urgent order of L5 and decides its stock."""

    def act(company: SampleCompany) -> None:
        submit_order(("L5", pieces), dealer=OTHER, name="order of the other", urgent=True)(company)
        company.world.relay_once()
        company.world.consume_once("orders", "reserve_urgent_stock")

    return act


def _reverse_queue(function: str) -> Step:
    """Return a step that reverses the order of the messages in the function's queue."""

    def act(company: SampleCompany) -> None:
        specs = company.world.app("orders").consumers
        name = queue_name(next(spec for spec in specs if spec.function == function))
        cloud: Any = company.world.cloud
        cloud.sqs.queues[name].messages.reverse()

    return act


RESERVE_STOCK = [
    Situation("enough", prepare=submit_order(("L3", 3), ("L2", 2))),
    Situation("short", prepare=in_order(_stocked(2), submit_order(("L3", 3), ("L5", 5)))),
    Situation("short, all or nothing", prepare=submit_order(("L3", 3), ("L5", 5), shortage_policy="all_or_nothing")),
    Situation("short, waits for everything", prepare=submit_order(("L3", 3), ("L5", 5), shortage_policy="wait")),
    Situation("no stock", prepare=submit_order(("L5", 5))),
    Situation(
        "contended: an urgent order takes some",
        prepare=in_order(_stocked(6), submit_order(("L5", 5))),
        rival=_reserve_for_urgent_order(3),
    ),
    Situation(
        "contended: an urgent order takes all",
        prepare=in_order(_stocked(3), submit_order(("L5", 2), shortage_policy="all_or_nothing")),
        rival=_reserve_for_urgent_order(3),
    ),
    Situation(
        "contended: two of one batch",
        prepare=in_order(_stocked(6), submit_order(("L5", 5)), submit_order(("L5", 4), dealer=OTHER)),
        also_valid_after=[_reverse_queue("reserve_stock")],
    ),
    Situation(
        "contended: cancelled meanwhile",
        prepare=submit_order(("L3", 3)),
        rival=act_on_order("cancel", role="dealer_buyer"),
    ),
    Situation(
        "short, another warehouse has stock",
        prepare=in_order(_other_warehouse_has_stock("FS", "SZ"), submit_order(("L5", 5))),
    ),
    Situation(
        "goods come for backorders",
        prepare=in_order(
            place_order(("L5", 4)), place_order(("L5", 4), dealer=OTHER), receive_goods("DN-5", ("L5", 6))
        ),
    ),
    Situation(
        "goods come, allocated by quota",
        prepare=in_order(
            publish_allocation_rule("quota", quotas={"A": 3}),
            place_order(("L5", 4)),
            place_order(("L5", 4), dealer=OTHER),
            receive_goods("DN-5", ("L5", 6)),
        ),
    ),
    Situation(
        "goods come, allocated in proportion",
        prepare=in_order(
            publish_allocation_rule("pro_rata_by_tier", pack=1),
            place_order(("L5", 4)),
            place_order(("L5", 4), dealer=OTHER),
            receive_goods("DN-5", ("L5", 6)),
        ),
    ),
    Situation(
        "contended: goods come, an urgent order takes some",
        prepare=in_order(place_order(("L5", 4)), receive_goods("DN-5", ("L5", 6))),
        rival=_reserve_for_urgent_order(3),
    ),
    Situation(
        "released stock goes to backorders",
        prepare=in_order(
            _stocked(4),
            place_order(("L5", 4)),
            place_order(("L5", 4), dealer=OTHER, name="backordered order"),
            act_on_order("cancel"),
        ),
    ),
    Situation("a count finds reserved pieces missing", prepare=_count_below_reservations(3)),
    Situation("a count finds all reserved pieces missing", prepare=_count_below_reservations(0)),
    Situation(
        "a count finds reserved pieces missing, in proportion",
        prepare=in_order(publish_allocation_rule("pro_rata_by_tier", pack=1), _count_below_reservations(3)),
    ),
    Situation(
        "contended: pieces are missing, an order with them is cancelled meanwhile",
        prepare=_count_below_reservations(3),
        rival=act_on_order("cancel", order="second order"),
    ),
    Situation(
        "contended: pieces are missing, goods come meanwhile",
        prepare=_count_below_reservations(3),
        rival=receive_goods("DN-6", ("L5", 9)),
    ),
    Situation(
        "contended: pieces are missing, another count finds so meanwhile",
        prepare=_count_below_reservations(3),
        rival=_count(1, "C-2"),
    ),
    Situation(
        "pieces are missing of an order over many buckets that needs all",
        prepare=in_order(
            stock_many_buckets(8), place_order(*wide_lines(5, 5, 5, 5), shortage_policy="wait"), _count_wide
        ),
        around=one_bucket_per_transaction,
        open_findings=("backorder-since",),
    ),
    Situation(
        "enough on many buckets",
        prepare=in_order(stock_many_buckets(), submit_order(*wide_lines(5, 5, 5, 5))),
        around=one_bucket_per_transaction,
    ),
    Situation(
        "short on the last of many buckets",
        prepare=in_order(stock_many_buckets(8), submit_order(*wide_lines(5, 5, 5, 9))),
        around=one_bucket_per_transaction,
    ),
    Situation(
        "contended: all or nothing, another order takes from the last of many buckets",
        prepare=in_order(
            stock_many_buckets(8), submit_order(*wide_lines(5, 5, 5, 8), shortage_policy="all_or_nothing")
        ),
        around=one_bucket_per_transaction,
        rival=submit_order((WIDE_SKUS[-1], 4), dealer=OTHER, urgent=True),
    ),
]

RESERVE_URGENT_STOCK = [
    Situation("enough", prepare=submit_order(("L3", 3), urgent=True)),
    Situation("short", prepare=in_order(_stocked(2), submit_order(("L5", 5), urgent=True))),
    Situation("no stock", prepare=submit_order(("L5", 5), urgent=True)),
    Situation(
        "short, another warehouse has stock",
        prepare=in_order(_other_warehouse_has_stock("SZ"), submit_order(("L5", 5), urgent=True)),
    ),
    Situation(
        "contended: two of one batch",
        prepare=in_order(
            _stocked(6), submit_order(("L5", 6), urgent=True), submit_order(("L5", 6), dealer=OTHER, urgent=True)
        ),
        also_valid_after=[_reverse_queue("reserve_urgent_stock")],
    ),
]

#: A failed order is left to the next run, which updates the promise dates of the others first: another order of events.
_NOT_LEFT_TO_THE_NEXT_RUN = (Kind.CRASH_BEFORE, Kind.CRASH_AFTER, Kind.ANSWER_LOST)

SWEEP_ORDERS = [
    Situation("nothing to do"),
    Situation("not reserved in time, enough", prepare=in_order(submit_order(("L3", 3)), advance_clock(minutes=3))),
    Situation(
        "not reserved in time, short",
        prepare=in_order(_stocked(2), submit_order(("L5", 5)), advance_clock(minutes=3)),
    ),
    Situation(
        "contended: not reserved in time, the message comes meanwhile",
        prepare=in_order(submit_order(("L3", 3)), advance_clock(minutes=3)),
        rival=drain,
    ),
    Situation(
        "an urgent order is overdue",
        prepare=in_order(name_escalation_contact, place_order(("L3", 3), urgent=True), advance_clock(hours=3)),
    ),
    Situation(
        "a reservation expires soon",
        prepare=in_order(place_order(("L3", 3)), advance_clock_and_extend_others(hours=69)),
        faults=_NOT_LEFT_TO_THE_NEXT_RUN,
    ),
    Situation(
        "a reservation expires",
        prepare=in_order(place_order(("L3", 3)), advance_clock_and_extend_others(hours=73)),
        faults=_NOT_LEFT_TO_THE_NEXT_RUN,
    ),
    Situation(
        "contended: a reservation expires while it is extended",
        prepare=in_order(place_order(("L3", 3)), advance_clock_and_extend_others(hours=73)),
        rival=act_on_order("extend-reservation"),
        faults=_NOT_LEFT_TO_THE_NEXT_RUN,
    ),
    Situation(
        "missing pieces are not taken in time", prepare=in_order(_count_below_reservations(3), advance_clock(minutes=3))
    ),
    Situation("backorders without goods", prepare=place_two_backorders),
]


RECORD_ON_TIME_SHIPMENTS = [
    Situation("an order is shipped", prepare=ship_order()),
    Situation("a part of an order is shipped", prepare=ship_order(pieces=1)),
    Situation("contended: the rest is shipped meanwhile", prepare=ship_order(pieces=1), rival=ship_order()),
    Situation("a shipment is voided", prepare=in_order(ship_order(), void_first_shipment)),
]


def _post_payment(dealer: str) -> Step:
    body = {"dealer_id": dealer, "amount_fen": 700, "received_on": "2026-12-01", "bank_reference": f"BK-F-{dealer}"}
    return request("reconciliation", "/payments", body, role="finance")


_reverse_payment = request(
    "reconciliation", "/journals/{}/reversal", {"reason": "r"}, role="finance", about="journal to reverse"
)

UPDATE_CREDIT = [
    Situation("a payment is posted", prepare=_post_payment(OWN)),
    Situation("payments of two dealers are posted", prepare=in_order(_post_payment(OWN), _post_payment(OTHER))),
    Situation("a payment is reversed", prepare=_reverse_payment),
    Situation("an order is shipped", prepare=ship_order()),
    Situation("a shipment is voided", prepare=in_order(ship_order(), void_first_shipment)),
    Situation(
        "contended: a payment of the dealer is applied first",
        prepare=ship_order(),
        rival=in_order(_post_payment(OWN), drain),
    ),
]

FUNCTIONS = [
    Trigger("reserve_stock", situations=RESERVE_STOCK),
    Trigger("reserve_urgent_stock", situations=RESERVE_URGENT_STOCK),
    Trigger("sweep_orders", situations=SWEEP_ORDERS),
    Trigger("record_on_time_shipments", situations=RECORD_ON_TIME_SHIPMENTS),
    Trigger("update_credit", situations=UPDATE_CREDIT),
]
