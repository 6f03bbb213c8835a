"""Every route and function of notifications, declared once for all tests of every handler."""

from __future__ import annotations

from typing import Any

from services.notifications.sms.providers.provider import Rejected, Unknown
from tests.notifications import endpoint_scenarios, objection_scenarios
from tests.notifications.endpoint_scenarios import ADMIN, ENDPOINT, NO_ENDPOINT
from tests.notifications.external_systems import provider, receivers
from tests.orders.stock_situations import name_escalation_contact
from tests.support.company import SampleCompany
from tests.support.company_data import OWN, PRICE_LIST, WAREHOUSE, ticket_body
from tests.support.normalizers import ignore_attempts, ignore_text_outcome
from tests.support.steps import (
    act_on_order,
    advance_clock,
    drain,
    end_prices,
    in_order,
    place_order,
    receive_goods,
    report_day,
    request,
    schedule_prices,
    ship_order,
    submit_order,
    sweep_orders,
    watch_price_lists,
    withdraw_prices,
)
from tests.support.trigger import ALL_USERS, DEALER_USERS, STAFF, Situation, Step, Trigger, variant

PAYMENT = {"dealer_id": OWN, "amount_fen": 500, "received_on": "2026-12-01", "bank_reference": "BK-N"}
SUSPENSION = {
    "version": 1,
    "status": "suspended",
    "grade": "一级",
    "price_list": PRICE_LIST,
    "warehouse": WAREHOUSE,
    "credit_limit_fen": 10_000_00,
    "payment_days": 30,
    "reason": "欠款",
}
reject_order = act_on_order("reject", order="order to reject")
suspend_dealer = request("dealers", f"/dealers/{OWN}/terms", SUSPENSION, role="finance", method="PUT")


def let_ticket_be_overdue(company: SampleCompany) -> None:
    company.world.clock.advance(days=1)
    company.world.periodic("tickets", "watch_clocks")


def drain_all_but_notify(company: SampleCompany) -> None:
    """Deliver all messages but those of the inbox, which wait."""
    spec = next(spec for spec in company.world.app("notifications").consumers if spec.function == "notify")
    with company.world.held_back(spec.queue):
        company.world.drain()


#: Events that are notified of.
EVENTS: dict[str, Step] = {
    "an order": submit_order(("L3", 3)),
    "a shipment": ship_order(),
    "a rejection": act_on_order("reject", order="order to reject"),
    "a cancellation": act_on_order("cancel", order="order to cancel"),
    "an approval": in_order(place_order(("L3", 3)), act_on_order("approve", {"note": ""})),
    "goods for backorders": in_order(place_order(("L5", 3)), receive_goods("DN-5", ("L5", 3))),
    "a payment": request("reconciliation", "/payments", PAYMENT, role="finance"),
    "coming prices": in_order(schedule_prices, drain_all_but_notify),
    "withdrawn prices": in_order(schedule_prices, drain, withdraw_prices, drain_all_but_notify),
    "ending prices": in_order(end_prices, watch_price_lists),
    "an evening": in_order(advance_clock(hours=9), report_day),
    "a ticket": request("tickets", "/tickets", ticket_body(OWN), role="dealer_buyer"),
    "an overdue urgent order": in_order(
        name_escalation_contact, place_order(("L3", 3), urgent=True), advance_clock(hours=3), sweep_orders
    ),
    "a completed ticket": request(
        "tickets", "/tickets/{}/complete", {"result": "ok"}, role="aftersales", about="ticket dispatched"
    ),
    "an overdue ticket": let_ticket_be_overdue,
    "changed terms": suspend_dealer,
    "a rejection to a suspended dealer": in_order(suspend_dealer, reject_order),
}


# ---- text messages ----


def notify_without_texts(company: SampleCompany) -> None:
    """Deliver all messages but the text messages, which wait."""
    spec = next(spec for spec in company.world.app("notifications").consumers if spec.function == "send_sms")
    with company.world.held_back(spec.queue):
        company.world.drain()


def use_up_daily_texts(company: SampleCompany) -> None:
    """Send each buyer as many text messages as a phone gets in a day."""
    for number in range(10):
        company.world.clock.advance(minutes=30)
        place_order(("L3", 1), name=f"order {number}")(company)


def reject_three_orders(company: SampleCompany) -> None:
    """Place three orders and reject them at once; the rejections are not delivered."""
    for number in range(3):
        place_order(("L3", 1), name=f"order {number}")(company)
    company.world.drain()
    for number in range(3):
        act_on_order("reject", order=f"order {number}")(company)


several_texts_wait = in_order(reject_three_orders, drain)


# ---- webhooks ----


def retry_webhooks(company: SampleCompany) -> None:
    company.world.periodic("notifications", "retry_webhooks")


def create_endpoint(path: str) -> Step:
    """Return a step that creates an endpoint; its receiver answers by the last part of the address."""
    body = {"url": f"https://erp.example.com/{path}", "types": ["*"], "description": path}
    return request("notifications", "/webhook-endpoints", body, role="admin")


def webhook_situation(name: str, *prepare: Step, **more: Any) -> Situation:
    """Return a situation with receivers that have got all earlier events, and one retry of the schedule later.

    A delivery is claimed before it is sent; the schedule retries a delivery whose attempt was not recorded.
    """
    return Situation(
        name,
        prepare=in_order(retry_webhooks, *prepare),
        around=receivers,
        later=in_order(retry_webhooks, drain),
        normalize=ignore_attempts,
        **more,
    )


order_ready = in_order(place_order(("L3", 3), name="order to approve"), retry_webhooks)
approve = act_on_order("approve", {"note": ""}, order="order to approve")
failed_delivery = (create_endpoint("fails"), order_ready, approve, drain)
delete_endpoint = request("notifications", "/webhook-endpoints/{}", role="admin", method="DELETE", about="endpoint")
REPLAY = webhook_situation("as usual")

TRIGGERS = [
    *objection_scenarios.TRIGGERS,
    Trigger(
        "GET /inbox",
        roles=ALL_USERS,
        variants=[variant(roles={"warehouse", "admin"}, query={"warehouse": f"={WAREHOUSE}"}, refusals={422})],
    ),
    Trigger(
        "POST /inbox/{message_id}/read",
        roles=ALL_USERS,
        refusals={404},
        path={"message_id": "message of {role}"},
        missing={"message_id": "1795399200433.dealer.evt_{dealer}-999999_5"},
        of_dealer=True,
        situations=[
            Situation("as clerk", role="assistant"),
            Situation(
                "contended: read on another screen",
                role="assistant",
                rival=request("notifications", "/inbox/{}/read", role="assistant", about="message of assistant"),
            ),
        ],
    ),
    Trigger(
        "GET /sms",
        roles=STAFF | {"dealer_admin"},
        bad_query={"state": ["", "x"]},
        variants=[variant(query={"state": "=failed"})],
    ),
    Trigger(
        "GET /events",
        roles=DEALER_USERS | ADMIN,
        bad_query={"after": ["", "x", "null", "evt_D0001-999999_1", "evt_\u0000", "gAAAAABl" + "A" * 200, "x" * 5_000]},
    ),
    *endpoint_scenarios.TRIGGERS,
    Trigger(
        "POST /webhook-endpoints",
        roles=ADMIN,
        status=201,
        body={"url": "https://erp.example.com/qudao", "types": ["order.shipped.v1"], "description": "ERP"},
        situations=[
            Situation(
                "beside others",
                body={"url": "https://erp.example.com/x", "types": ["*"], "description": "ERP"},
                prepare=create_endpoint("y"),
            ),
        ],
    ),
    Trigger(
        "POST /webhook-endpoints/{endpoint_id}/test",
        roles=ADMIN,
        status=202,
        path=ENDPOINT,
        missing=NO_ENDPOINT,
        usual=variant(prepare=REPLAY.prepare, around=receivers, later=REPLAY.later, normalize=ignore_attempts),
    ),
    Trigger(
        "POST /webhook-endpoints/{endpoint_id}/deliveries/{event_id}/replay",
        roles=ADMIN,
        status=202,
        path=ENDPOINT | {"event_id": "event"},
        missing={"event_id": "evt_{dealer}-999999_1"},
        usual=variant(prepare=REPLAY.prepare, around=receivers, later=REPLAY.later, normalize=ignore_attempts),
    ),
    Trigger(
        "POST /webhook-endpoints/{endpoint_id}/replay",
        roles=ADMIN,
        status=202,
        path=ENDPOINT,
        missing=NO_ENDPOINT,
        body={"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"},
        usual=variant(prepare=REPLAY.prepare, around=receivers, later=REPLAY.later, normalize=ignore_attempts),
    ),
    Trigger("notify", situations=[Situation(f"of {name}", prepare=step) for name, step in EVENTS.items()]),
    Trigger(
        "send_sms",
        normalize=ignore_text_outcome,
        situations=[
            Situation("accepted", prepare=reject_order),
            Situation(
                "two of one template at once",
                prepare=in_order(reject_order, act_on_order("reject", order="order in review")),
            ),
            Situation("three of one template at once", prepare=reject_three_orders),
            Situation("at night", prepare=in_order(advance_clock(hours=14), reject_order)),
            Situation("above the daily limit", prepare=in_order(use_up_daily_texts, reject_order)),
            Situation(
                "the dealer is suspended meanwhile",
                prepare=in_order(reject_order, notify_without_texts, suspend_dealer),
            ),
            Situation("rejected for good", prepare=reject_order, around=provider(Rejected("opted-out"))),
            Situation("rejected for now", prepare=reject_order, around=provider(Rejected("throttled", temporary=True))),
            Situation("outcome unknown", prepare=reject_order, around=provider(Unknown("timeout"))),
        ],
    ),
    Trigger(
        "release_texts",
        normalize=ignore_text_outcome,
        situations=[
            Situation("nothing to do"),
            Situation("one that stands for several", prepare=in_order(several_texts_wait, advance_clock(minutes=2))),
            Situation(
                "of the night", prepare=in_order(advance_clock(hours=14), several_texts_wait, advance_clock(hours=10))
            ),
        ],
    ),
    Trigger(
        "dispatch_webhooks",
        situations=[
            webhook_situation("one receiver", order_ready, approve),
            webhook_situation(
                "three receivers, one fails and one is gone",
                create_endpoint("fails"),
                create_endpoint("gone"),
                order_ready,
                approve,
            ),
            webhook_situation(
                "a receiver that just failed",
                create_endpoint("fails"),
                order_ready,
                approve,
                act_on_order("cancel", order="order to approve"),
            ),
        ],
    ),
    Trigger(
        "retry_webhooks",
        situations=[
            webhook_situation("nothing to do"),
            webhook_situation("one failed", *failed_delivery, advance_clock(minutes=10)),
            webhook_situation("an endpoint was deleted", *failed_delivery, delete_endpoint, advance_clock(minutes=10)),
        ],
    ),
]
