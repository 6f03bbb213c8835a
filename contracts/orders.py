"""What orders says. Every event of an order carries its state after the event and its totals, in fen."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from kernel.messaging.events import Event


class OrderEvent(Event):
    """What all events of an order carry. `order_id` is `<dealer>-<sequence>`; quantities are pieces, amounts fen.

    `by` is the name of the person who did it, empty where the system did.
    """

    SOURCE: ClassVar[str] = "orders"

    order_id: str
    dealer_id: str
    warehouse: str
    state: str
    line_count: int
    gross_fen: int
    by: str = ""


class OrderSubmitted(OrderEvent):
    """Published when an order is stored. Heard by orders (reserve stock, through a FIFO queue; urgent ones have their
    own) and notifications."""

    TYPE: ClassVar[str] = "order.submitted.v1"

    urgent: bool = False


class OrderReserved(OrderEvent):
    """Published when stock was decided and staff see the order in the review queue. Heard by notifications.

    `backordered` is the number of pieces that could not be held; `holds` the reasons a clerk must look at;
    `promised_on`: the day (ISO date of Asia/Shanghai) on which what is held leaves, None if nothing is; `backordered_lines`: the
    lines, by number, of which pieces are short, None if none is.
    """

    TYPE: ClassVar[str] = "order.reserved.v1"

    reserved: int
    backordered: int
    promised_on: str | None = None
    backordered_lines: tuple[int, ...] | None = None
    holds: tuple[str, ...] = ()


class OrderBackordersFilled(OrderEvent):
    """Published when goods came in and an order that waited for them got some. Heard by notifications.

    `filled` pieces were held now, `backordered` still wait; `rule`: how the goods were shared out; `promised_on`: the
    day on which what is held leaves.
    """

    TYPE: ClassVar[str] = "order.backorders-filled.v1"

    promised_on: str | None = None
    filled: int
    backordered: int
    holds: tuple[str, ...] = ()
    rule: str


class MovedPromise(BaseModel):
    """Lines, by number, of which what is `held`, or else what they wait for, was promised for the day `old` and now is
    for `new`; None: no day can be named."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    lines: tuple[int, ...]
    reserved: bool
    old: str | None
    new: str | None


class OrderPromiseMoved(OrderEvent):
    """Published when lines of an order got a day for the first time, or an earlier one. Heard by nobody yet; staff systems
    get it by webhook."""

    TYPE: ClassVar[str] = "order.promise-moved.v1"

    moved: tuple[MovedPromise, ...]


class OrderPromiseSlipped(OrderEvent):
    """Published when a promised day moved later or was lost, before that day. Heard by notifications.

    `moved` names all lines whose day changed, also those that got an earlier one; `promised_on`: the first promised
    day that is not kept.
    """

    TYPE: ClassVar[str] = "order.promise-slipped.v1"

    moved: tuple[MovedPromise, ...]
    promised_on: str


class OrderReservationExpiring(OrderEvent):
    """Published some hours before what is held for an order goes back to the others. Heard by notifications."""

    TYPE: ClassVar[str] = "order.reservation-expiring.v1"

    reserved_until: str
    reserved: int


class OrderReservationExpired(OrderEvent):
    """Published when what was held for an order went back, because nobody moved it on. Heard by orders (serve the line) and
    notifications. `released` counts pieces; with them the order loses its place in line and every day it was promised.
    """

    TYPE: ClassVar[str] = "order.reservation-expired.v1"

    released: int


class OrderReservationExtended(OrderEvent):
    """Published when somebody asked that an order's pieces stay held, or be held again: it then waits in line anew. Heard by
    orders (serve the line)."""

    TYPE: ClassVar[str] = "order.reservation-extended.v1"

    reserved_until: str | None = None
    backordered_since: str | None = None
    reason: str


class OrderOverdue(OrderEvent):
    """Published once when an urgent order was not decided within its time. Heard by notifications."""

    TYPE: ClassVar[str] = "order.overdue.v1"

    due_at: str


class OrderHoldReleased(OrderEvent):
    """Published when a person took a hold off an order. Heard by nobody yet; staff systems get it by webhook."""

    TYPE: ClassVar[str] = "order.hold-released.v1"

    hold: str
    reason: str


class OrderApproved(OrderEvent):
    """Published when a clerk approved an order. Heard by notifications."""

    TYPE: ClassVar[str] = "order.approved.v1"

    note: str = ""


class OrderRejected(OrderEvent):
    """Published when a clerk turned an order down. Heard by notifications."""

    TYPE: ClassVar[str] = "order.rejected.v1"

    reason: str


class OrderCancelled(OrderEvent):
    """Published when what was not shipped of an order was cancelled. Heard by notifications. `cancelled` counts pieces."""

    TYPE: ClassVar[str] = "order.cancelled.v1"

    cancelled: int

    reason: str


class OrderShipped(OrderEvent):
    """Published when goods left. Heard by orders (note how promises were kept), reconciliation (post the receivable) and
    notifications.

    `shipped_gross_fen` = `shipped_net_fen` + `shipped_tax_fen` is what this shipment alone is worth; the values of all
    shipments of a line add up to the line's own gross. `payment_days` is from shipment until due.
    """

    TYPE: ClassVar[str] = "order.shipped.v1"

    shipment_id: str
    shipped_pieces: int
    shipped_gross_fen: int
    shipped_net_fen: int
    shipped_tax_fen: int
    shipped_at: str
    payment_days: int
    carrier: str
    waybill: str
    complete: bool
