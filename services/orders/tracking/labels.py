"""Labels of what the timeline and the lines of an order show."""

from __future__ import annotations

from kernel.base.labels import Label

#: Labels of events for dealers and clerks.
LABELS = {
    "order.submitted.v1": Label("已提交", "submitted"),
    "order.reserved.v1": Label("库存已核", "stock decided"),
    "order.credit-hold-placed.v1": Label("信用冻结", "on credit hold"),
    "order.backorders-filled.v1": Label("缺货已补", "backorders filled"),
    "order.pieces-missing.v1": Label("预留实物短缺", "reserved pieces missing"),
    "order.promise-moved.v1": Label("发货日期已定", "ship date set"),
    "order.promise-slipped.v1": Label("发货延期", "ship date slipped"),
    "order.reservation-expiring.v1": Label("预留即将到期", "reservation about to expire"),
    "order.reservation-expired.v1": Label("预留已到期释放", "reservation expired"),
    "order.reservation-extended.v1": Label("预留已续期", "reservation extended"),
    "order.overdue.v1": Label("加急单超时未审", "urgent order overdue"),
    "order.hold-released.v1": Label("已解除冻结", "hold released"),
    "order.approved.v1": Label("已审核通过", "approved"),
    "order.rejected.v1": Label("已驳回", "rejected"),
    "order.cancelled.v1": Label("已取消", "cancelled"),
    "order.lines-cancelled.v1": Label("已取消部分行", "lines cancelled"),
    "order.shipped.v1": Label("已发货", "shipped"),
    "order.shipment-voided.v1": Label("发货已作废", "shipment voided"),
    "order.address-changed.v1": Label("收货地址已变更", "delivery address changed"),
}


def ship_day_label(day: str | None) -> Label:
    """Return how a promise date is shown; None is no date yet."""
    return Label(f"{day} 发货", f"leaves on {day}") if day else Label("发货日期未定", "no ship date yet")
