"""Templates of messages and text messages, Chinese and English."""

from __future__ import annotations

from typing import NamedTuple


class Template(NamedTuple):
    """What is said of one occasion. `sms` is the wording approved by the carriers, if people are texted at all."""

    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    sms: str | None = None


TEMPLATES: dict[str, Template] = {
    # ---- to the dealer ----
    "order_received": Template(
        "订单 {order_id} 已收到",
        "Order {order_id} received",
        "共 {line_count} 行,合计 {gross},正在核对库存。",
        "{line_count} lines, {gross} in total. We are checking stock.",
    ),
    "order_reserved": Template(
        "订单 {order_id} 已受理",
        "Order {order_id} accepted",
        "已预留 {reserved} 件,待补货 {backordered} 件,正在审核。",
        "{reserved} pieces are held for you, {backordered} wait for new stock. Under review.",
        sms="【渠道】您的订单{order_id}已受理,审核后尽快发货,详情请登录查看。",
    ),
    "backorders_filled": Template(
        "订单 {order_id} 的欠货到了 {filled} 件",
        "Order {order_id}: {filled} back-ordered pieces are held for you",
        "还缺 {backordered} 件。怎么分的,见订单的缺货分配。",
        "{backordered} still wait. The order's allocations show how they were shared out.",
        sms="【渠道】您的订单{order_id}欠货已到{filled}件,详情请登录查看。",
    ),
    "promise_slipped": Template(
        "订单 {order_id} 发货延期",
        "Order {order_id} leaves later than promised",
        "原定 {promised_on} 发出的货不能按时发出,新的日期见订单各行。",
        "What was to leave on {promised_on} will not. The order's lines show the new days.",
        sms="【渠道】您的订单{order_id}发货延期,新的日期请登录查看。",
    ),
    "hold_expiring": Template(
        "订单 {order_id} 的预留即将到期",
        "What is held for order {order_id} is about to go back",
        "{reserved} 件预留至 {reserved_until}(北京时间),到期放回。仍需要请续期。",
        "{reserved} pieces are held until {reserved_until} (Beijing time). Renew the order if you still want them.",
        sms="【渠道】您的订单{order_id}预留即将到期,如仍需要请登录续期。",
    ),
    "hold_expired": Template(
        "订单 {order_id} 的预留已到期",
        "What was held for order {order_id} went back",
        "{released} 件已放回,订单未取消。仍需要请续期(从队尾重新排队)或重新下单。",
        "{released} pieces went back; the order stands. Renew it to wait from the end of the line, or order anew.",
        sms="【渠道】您的订单{order_id}预留已到期释放,如仍需要请登录处理。",
    ),
    "order_approved": Template(
        "订单 {order_id} 已审核通过",
        "Order {order_id} approved",
        "已转仓库备货,发货后会通知您。",
        "The warehouse is preparing it. We will tell you when it leaves.",
    ),
    "order_rejected": Template(
        "订单 {order_id} 未通过审核",
        "Order {order_id} not approved",
        "原因:{reason}",
        "Reason: {reason}",
        sms="【渠道】您的订单{order_id}未通过审核,请登录查看原因。",
    ),
    "order_cancelled": Template(
        "订单 {order_id} 已取消 {cancelled} 件",
        "Order {order_id}: {cancelled} pieces cancelled",
        "原因:{reason}",
        "Reason: {reason}",
    ),
    "order_shipped": Template(
        "订单 {order_id} 已发货 {shipped_pieces} 件",
        "Order {order_id}: {shipped_pieces} pieces shipped",
        "承运:{carrier},运单号:{waybill},金额 {shipped_gross}。",
        "Carrier {carrier}, waybill {waybill}, worth {shipped_gross}.",
        sms="【渠道】订单{order_id}已发货{shipped_pieces}件,运单{waybill},请查收。",
    ),
    "payment_received": Template(
        "收到您的款项 {amount}",
        "We received your payment of {amount}",
        "到账日期 {received_on},已记入往来账户。",
        "Received on {received_on} and posted to your account.",
        sms="【渠道】您的往来账户有更新,请登录查看。",
    ),
    "statement_issued": Template(
        "{period} 对账单已生成",
        "Your statement for {period} is ready",
        "期初 {opening},期末 {closing},请核对。",
        "Opening {opening}, closing {closing}. Please check it.",
        sms="【渠道】您{period}的对账单已生成,请登录核对。",
    ),
    "ticket_progressed": Template(
        "服务单 {ticket_id} {step_zh}",
        "Service request {ticket_id} {step_en}",
        "「{title}」{note}",
        "“{title}” {note}",
    ),
    "ticket_completed": Template(
        "服务单 {ticket_id} 已处理完成",
        "Service request {ticket_id} completed",
        "「{title}」{note} 请查看并评价。",
        "“{title}” {note} Please look and rate it.",
        sms="【渠道】您的服务单{ticket_id}已处理完成,请登录查看并评价。",
    ),
    # ---- to the desks of the house ----
    "order_to_review": Template(
        "订单 {order_id} 待审核",
        "Order {order_id} waits for review",
        "{dealer_id},{line_count} 行,合计 {gross},缺 {backordered} 件。",
        "{dealer_id}, {line_count} lines, {gross}, {backordered} pieces short.",
    ),
    "order_to_ship": Template(
        "订单 {order_id} 待发货",
        "Order {order_id} is to be shipped",
        "{dealer_id},{line_count} 行,仓库 {warehouse}。",
        "{dealer_id}, {line_count} lines, from {warehouse}.",
    ),
    "order_stopped": Template(
        "订单 {order_id} 已取消 {cancelled} 件,请停止备货",
        "Order {order_id}: {cancelled} pieces cancelled, stop preparing them",
        "{dealer_id},原因:{reason}",
        "{dealer_id}, reason: {reason}",
    ),
    "more_to_ship": Template(
        "订单 {order_id} 又有 {filled} 件待发货",
        "Order {order_id}: {filled} more pieces are to be shipped",
        "{dealer_id},仓库 {warehouse},还缺 {backordered} 件。",
        "{dealer_id}, from {warehouse}, {backordered} still wait for goods.",
    ),
    "hold_expiring_desk": Template(
        "订单 {order_id} 的预留即将到期,请处理",
        "Order {order_id} loses what is held for it unless you move it on",
        "{dealer_id},{reserved} 件预留至 {reserved_until}(北京时间)。",
        "{dealer_id}, {reserved} pieces are held until {reserved_until} (Beijing time).",
    ),
    "hold_expired_desk": Template(
        "订单 {order_id} 的预留已到期,请停止备货",
        "Order {order_id}: its {released} pieces went back, stop preparing them",
        "{dealer_id},仓库 {warehouse},已放回 {released} 件。",
        "{dealer_id}, from {warehouse}, {released} pieces are free again.",
    ),
    "order_overdue": Template(
        "加急订单 {order_id} 已超时,请立即审核",
        "Urgent order {order_id} is overdue for review",
        "{dealer_id},{line_count} 行,合计 {gross},应于 {due_at}(北京时间)前审核。",
        "{dealer_id}, {line_count} lines, {gross}, was to be decided by {due_at} (Beijing time).",
    ),
    "ticket_waiting": Template(
        "服务单 {ticket_id} 待处理",
        "Service request {ticket_id} waits for you",
        "{dealer_id}{step_zh}:「{title}」{note}",
        "{step_en} by {dealer_id}: “{title}” {note}",
    ),
    "ticket_overdue": Template(
        "服务单 {ticket_id} 已超时",
        "Service request {ticket_id} is overdue",
        "{dealer_id}「{title}」应于 {due_at}(北京时间)前完成。",
        "{dealer_id} “{title}” was due at {due_at} (Beijing time).",
    ),
}


#: The steps of a service request in words.
STEPS = {
    "registered": ("已登记", "registered"),
    "accepted": ("已受理", "accepted"),
    "reviewed": ("已审核", "reviewed"),
    "dispatched": ("已派工", "dispatched"),
    "completed": ("已完成", "completed"),
    "rejected": ("已驳回", "turned down"),
    "asked": ("需要您补充信息", "needs your answer"),
    "answered": ("已补充信息", "answered"),
    "reopened": ("已重开", "reopened"),
}
