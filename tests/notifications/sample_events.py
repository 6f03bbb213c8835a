"""One sample of each event that has a notification rule."""

from __future__ import annotations

from typing import Any

from contracts.dealers import DealerTermsChanged
from contracts.escalation import OrderOverdue
from contracts.notifications import ObjectionAnswered, ObjectionRaised
from contracts.orders import (
    OrderAddressChanged,
    OrderApproved,
    OrderBackordersFilled,
    OrderCancelled,
    OrderCreditHoldPlaced,
    OrderLinesCancelled,
    OrderPiecesMissing,
    OrderRejected,
    OrderReservationExpired,
    OrderReservationExpiring,
    OrderReserved,
    OrderShipmentVoided,
    OrderShipped,
    OrderSubmitted,
)
from contracts.price_events import DealerPricesScheduled, DealerPricesWithdrawn, PriceListEnding
from contracts.promises import MovedPromise, OrderPromiseSlipped
from contracts.reconciliation import JournalReversed, PaymentPosted, StatementIssued
from contracts.tickets import TicketOverdue, TicketProgressed
from contracts.worklist import DayReported, UnhandledOrders
from kernel.messaging.events import Event

ORDER: dict[str, Any] = {
    "order_id": "D0001-000123",
    "dealer_id": "D0001",
    "warehouse": "GZ",
    "state": "in_review",
    "line_count": 120,
    "gross_fen": 1_234_500,
}
IN_REVIEW, CONFIRMED = ORDER | {"state": "in_review"}, ORDER | {"state": "confirmed"}


def ticket_progressed(step: str, ticket_id: str = "D0001-T00007") -> TicketProgressed:
    """Return the event of one step of a service ticket."""
    return TicketProgressed(ticket_id=ticket_id, dealer_id="D0001", step=step, state=step, title="灯带不亮", by="王工")


def terms_changed(before: dict[str, str | int], after: dict[str, str | int]) -> DealerTermsChanged:
    """Return the event of changed terms."""
    return DealerTermsChanged(dealer_id="D0001", author="u-7", reason="年度调整", before=before, after=after)


OBJECTION: dict[str, Any] = {
    "objection_id": "obj_D0001-000123_2",
    "dealer_id": "D0001",
    "event_id": "evt_D0001-000123_2",
    "about": "D0001-000123",
    "act_zh": "信用冻结",
    "act_en": "credit hold",
    "by": "陈月娥",
}


def order_shipped(**changes: Any) -> OrderShipped:
    """Return the event of a shipment, with other fields as given."""
    fields: dict[str, Any] = ORDER | {
        "shipment_id": "shp_1",
        "shipped_pieces": 12,
        "shipped_gross_fen": 123_450,
        "shipped_net_fen": 109_248,
        "shipped_tax_fen": 14_202,
        "shipped_at": "2026-11-23T02:00:00.000Z",
        "payment_days": 30,
        "carrier": "顺丰",
        "waybill": "SF1234567890123",
        "complete": True,
    }
    return OrderShipped(**fields | changes)


def shipment_voided() -> OrderShipmentVoided:
    """Return the event that voids the shipment of `order_shipped`."""
    shipment = order_shipped().model_dump(exclude={"complete"})
    return OrderShipmentVoided(**shipment, voided_at="2026-11-24T02:00:00.000Z", reason="司机未装车")


EVENTS: list[Event] = [
    OrderSubmitted(**ORDER),
    OrderReserved(**ORDER, reserved=90, backordered=10, promised_on="2026-11-24"),
    OrderReserved(**ORDER, reserved=90, backordered=6, cancelled=4, cancelled_lines=(2, 3), promised_on="2026-11-24"),
    *(OrderCreditHoldPlaced(**order, released=90) for order in (IN_REVIEW, CONFIRMED)),
    *(OrderBackordersFilled(**order, filled=6, backordered=4, rule="first_come") for order in (IN_REVIEW, CONFIRMED)),
    *(
        OrderReservationExpiring(**order, reserved_until="2026-11-26T10:00:00.000Z", reserved=90)
        for order in (IN_REVIEW, CONFIRMED)
    ),
    *(OrderReservationExpired(**order, released=90) for order in (IN_REVIEW, CONFIRMED)),
    OrderReservationExpired(**IN_REVIEW, released=90, cancelled=4, cancelled_lines=(2,)),
    OrderPromiseSlipped(
        **IN_REVIEW,
        moved=(
            MovedPromise(lines=(1, 3), reserved=False, old="2026-11-26", new="2026-12-03"),
            MovedPromise(lines=(4,), reserved=False, old="2026-12-07", new="2026-12-04"),
        ),
        promised_on="2026-11-26",
    ),
    *(
        OrderPiecesMissing(
            **order,
            missing=6,
            missing_lines=(2,),
            released=6,
            backordered=16,
            document="count",
            reference="C-1",
            reason="货架少货",
            rule="first_come",
        )
        for order in (IN_REVIEW, CONFIRMED)
    ),
    OrderOverdue(**IN_REVIEW, due_at="2026-11-23T02:30:00.000Z"),
    OrderApproved(**ORDER),
    *(
        OrderAddressChanged(**order, delivery_city="佛山市", delivery_contact="李明")
        for order in (IN_REVIEW, CONFIRMED)
    ),
    OrderRejected(**ORDER, reason="价格有误"),
    OrderCancelled(**ORDER, cancelled=5, reason="重复下单"),
    OrderLinesCancelled(**ORDER, cancelled=5, cancelled_lines=(2,), released=3, reason="停产"),
    order_shipped(),
    shipment_voided(),
    PaymentPosted(payment_id="pay_1", dealer_id="D0001", amount_fen=123_450, received_on="2026-11-20"),
    JournalReversed(
        journal_id="jrn_2",
        dealer_id="D0001",
        document_kind="payment",
        document_id="pay_1",
        owed_change_fen=123_450,
        reason="支票退票",
    ),
    terms_changed({"warehouse": "GZ", "credit_limit_fen": 1_000_000}, {"warehouse": "SZ", "credit_limit_fen": 500_000}),
    StatementIssued(statement_id="stm_1", dealer_id="D0001", period="2026-11", opening_fen=0, closing_fen=123_450),
    DealerPricesScheduled(dealer_id="D0001", price_list_id="A", version=2, name="一级价", valid_from="2026-12-15"),
    DealerPricesWithdrawn(
        dealer_id="D0001", price_list_id="A", version=2, name="一级价", valid_from="2026-12-15", reason="价格有误"
    ),
    PriceListEnding(price_list_id="A", name="一级价", without_prices_from="2027-01-01"),
    DayReported(
        day="2026-11-23",
        unhandled=(
            UnhandledOrders(kind="review", number=9, orders=tuple(f"D0001-{number:06d}" for number in range(1, 10))),
            *(UnhandledOrders(kind=kind, number=0, orders=()) for kind in ("credit_hold", "shipment")),
            UnhandledOrders(kind="reservation_expiry", number=1, orders=("D0001-000123",)),
        ),
    ),
    *(ObjectionRaised(**OBJECTION, owner=owner, text="已付款") for owner in ("finance", "assistant", "admin")),
    *(ObjectionAnswered(**OBJECTION, accounts_only=only, answer="已核实") for only in (False, True)),
    ticket_progressed("registered"),
    ticket_progressed("completed"),
    ticket_progressed("withdrawn"),
    TicketOverdue(
        ticket_id="D0001-T00007",
        dealer_id="D0001",
        state="accepted",
        title="灯带不亮",
        urgent=True,
        due_at="2026-11-23T02:00:00.000Z",
    ),
]
