"""Events of orders. Each has the order's state after the event and its totals in fen.

Every public event also goes to the webhooks that subscribe to its type.
"""

from typing import ClassVar

from kernel.messaging.events import Event


class OrderEvent(Event):
    """Fields of every event of an order. `order_id` is `<dealer>-<sequence>`; quantities are pieces, amounts fen.

    `by` is the name of the person who acted, empty if the system did.
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
    """Published when an order is stored.

    Subscribers: orders (reserve stock, through a FIFO queue; urgent orders have a separate one), orders (enter it into
    the order list), notifications.
    """

    TYPE: ClassVar[str] = "order.submitted.v1"
    PUBLIC: ClassVar[bool] = True

    urgent: bool = False


class OrderReserved(OrderEvent):
    """Published when stock is decided and staff see the order in the review queue. Subscribers: notifications.

    `backordered`: pieces that could not be reserved; `holds`: reasons for which a clerk must look at the order;
    `promised_on`: day (ISO date of Asia/Shanghai) on which the reserved pieces leave, None without any;
    `backordered_lines`: numbers of the lines with backordered pieces, None without any; `cancelled`: pieces of run-out
    products that were gone, on the lines `cancelled_lines`. An order of which nothing is open any more ends with it:
    see `state`.
    """

    TYPE: ClassVar[str] = "order.reserved.v1"
    PUBLIC: ClassVar[bool] = True

    reserved: int
    backordered: int
    promised_on: str | None = None
    backordered_lines: tuple[int, ...] | None = None
    cancelled: int = 0
    cancelled_lines: tuple[int, ...] | None = None
    holds: tuple[str, ...] = ()


class OrderCreditHoldPlaced(OrderEvent):
    """Published when an order is put on credit hold; it reserves nothing until the hold is released.

    Subscribers: orders (fill backorders with released pieces, through a FIFO queue), notifications.
    `released`: pieces available again. `overdue_fen`, `oldest_due_on`: overdue debts, 0 and None on hold since submit.
    """

    TYPE: ClassVar[str] = "order.credit-hold-placed.v1"
    PUBLIC: ClassVar[bool] = True

    released: int = 0
    overdue_fen: int = 0
    oldest_due_on: str | None = None


class OrderBackordersFilled(OrderEvent):
    """Published when backordered pieces of an order are reserved, because goods came in. Subscribers: notifications.

    `filled`: pieces reserved now; `backordered`: pieces that still wait; `rule`: allocation rule by which the order
    got them; `promised_on`: day on which the reserved pieces leave.
    """

    TYPE: ClassVar[str] = "order.backorders-filled.v1"
    PUBLIC: ClassVar[bool] = True

    promised_on: str | None = None
    filled: int
    backordered: int
    holds: tuple[str, ...] = ()
    rule: str


class OrderPiecesMissing(OrderEvent):
    """Published when reserved pieces turn out to be missing and an order loses them; they are backordered.

    Subscribers: notifications.

    `missing`: pieces it loses for that, on the lines `missing_lines`; `released`: all pieces it does not have any more,
    which are more if it accepts no part; `backordered`: pieces that wait now; `document`, `reference`: what found them
    missing, such as `count` `C-1`; `reason`: of that document; `rule`: allocation rule that decided who keeps pieces,
    None for a short pick, of which only this order loses pieces. `cancelled`: lost pieces of run-out products, which
    are cancelled, on the lines `cancelled_lines`.
    """

    TYPE: ClassVar[str] = "order.pieces-missing.v1"
    PUBLIC: ClassVar[bool] = True

    missing: int
    missing_lines: tuple[int, ...]
    released: int
    backordered: int
    holds: tuple[str, ...] = ()
    document: str
    reference: str
    reason: str
    rule: str | None = None
    cancelled: int = 0
    cancelled_lines: tuple[int, ...] | None = None


class OrderReservationExpiring(OrderEvent):
    """Published four hours of working time before the reservation of an order expires. Subscribers: notifications."""

    TYPE: ClassVar[str] = "order.reservation-expiring.v1"
    PUBLIC: ClassVar[bool] = True

    reserved_until: str
    reserved: int


class OrderReservationExpired(OrderEvent):
    """Published when a reservation expired and its pieces are available again.

    Subscribers: orders (fill backorders), notifications.

    `released`: pieces released. With them the order loses its queue position and all its promise dates. `cancelled`:
    those of them that are cancelled, of run-out products, on the lines `cancelled_lines`.
    """

    TYPE: ClassVar[str] = "order.reservation-expired.v1"
    PUBLIC: ClassVar[bool] = True

    released: int
    cancelled: int = 0
    cancelled_lines: tuple[int, ...] | None = None


class OrderReservationExtended(OrderEvent):
    """Published when a person extends a reservation, or queues the order anew after its reservation expired.

    Subscribers: orders (fill backorders).
    """

    TYPE: ClassVar[str] = "order.reservation-extended.v1"
    PUBLIC: ClassVar[bool] = True

    reserved_until: str | None = None
    backordered_since: str | None = None
    reason: str


class OrderHoldReleased(OrderEvent):
    """Published when a person releases a hold, or the system one that the credit limit covers by now.

    Subscribers: orders (reserve stock after a credit hold, through a FIFO queue). `overdue_fen`: overdue debts that
    finance accepted with it, due since `oldest_due_on`.
    """

    TYPE: ClassVar[str] = "order.hold-released.v1"
    PUBLIC: ClassVar[bool] = True

    hold: str
    reason: str
    overdue_fen: int = 0
    oldest_due_on: str | None = None


class OrderApproved(OrderEvent):
    """Published when a clerk approves an order. Subscribers: orders (count the touch time), notifications."""

    TYPE: ClassVar[str] = "order.approved.v1"
    PUBLIC: ClassVar[bool] = True

    note: str = ""


class OrderRejected(OrderEvent):
    """Published when a clerk rejects an order. Subscribers: orders (count the touch time), notifications."""

    TYPE: ClassVar[str] = "order.rejected.v1"
    PUBLIC: ClassVar[bool] = True

    reason: str


class OrderCancelled(OrderEvent):
    """Published when the pieces of an order that were not shipped are cancelled. Subscribers: notifications.

    `cancelled`: pieces cancelled.
    """

    TYPE: ClassVar[str] = "order.cancelled.v1"
    PUBLIC: ClassVar[bool] = True

    cancelled: int
    reason: str


class OrderLinesCancelled(OrderEvent):
    """Published when unshipped pieces of single lines are cancelled. Subscribers: notifications.

    `cancelled`: pieces cancelled, on the lines `cancelled_lines`; `released`: those of them that were reserved and are
    available again. An order of which nothing is open any more ends with it: see `state`.
    """

    TYPE: ClassVar[str] = "order.lines-cancelled.v1"
    PUBLIC: ClassVar[bool] = True

    cancelled: int
    cancelled_lines: tuple[int, ...]
    released: int
    reason: str


class OrderAddressChanged(OrderEvent):
    """Published when an order of which nothing has left gets another delivery address. Subscribers: notifications.

    `delivery_city`, `delivery_contact`: city and contact of the new address. `GET /orders/{order_id}` shows all of it.
    """

    TYPE: ClassVar[str] = "order.address-changed.v1"
    PUBLIC: ClassVar[bool] = True

    delivery_city: str
    delivery_contact: str


class OrderShipped(OrderEvent):
    """Published when a shipment leaves.

    Subscribers: orders (record on-time shipments, update credit), reconciliation (post the receivable), notifications
    (inbox, SMS). A shipment that never left is taken back by `OrderShipmentVoided`.
    `shipped_gross_fen` = `shipped_net_fen` + `shipped_tax_fen` is the value of this shipment. The values of all
    shipments of a line add up to the line's gross. `payment_days`: days from shipment until payment is due.
    `double_of`: id of the shipment that had its waybill before, as was confirmed.
    `delivery_city`, `delivery_contact`: city and contact of the delivery address, None for an order without one.
    """

    TYPE: ClassVar[str] = "order.shipped.v1"
    PUBLIC: ClassVar[bool] = True

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
    double_of: str | None = None
    delivery_city: str | None = None
    delivery_contact: str | None = None


class OrderShipmentVoided(OrderEvent):
    """Published when a shipment that never left is voided. Its pieces are reserved for the order again.

    Subscribers: orders (take its punctuality back), reconciliation (reverse its journal), notifications (inbox, SMS).

    The fields of the shipment are those of its `OrderShipped`, so that a subscriber needs no other event. `by` voided
    it, at `voided_at`, for the `reason`.
    """

    TYPE: ClassVar[str] = "order.shipment-voided.v1"
    PUBLIC: ClassVar[bool] = True

    shipment_id: str
    shipped_pieces: int
    shipped_gross_fen: int
    shipped_net_fen: int
    shipped_tax_fen: int
    shipped_at: str
    payment_days: int
    carrier: str
    waybill: str
    voided_at: str
    reason: str
