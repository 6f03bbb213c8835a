"""What orders takes and answers over HTTP. Amounts in fen, quantities in pieces, times ISO 8601 UTC."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from kernel.base.problems import FieldProblem
from kernel.http.models import (
    IGNORE_KEY_ORDER,
    Answer,
    Body,
    DealerId,
    Name,
    Quantity,
    QuantityOrZero,
    Query,
    Sku,
    Text,
    WarehouseId,
    repeated,
    rows_of,
)
from services.orders.allocation import Rule
from services.orders.domain import Hold, ShortagePolicy, State
from services.orders.terms import Grade

MAX_LINES = 1_000

_Note = Annotated[Text, Field(max_length=200)]
_Reason = Annotated[Text, Field(min_length=1, max_length=200)]
#: Of what is replaced, 0 if nothing is.
_Version = Annotated[int, Field(ge=0, le=1_000_000)]
#: As `_Reference`, without what would end it in an address.
DELIVERY_REFERENCE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
_DeliveryReference = Annotated[str, Field(pattern=DELIVERY_REFERENCE)]
_Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$")]


class OrderLineRequest(Body):
    """One line of an order: a SKU may stand on several lines."""

    sku: Sku
    quantity: Quantity


class SubmitOrder(Body):
    """An order. `shortage_policy` says what to do when stock is short; `purchase_order` is the dealer's own number."""

    lines: Annotated[list[OrderLineRequest], Field(min_length=1, max_length=MAX_LINES)]
    shortage_policy: ShortagePolicy = ShortagePolicy.SHIP_AVAILABLE
    urgent: bool = False
    purchase_order: Annotated[Name, Field(max_length=60)] | None = None
    note: _Note | None = None


class OrderConfirmation(Answer):
    """Proof that an order is stored and cannot be lost. `holds`: what a clerk will have to look at."""

    order_id: str
    state: State
    warehouse: str
    line_count: int
    pieces: int
    gross_fen: int
    net_fen: int
    tax_fen: int
    submitted_at: str
    holds: list[Hold]


class OrderSummary(OrderConfirmation):
    """An order in a list. Pieces: reserved, back-ordered, shipped, cancelled. `backordered_since`: since when it waits for
    goods; `reserved_until`: when what is held goes back to the others unless the order moves on or is renewed;
    `promised_on`: the day on which what is held leaves."""

    dealer_id: str
    submitted_by: str
    urgent: bool
    visible_at: str | None
    decided_at: str | None
    backordered_since: str | None
    reserved_until: str | None
    promised_on: str | None
    reserved: int
    backordered: int
    shipped: int
    cancelled: int
    version: int


class OrderLineView(Answer):
    """One line: what was ordered, at which price by which policy, and what became of it, in pieces.

    ordered = open + shipped + cancelled; once stock is decided open = reserved + backordered. `promised_on`: the day
    (Asia/Shanghai) on which the last piece of it leaves, null while none can be named.
    """

    line_no: int
    sku: str
    name: str
    unit_price: str
    price_policy: str
    gross_fen: int
    tax_fen: int
    ordered: int
    open: int
    reserved: int
    backordered: int
    shipped: int
    cancelled: int
    promised_on: str | None


class OrderView(OrderSummary):
    """A whole order. `sourcing`: what was found in each warehouse asked, if its own was short of it."""

    shortage_policy: ShortagePolicy
    purchase_order: str | None
    note: str | None
    price_list: str
    price_version: int
    sourcing: list[dict[str, str | int]]
    lines: list[OrderLineView]


class OrderPage(Answer):
    """Orders and the cursor for the next page, null after the last."""

    orders: list[OrderSummary]
    next_cursor: str | None


class OrdersQuery(Query):
    """`dealer_id` is for staff only."""

    dealer_id: DealerId | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class ReviewQuery(Query):
    """Which waiting orders: arriving (submitted), to be decided (in_review), to be shipped (confirmed)."""

    state: State = State.IN_REVIEW
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class TimelineEntry(Answer):
    """One thing that happened: when, what, by whom, where it left the order, and the event's own facts."""

    at: str
    event: str
    label: str
    by: str
    state: str
    facts: dict[str, str | int | bool | list[str] | list[int] | list[dict[str, Any]] | None]


class Timeline(Answer):
    """The history of an order, oldest first."""

    order_id: str
    entries: list[TimelineEntry]


class Approve(Body):
    """Approve an order; the note is shown to the dealer."""

    note: _Note = ""


class ReasonRequest(Body):
    """An act upon a dealer's order that must be explained to the dealer."""

    reason: _Reason


class ShipLine(Body):
    """Pieces of one line that leave."""

    line_no: Annotated[int, Field(ge=1, le=MAX_LINES)]
    quantity: Quantity


class Ship(Body):
    """A shipment. Without `lines` everything held for the order leaves."""

    carrier: Name
    waybill: _Reference
    lines: Annotated[list[ShipLine], Field(min_length=1, max_length=MAX_LINES)] | None = None


class ShipmentLineView(Answer):
    """One line of a shipment and its worth in fen."""

    line_no: int
    sku: str
    quantity: int
    gross_fen: int
    tax_fen: int


class ShipmentSummary(Answer):
    """Goods that left together under one waybill, and what they are worth."""

    shipment_id: str
    order_id: str
    warehouse: str
    carrier: str
    waybill: str
    shipped_at: str
    shipped_by: str
    pieces: int
    gross_fen: int
    net_fen: int
    tax_fen: int


class ShipmentConfirmation(ShipmentSummary):
    """Proof that goods left. `state`: the order's now, closed if nothing is left to ship."""

    state: State


class ShipmentView(ShipmentSummary):
    """A shipment line by line."""

    lines: list[ShipmentLineView]


class ShipmentList(Answer):
    """The shipments of an order, in their order."""

    order_id: str
    state: State
    shipments: list[ShipmentView]


class ReceivedLine(Body):
    """Pieces of a SKU that came in."""

    sku: Sku
    quantity: Quantity


class ReceiveStock(Body):
    """Goods that came into a warehouse; `reference` is the delivery note and counts once per warehouse for ever.
    `expected`: the delivery they belong to; what came is expected no more, the rest of it stays so."""

    warehouse: WarehouseId
    reference: _Reference
    expected: _DeliveryReference | None = None
    lines: Annotated[list[ReceivedLine], Field(min_length=1, max_length=1_000)]


class GoodsReceipt(Answer):
    """What was taken in."""

    warehouse: str
    reference: str
    received_at: str
    skus: int
    pieces: int


class AdjustmentKind(StrEnum):
    """What a stock document says: how many pieces are on hand, or how many were found, are gone, were set aside as not
    fit for sale, are fit again, or were thrown away of those set aside."""

    COUNT = "count"
    FOUND = "found"
    LOST = "lost"
    SET_ASIDE = "set_aside"
    CLEAR = "clear"
    SCRAP = "scrap"


class AdjustedLine(Body):
    """Pieces of a SKU: moved, or of a count on hand, which is available and held together."""

    sku: Sku
    quantity: QuantityOrZero


class AdjustStock(Body):
    """A stock document; `reference` counts once per warehouse and kind for ever. A count names each SKU once."""

    warehouse: WarehouseId
    reference: _Reference
    kind: AdjustmentKind
    reason: _Reason
    lines: Annotated[list[AdjustedLine], Field(min_length=1, max_length=1_000)]

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        rows = rows_of(value, "lines")
        if isinstance(value, dict) and value.get("kind") == AdjustmentKind.COUNT:
            return repeated((f"{path}.sku", row.get("sku")) for path, row in rows)
        detail = "须大于 0 / must be more than 0"
        return [
            FieldProblem(field=f"{path}.quantity", code="too-small", detail=detail)
            for path, row in rows
            if row.get("quantity") == 0
        ]


class TransferStock(Body):
    """Goods sent from one warehouse to another, where they are expected on a day under the same reference."""

    from_warehouse: WarehouseId
    to_warehouse: WarehouseId
    reference: _DeliveryReference
    expected_on: date
    reason: _Reason
    lines: Annotated[list[ReceivedLine], Field(min_length=1, max_length=1_000)]


class StockDocumentLine(Answer):
    """Pieces of a SKU. Of a count, `quantity` is what was counted, `expected` what the books said was on hand, and
    `difference` was found, or lost if below zero."""

    sku: str
    quantity: int
    expected: int | None = None
    difference: int | None = None


class StockDocument(Answer):
    """A stock document as it was booked. `to_warehouse`: of a transfer."""

    warehouse: str
    document: str
    reference: str
    to_warehouse: str | None
    made_at: str
    made_by: str
    reason: str
    lines: list[StockDocumentLine]


class ExpectGoods(Body):
    """What is expected under a reference, on a day of Asia/Shanghai; no lines: nothing any more. `version`: of what
    this replaces, 0 for none."""

    expected_on: date
    lines: Annotated[list[ReceivedLine], Field(max_length=1_000)]
    reason: _Reason
    version: Annotated[int, Field(ge=0)]


class ExpectedLine(Answer):
    """Pieces of a SKU on their way."""

    sku: str
    quantity: int


class ExpectedDelivery(Answer):
    """A delivery on its way; `expected_on` is null once all of it is received or given up."""

    warehouse: str
    reference: str
    expected_on: date | None
    version: int
    changed_by: str
    reason: str
    lines: list[ExpectedLine]


class ExpectedList(Answer):
    """What a warehouse expects, the earliest first."""

    warehouse: str
    as_of: str
    deliveries: list[ExpectedDelivery]


class DeliveryChange(Answer):
    """One change of a delivery: the day before and after, and what was then expected."""

    at: str
    version: int
    was_expected_on: date | None
    expected_on: date | None
    skus: int
    pieces: int
    reason: str
    by: str


class ExpectedHistory(ExpectedDelivery):
    """A delivery and how it changed, oldest first."""

    changes: list[DeliveryChange]


class StockQuery(Query):
    """`skus`: comma-separated, at most 50."""

    skus: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/,-]{0,2000}$")]


class StockLine(Answer):
    """Pieces of a SKU in a warehouse: on_hand = available + held."""

    sku: str
    available: int
    reserved: int
    on_hand: int


class StockView(Answer):
    """Stock of the SKUs asked for, as of now."""

    warehouse: str
    as_of: str
    stock: list[StockLine]


class AvailableToPromiseDay(Answer):
    """Pieces that may be promised for a day (Asia/Shanghai) on which they leave: so many more than for the day before,
    so many in all."""

    day: date
    pieces: int
    cumulative: int


class AvailableToPromiseSku(Answer):
    """What may be promised of a SKU to a new order, by the day; the first is that on which pieces held now leave."""

    sku: str
    days: list[AvailableToPromiseDay]


class AvailableToPromise(Answer):
    """What may be promised, as of now; what those in line wait for is taken off."""

    warehouse: str
    as_of: str
    skus: list[AvailableToPromiseSku]


class OnTimeQuery(Query):
    """Which warehouse, which month of shipping (Asia/Shanghai), of one SKU or of all."""

    warehouse: WarehouseId
    month: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
    sku: Sku | None = None


class OnTimeTally(Answer):
    """Pieces that left by the day first promised, later, or without ever having been promised a day. `rate`: the part
    of those with a day that kept it, such as `0.9875`, null without any."""

    sku: str | None
    kept: int
    late: int
    undated: int
    rate: str | None


class OnTimeReport(Answer):
    """How well a warehouse kept its promises in a month, in all and by SKU."""

    warehouse: str
    month: str
    total: OnTimeTally
    skus: list[OnTimeTally]


class PublishAllocationRule(Body):
    """How goods are shared out when less came in than is waited for. `quotas`: pieces per dealer and run by grade;
    `pack`: pro rata shares are rounded to so many pieces; `version`: of the rule this one replaces, 0 for none."""

    rule: Rule
    quotas: Annotated[dict[Grade, Quantity], Field(default_factory=dict), IGNORE_KEY_ORDER]
    pack: Quantity = 1
    reason: _Reason
    version: _Version


class AllocationRule(Answer):
    """The rule by which a warehouse shares out what is short. `version` 0: none was published, first come holds."""

    warehouse: str
    rule: Rule
    quotas: dict[str, int]
    pack: int
    version: int
    changed_by: str
    reason: str


class PublishSourcingRule(Body):
    """Who serves an order its own warehouse is short of, in the order in which they are asked."""

    alternates: Annotated[list[WarehouseId], Field(max_length=5)]
    reason: _Reason
    version: _Version


class Sourcing(Answer):
    """The warehouses that stand in for one."""

    warehouse: str
    alternates: list[str]
    version: int
    changed_by: str
    reason: str


class GrantView(Answer):
    """What an order got of a SKU in one run, and every figure the rule took it from (allocation.py, Reason)."""

    sku: str
    granted: int
    rule: Rule
    supply: int
    claimed: int
    wanted: int
    rank: int
    queue_length: int
    grade: Grade
    pool: int
    pool_claimed: int
    quota: int | None
    share: int


class AllocationView(Answer):
    """One run in which an order got goods; `rule_version`: of the warehouse's published rule."""

    run: str
    granted_at: str
    rule_version: int
    grants: list[GrantView]


class AllocationList(Answer):
    """What an order got in every run, oldest first, and where it stands in line now: `place` 1 is served next."""

    order_id: str
    backordered_since: str | None
    place: int | None
    waiting: int
    allocations: list[AllocationView]
