"""Orders and stock: enough, short, contended, over more buckets than one transaction takes."""

from __future__ import annotations

from typing import Any

from tests.authorization.town import OTHER, OWN, WAREHOUSE, Town, dealer_row
from tests.fault_injection.scenario import Scenario, message, request, schedule
from tests.fault_injection.scenes import (
    SHIPMENT,
    WIDE,
    all_happens,
    approved,
    came_in,
    decided,
    done,
    first,
    helped_by,
    one_bucket_a_step,
    only_its_hold,
    published,
    stocked_widely,
    submitted,
    time_passes,
)
from tests.support.faults import Kind
from tests.support.functions import queue_name


def _order(*lines: tuple[str, int], **more: Any) -> dict[str, Any]:
    return {"lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines], **more}


def _submit(world: str, body: dict[str, Any], **more: Any) -> Scenario:
    return request("orders", "POST", "/orders", world, body, role="dealer_buyer", answers=(202,), **more)


def _act(action: str, world: str, body: dict[str, Any] | None = None, **more: Any) -> Scenario:
    """Somebody does something to "the order"."""
    given = {"role": "assistant", "of": lambda town: {"order_id": town.things["the order", OWN]}} | more
    return request("orders", "POST", "/orders/{order_id}/" + action, world, body or {"reason": "r"}, **given)


def _of(thing: str) -> dict[str, Any]:
    return {"of": lambda town: {"order_id": town.things[thing, OWN]}}


def _wide(*quantities: int, **more: Any) -> Any:
    return tuple(zip(WIDE, quantities, strict=True))


def _new_dealer(town: Town) -> None:
    row = dealer_row(OWN) | {"dealer_id": "D0009", "users": [{**dealer_row(OWN)["users"][0], "username": "ninth"}]}
    town.do("dealers", "POST", "/imports/dealers", {"dealers": [row]}, role="admin")


def _an_urgent_order_takes(quantity: int) -> Any:
    """Of L5, decided while another order is."""

    def happen(town: Town) -> None:
        submitted(("L5", quantity), dealer=OTHER, name="the rival's", urgent=True)(town)
        town.world.relay_once()
        town.world.consume_once("orders", "reserve_urgent_stock")

    return happen


def _the_queue_turned_round(town: Town) -> None:
    town.world.cloud.sqs.queues[queue_name(_spec(town, "reserve_stock"))].messages.reverse()  # type: ignore[attr-defined]


def _spec(town: Town, function: str) -> Any:
    return next(spec for spec in town.world.app("orders").consumers if spec.function == function)


INTAKE = [
    _submit("short of stock", _order(("L5", 3))),
    _submit("all of it or nothing", _order(("L3", 3), ("L5", 1), shortage_policy="all_or_nothing")),
    _submit("to be sent when all is there", _order(("L5", 3), shortage_policy="wait")),
    _submit("beyond the credit", _order(("L3", 9_000))),
    _submit("urgent", _order(("L3", 1), urgent=True)),
    _submit("urgent for the second time", _order(("L3", 1), urgent=True), prepare=decided(("L3", 1), urgent=True)),
    _submit("of one article in two lines", _order(("L3", 3), ("L2", 1), ("L3", 2))),
    _submit("contended: a colleague's gets the number", _order(("L3", 3)), rival=submitted(("L2", 1))),
    _submit("contended: a colleague uses up the credit", _order(("L3", 100)), rival=submitted(("L3", 1_300))),
    request(
        "orders",
        "POST",
        "/orders",
        "a dealer's first",
        _order(("L3", 3)),
        role="dealer_admin",
        dealer="D0009",
        prepare=_new_dealer,
        answers=(202,),
    ),
]

RESERVATION = [
    message("orders", "reserve_stock", "enough", submitted(("L3", 3), ("L2", 2))),
    message(
        "orders",
        "reserve_stock",
        "short",
        first(came_in("DN-5", ("L5", 2)), all_happens, submitted(("L3", 3), ("L5", 5))),
    ),
    message(
        "orders",
        "reserve_stock",
        "short, all or nothing",
        submitted(("L3", 3), ("L5", 5), shortage_policy="all_or_nothing"),
    ),
    message("orders", "reserve_stock", "short, to wait", submitted(("L3", 3), ("L5", 5), shortage_policy="wait")),
    message("orders", "reserve_stock", "nothing there", submitted(("L5", 5))),
    message(
        "orders",
        "reserve_stock",
        "contended: an urgent order takes some",
        first(came_in("DN-5", ("L5", 6)), all_happens, submitted(("L5", 5))),
        rival=_an_urgent_order_takes(3),
    ),
    message(
        "orders",
        "reserve_stock",
        "contended: an urgent order takes all",
        first(came_in("DN-5", ("L5", 3)), all_happens, submitted(("L5", 2), shortage_policy="all_or_nothing")),
        rival=_an_urgent_order_takes(3),
    ),
    message(
        "orders",
        "reserve_stock",
        "contended: two of one batch",
        first(came_in("DN-5", ("L5", 6)), all_happens, submitted(("L5", 5)), submitted(("L5", 4), dealer=OTHER)),
        as_good=[_the_queue_turned_round],
    ),
    message(
        "orders",
        "reserve_stock",
        "contended: cancelled meanwhile",
        submitted(("L3", 3)),
        rival=done("cancel", role="dealer_buyer"),
    ),
    message(
        "orders",
        "reserve_stock",
        "short, another warehouse has it",
        first(came_in("DN-S", ("L5", 9), warehouse="SZ"), helped_by("FS", "SZ"), submitted(("L5", 5))),
    ),
    message(
        "orders",
        "reserve_stock",
        "goods come for those who wait",
        first(decided(("L5", 4)), decided(("L5", 4), dealer=OTHER), came_in("DN-5", ("L5", 6))),
    ),
    message(
        "orders",
        "reserve_stock",
        "goods come, shared out by quota",
        first(
            published("quota", quotas={"A": 3}),
            decided(("L5", 4)),
            decided(("L5", 4), dealer=OTHER),
            came_in("DN-5", ("L5", 6)),
        ),
    ),
    message(
        "orders",
        "reserve_stock",
        "goods come, shared out in proportion",
        first(
            published("pro_rata_by_tier", pack=1),
            decided(("L5", 4)),
            decided(("L5", 4), dealer=OTHER),
            came_in("DN-5", ("L5", 6)),
        ),
    ),
    message(
        "orders",
        "reserve_stock",
        "contended: goods come, an urgent order takes some",
        first(decided(("L5", 4)), came_in("DN-5", ("L5", 6))),
        rival=_an_urgent_order_takes(3),
    ),
    message(
        "orders",
        "reserve_stock",
        "what was freed goes to those who wait",
        first(
            came_in("DN-5", ("L5", 4)),
            all_happens,
            decided(("L5", 4)),
            decided(("L5", 4), dealer=OTHER, name="waits"),
            done("cancel"),
        ),
    ),
    message(
        "orders",
        "reserve_stock",
        "enough on many buckets",
        first(stocked_widely(), submitted(*_wide(5, 5, 5, 5))),
        around=one_bucket_a_step,
    ),
    message(
        "orders",
        "reserve_stock",
        "short on the last of many buckets",
        first(stocked_widely(8), submitted(*_wide(5, 5, 5, 9))),
        around=one_bucket_a_step,
    ),
    message(
        "orders",
        "reserve_stock",
        "contended: all or nothing, and the last of many buckets is emptied",
        first(stocked_widely(8), submitted(*_wide(5, 5, 5, 8), shortage_policy="all_or_nothing")),
        around=one_bucket_a_step,
        rival=submitted((WIDE[-1], 4), dealer=OTHER, urgent=True),
    ),
    message("orders", "reserve_urgent_stock", "enough", submitted(("L3", 3), urgent=True)),
    message(
        "orders",
        "reserve_urgent_stock",
        "short",
        first(came_in("DN-5", ("L5", 2)), all_happens, submitted(("L5", 5), urgent=True)),
    ),
    message("orders", "reserve_urgent_stock", "nothing there", submitted(("L5", 5), urgent=True)),
    message(
        "orders",
        "reserve_urgent_stock",
        "short, another warehouse has it",
        first(came_in("DN-S", ("L5", 9), warehouse="SZ"), helped_by("SZ"), submitted(("L5", 5), urgent=True)),
    ),
    message(
        "orders",
        "reserve_urgent_stock",
        "contended: two of one batch",
        first(
            came_in("DN-5", ("L5", 6)),
            all_happens,
            submitted(("L5", 6), urgent=True),
            submitted(("L5", 6), dealer=OTHER, urgent=True),
        ),
        as_good=[
            lambda town: town.world.cloud.sqs.queues[  # type: ignore[attr-defined]
                queue_name(_spec(town, "reserve_urgent_stock"))
            ].messages.reverse()
        ],
    ),
]

IN_LINE = first(came_in("DN-5", ("L5", 2)), all_happens, decided(("L3", 3), ("L5", 5)))
PARTLY_SHIPPED = _of("order partly shipped")
A_BATCH_SHORT = first(decided(("L5", 4)), decided(("L5", 4), dealer=OTHER, name="the rival's"))

#: What an order gave back of many buckets so far is on order again, but it does not stand in line for it.
GIVEN_BACK_IN_PART = ("backorder-since",)
REVIEW = [
    _act(
        "approve",
        "contended: cancelled meanwhile",
        {"note": ""},
        prepare=decided(("L3", 3)),
        rival=done("cancel", role="dealer_buyer"),
        answers=(409,),
    ),
    _act("reject", "while it waits in line", prepare=IN_LINE),
    _act(
        "reject",
        "contended: approved meanwhile",
        prepare=decided(("L3", 3)),
        rival=done("approve", {"note": ""}),
        answers=(409,),
    ),
    _act(
        "reject",
        "with many buckets",
        prepare=first(stocked_widely(), decided(*_wide(5, 5, 5, 5))),
        around=one_bucket_a_step,
        unfinished=GIVEN_BACK_IN_PART,
    ),
    _act("cancel", "while it waits in line", prepare=IN_LINE, role="dealer_buyer"),
    _act("cancel", "by staff, partly shipped", **PARTLY_SHIPPED),
    _act(
        "cancel",
        "contended: approved meanwhile",
        prepare=decided(("L3", 3)),
        role="dealer_buyer",
        rival=done("approve", {"note": ""}),
        answers=(409,),
    ),
    _act(
        "cancel",
        "with many buckets",
        prepare=first(stocked_widely(), decided(*_wide(5, 5, 5, 5))),
        around=one_bucket_a_step,
        unfinished=GIVEN_BACK_IN_PART,
    ),
    _act("cancel", "before its stock is decided", prepare=submitted(("L3", 3)), role="dealer_buyer"),
    _act("extend-reservation", "while it waits in line", prepare=IN_LINE, role="dealer_buyer"),
    _act("extend-reservation", "approved", prepare=first(decided(("L3", 3)), approved)),
    _act(
        "extend-reservation",
        "contended: renewed by a colleague",
        prepare=decided(("L3", 3)),
        rival=done("extend-reservation"),
    ),
    request(
        "orders",
        "POST",
        "/orders/{order_id}/holds/{hold}/release",
        "contended: of two holds, the other goes meanwhile",
        {"reason": "r"},
        role="finance",
        prepare=decided(("L3", 9_000), ("L5", 1)),
        of=lambda town: {"order_id": town.things["the order", OWN], "hold": "credit"},
        rival=done("holds/stock/release"),
    ),
]

_ship_all = done("shipments", SHIPMENT, role="warehouse", of="order to ship")
_ship_first_piece = done(
    "shipments", SHIPMENT | {"lines": [{"line_no": 1, "quantity": 1}]}, role="warehouse", of="order to ship"
)

SHIPPING = [
    _act("shipments", "all of it", SHIPMENT, role="warehouse", answers=(201,), **_of("order to ship")),
    _act("shipments", "the rest of it", SHIPMENT, role="warehouse", answers=(201,), **PARTLY_SHIPPED),
    _act(
        "shipments",
        "short: what is there",
        SHIPMENT,
        role="warehouse",
        answers=(201,),
        prepare=first(IN_LINE, done("holds/stock/release"), approved),
    ),
    _act(
        "shipments",
        "contended: a colleague ships the first piece",
        SHIPMENT | {"lines": [{"line_no": 1, "quantity": 1}]},
        role="warehouse",
        answers=(201,),
        **_of("order to ship"),
        rival=_ship_first_piece,
    ),
    _act(
        "shipments",
        "contended: cancelled meanwhile",
        SHIPMENT,
        role="warehouse",
        answers=(409,),
        prepare=first(decided(("L3", 3)), approved),
        rival=done("cancel"),
    ),
    _act(
        "shipments",
        "of many buckets",
        SHIPMENT,
        role="warehouse",
        answers=(201,),
        prepare=first(stocked_widely(), decided(*_wide(5, 5, 5, 5)), approved),
    ),
    _act(
        "shipments",
        "of many buckets, lines chosen",
        SHIPMENT | {"lines": [{"line_no": n, "quantity": 2} for n in (1, 2, 4)]},
        role="warehouse",
        answers=(201,),
        prepare=first(stocked_widely(), decided(*_wide(5, 5, 5, 5)), approved),
    ),
    message("orders", "record_on_time_shipments", "an order left", _ship_all),
    message("orders", "record_on_time_shipments", "a part of it left", _ship_first_piece),
    message(
        "orders",
        "record_on_time_shipments",
        "contended: the rest leaves meanwhile",
        _ship_first_piece,
        rival=_ship_all,
    ),
]


def _receive(world: str, *lines: tuple[str, int], warehouse: str = WAREHOUSE, **more: Any) -> Scenario:
    received = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    body = {"warehouse": warehouse, "reference": "DN-R", "lines": received}
    given = {"role": "warehouse", "answers": (201,)} | more
    return request("orders", "POST", "/stock/goods-receipts", world, body, **given)


def _adjust(kind: str, world: str, *lines: tuple[str, int], **more: Any) -> Scenario:
    moved = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    body = {"warehouse": WAREHOUSE, "reference": "A-R", "kind": kind, "reason": "r", "lines": moved}
    given = {"role": "warehouse", "answers": (201,)} | more
    return request("orders", "POST", "/stock/adjustments", f"{kind}: {world}", body, **given)


STOCK = [
    _receive("on a new bucket", ("L3", 5), warehouse="SZ"),
    _receive("on many buckets", *((sku, 3) for sku in WIDE), prepare=stocked_widely(), warehouse="SZ"),
    _receive("for those who wait", ("L5", 6), prepare=A_BATCH_SHORT),
    _receive("for fewer than wait", ("L5", 3), prepare=A_BATCH_SHORT),
    _receive(
        "contended: another note on the new bucket",
        ("L3", 5),
        warehouse="SZ",
        rival=came_in("DN-X", ("L3", 1), warehouse="SZ"),
    ),
    _receive("contended: the same note meanwhile", ("L3", 5), rival=came_in("DN-R", ("L3", 5)), answers=(409,)),
]


def _rule(world: str, body: dict[str, Any], **more: Any) -> Scenario:
    given = {"role": "admin", "of": lambda _: {"warehouse": WAREHOUSE}} | more
    return request("orders", "PUT", "/warehouses/{warehouse}/allocation-rule", world, {"reason": "r"} | body, **given)


RULES = [
    _rule("in place of another", {"rule": "first_come", "version": 1}, prepare=published("quota", quotas={"A": 3})),
    _rule(
        "contended: another is published meanwhile",
        {"rule": "first_come", "version": 0},
        rival=published("quota", quotas={"A": 3}),
        answers=(412,),
    ),
]


#: An order that fails is left to the next run, which first tells all others of their days: another order of events.
NOT_LEFT_TO_THE_NEXT_RUN = (Kind.CRASH_BEFORE, Kind.CRASH_AFTER, Kind.ANSWER_LOST)
SWEEPS = [
    schedule("orders", "sweep_orders", "nothing to do"),
    schedule("orders", "sweep_orders", "forgotten, enough", first(submitted(("L3", 3)), time_passes(minutes=3))),
    schedule(
        "orders",
        "sweep_orders",
        "forgotten, short",
        first(came_in("DN-5", ("L5", 2)), all_happens, submitted(("L5", 5)), time_passes(minutes=3)),
    ),
    schedule(
        "orders",
        "sweep_orders",
        "contended: forgotten, and the queue remembers",
        first(submitted(("L3", 3)), time_passes(minutes=3)),
        rival=all_happens,
    ),
    schedule(
        "orders",
        "sweep_orders",
        "an urgent order is overdue",
        first(decided(("L3", 3), urgent=True), time_passes(hours=3)),
    ),
    schedule(
        "orders",
        "sweep_orders",
        "a hold is about to end",
        first(decided(("L3", 3)), only_its_hold(hours=69)),
        kinds=NOT_LEFT_TO_THE_NEXT_RUN,
    ),
    schedule(
        "orders",
        "sweep_orders",
        "a hold ends",
        first(decided(("L3", 3)), only_its_hold(hours=73)),
        kinds=NOT_LEFT_TO_THE_NEXT_RUN,
    ),
    schedule(
        "orders",
        "sweep_orders",
        "contended: a hold ends while it is renewed",
        first(decided(("L3", 3)), only_its_hold(hours=73)),
        rival=done("extend-reservation"),
        kinds=NOT_LEFT_TO_THE_NEXT_RUN,
    ),
    schedule("orders", "sweep_orders", "goods came that nobody announced", A_BATCH_SHORT),
]


def _payment_posted(dealer: str) -> Any:
    def happen(town: Town) -> None:
        body = {"dealer_id": dealer, "amount_fen": 700, "received_on": "2026-12-01", "bank_reference": f"BK-F-{dealer}"}
        answer = town.ask("reconciliation", "POST", "/payments", body, role="finance")
        assert answer.status == 201, answer.json

    return happen


def _reversed(thing: str) -> Any:
    def happen(town: Town) -> None:
        path = f"/journals/{town.things[thing, OWN]}/reversal"
        answer = town.ask("reconciliation", "POST", path, {"reason": "r"}, role="finance")
        assert answer.status == 201, answer.json

    return happen


CREDIT = [
    message("orders", "update_credit", "money came in", _payment_posted(OWN)),
    message(
        "orders", "update_credit", "money of two dealers came in", first(_payment_posted(OWN), _payment_posted(OTHER))
    ),
    message("orders", "update_credit", "a receipt is taken back", _reversed("journal to reverse")),
]

SCENARIOS = [*INTAKE, *RESERVATION, *REVIEW, *SHIPPING, *STOCK, *RULES, *SWEEPS, *CREDIT]
