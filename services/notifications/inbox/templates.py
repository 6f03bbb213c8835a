"""Templates of inbox messages, Chinese and English."""

from __future__ import annotations

from typing import NamedTuple


class Template(NamedTuple):
    """Title and text of the message about one occasion, with `{values}` of the event."""

    title_zh: str
    title_en: str
    text_zh: str
    text_en: str


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
        "已预留 {reserved} 件,待补货 {backordered} 件,正在审核。已预留的发货日期:{promised_day_zh}。",
        "{reserved} pieces are reserved for you, {backordered} are backordered. Under review. "
        "The reserved pieces leave on: {promised_day_en}.",
    ),
    "order_run_out": Template(
        "订单 {order_id} 的尾货已售完,取消 {cancelled} 件",
        "Order {order_id}: {cancelled} pieces of run-out products are cancelled",
        "尾货售完为止,不再补货,所以取消第 {cancelled_lines_zh} 行中没有库存的件数。"
        "已预留 {reserved} 件,待补货 {backordered} 件。已预留的发货日期:{promised_day_zh}。",
        "Run-out products are sold until they are gone, so what was out of stock on lines {cancelled_lines_en} is "
        "cancelled. {reserved} pieces are reserved for you, {backordered} are backordered. "
        "The reserved pieces leave on: {promised_day_en}.",
    ),
    "order_on_credit_hold": Template(
        "订单 {order_id} 信用冻结",
        "Order {order_id} is on credit hold",
        "合计 {gross},超出信用额度或有逾期货款,暂不预留库存。付款或经财务解除后,按解除时间排队预留。",
        "It is worth {gross} and beyond your credit limit, or debts are overdue, so nothing is reserved for it. "
        "After a payment, or when finance releases it, stock is reserved in the order of the releases.",
    ),
    "backorders_filled": Template(
        "订单 {order_id} 的欠货到了 {filled} 件",
        "Order {order_id}: {filled} backordered pieces are reserved for you",
        "发货日期:{promised_day_zh}。还缺 {backordered} 件。怎么分的,见订单的缺货分配。",
        "They leave on: {promised_day_en}. {backordered} are still backordered. "
        "The order's allocations show how stock was allocated.",
    ),
    "pieces_missing": Template(
        "订单 {order_id} 有 {missing} 件预留的货实物短缺",
        "Order {order_id}: {missing} reserved pieces are missing",
        "原因:{reason}({document_zh} {reference})。{by_rule_zh}您少了 {released} 件预留,"
        "排队位置不变,欠货共 {backordered} 件。{cut_zh}",
        "Reason: {reason} ({document_en} {reference}). {by_rule_en}{released} pieces are no longer reserved for you; "
        "your queue position stays, {backordered} are backordered now.{cut_en}",
    ),
    "promise_slipped": Template(
        "订单 {order_id} 发货延期",
        "Order {order_id} leaves later than promised",
        "原定 {promised_on} 发出的货不能按时发出。{moves_zh}",
        "What was to leave on {promised_on} will not. {moves_en}",
    ),
    "reservation_expiring": Template(
        "订单 {order_id} 的预留即将到期",
        "The reservation of order {order_id} expires soon",
        "{reserved} 件预留至 {reserved_until}(北京时间),到期放回。仍需要请续期。",
        "{reserved} pieces are reserved until {reserved_until} (Beijing time). Extend it if you still need them.",
    ),
    "reservation_expired": Template(
        "订单 {order_id} 的预留已到期",
        "The reservation of order {order_id} has expired",
        "{released} 件已放回,订单未取消。仍需要请续期(从队尾重新排队)或重新下单。",
        "{released} pieces were released; the order is not cancelled. Extend it to queue again at the end, or reorder.",
    ),
    "reservation_expired_run_out": Template(
        "订单 {order_id} 的预留已到期,取消尾货 {cancelled} 件",
        "The reservation of order {order_id} has expired: {cancelled} pieces of run-out products are cancelled",
        "{released} 件已放回。尾货不排队,第 {cancelled_lines_zh} 行的尾货已取消,仍需要请重新下单;其余可续期。",
        "{released} pieces were released. Run-out products are not queued for, so those on lines {cancelled_lines_en} "
        "are cancelled: reorder them. Extend the reservation for the rest.",
    ),
    "order_approved": Template(
        "订单 {order_id} 已审核通过",
        "Order {order_id} approved",
        "已转仓库备货,发货后会通知您。",
        "The warehouse is preparing it. You will get a message when it is shipped.",
    ),
    "order_rejected": Template(
        "订单 {order_id} 未通过审核", "Order {order_id} not approved", "原因:{reason}", "Reason: {reason}"
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
        "{shipped_on} 发出,承运:{carrier},运单号:{waybill}{sent_to_zh},金额 {shipped_gross}。",
        "Left on {shipped_on}, carrier {carrier}, waybill {waybill}{sent_to_en}, worth {shipped_gross}.",
    ),
    "address_changed": Template(
        "订单 {order_id} 的收货地址已变更",
        "Order {order_id}: another delivery address",
        "由 {by} 变更,现送 {delivery_city},收货人:{delivery_contact}。",
        "Changed by {by}; it now goes to {delivery_city}, contact {delivery_contact}.",
    ),
    "address_changed_staff": Template(
        "经销商 {dealer_id} 的订单 {order_id} 收货地址已变更",
        "Order {order_id} of dealer {dealer_id}: another delivery address",
        "由 {by} 变更,现送 {delivery_city},收货人:{delivery_contact},请按新地址发货。",
        "Changed by {by}; it now goes to {delivery_city}, contact {delivery_contact}. Ship it there.",
    ),
    "shipment_voided": Template(
        "订单 {order_id} 的发货 {shipment_id} 未发出,已作废",
        "Order {order_id}: shipment {shipment_id} never left and is void",
        "运单号:{waybill},{shipped_pieces} 件仍为您预留,将重新发货;金额 {shipped_gross} 从往来账户冲回。原因:{reason}",
        "Waybill {waybill}: {shipped_pieces} pieces stay reserved and leave later; {shipped_gross} is taken off"
        " your account. Reason: {reason}",
    ),
    "payment_received": Template(
        "收到您的款项 {amount}",
        "We received your payment of {amount}",
        "到账日期 {received_on},已记入往来账户。",
        "Received on {received_on} and posted to your account.",
    ),
    "journal_reversed": Template(
        "往来账户冲销:{document_zh}",
        "Your account: a {document_en} was reversed",
        "单据 {document_id},应付款变动 {owed_change}。原因:{reason}",
        "Document {document_id}; what you owe changes by {owed_change}. Reason: {reason}",
    ),
    "terms_changed": Template(
        "您的合作条件已变更",
        "Your terms have changed",
        "{changes_zh}。原因:{reason}",
        "{changes_en}. Reason: {reason}",
    ),
    "money_terms_changed": Template(
        "您的信用条件已变更",
        "Your credit terms have changed",
        "{money_changes_zh}。原因:{reason}",
        "{money_changes_en}. Reason: {reason}",
    ),
    "statement_issued": Template(
        "{period} 对账单已生成",
        "Your statement for {period} is ready",
        "期初 {opening},期末 {closing},请核对。",
        "Opening {opening}, closing {closing}. Please check it.",
    ),
    "prices_scheduled": Template(
        "新价格自 {valid_from} 起执行",
        "New prices from {valid_from} on",
        "价格表 {price_list_id} {name} 第 {version} 版自 {valid_from} 零时(北京时间)起生效,此前的订单不变。",
        "Price list {price_list_id} {name}, version {version}, begins on {valid_from} at 00:00 (Beijing time). Earlier "
        "orders keep their prices.",
    ),
    "prices_withdrawn": Template(
        "原定 {valid_from} 的新价格不再执行",
        "The new prices of {valid_from} are withdrawn",
        "价格表 {price_list_id} {name} 第 {version} 版已撤回,继续执行原有价格。原因:{reason}",
        "Price list {price_list_id}, version {version}, was withdrawn; the former prices go on. Reason: {reason}",
    ),
    "ticket_progressed": Template(
        "服务单 {ticket_id} {step_zh}", "Service request {ticket_id} {step_en}", "「{title}」{note}", "“{title}” {note}"
    ),
    "ticket_completed": Template(
        "服务单 {ticket_id} 已处理完成",
        "Service request {ticket_id} completed",
        "「{title}」{note} 请查看并评价。",
        "“{title}” {note} Please look and rate it.",
    ),
    "objection_answered": Template(
        "您的异议 {objection_id} 已有答复",
        "Your objection {objection_id} is answered",
        "{act_zh} {about}。{by} 答复:{answer}",
        "{act_en}, {about}. {by} answers: {answer}",
    ),
    # ---- to staff ----
    "order_to_review": Template(
        "订单 {order_id} 待审核",
        "Order {order_id} waits for review",
        "{dealer_id},{line_count} 行,合计 {gross},缺 {backordered} 件。",
        "{dealer_id}, {line_count} lines, {gross}, {backordered} pieces short.",
    ),
    "credit_hold_to_release": Template(
        "订单 {order_id} 信用冻结,请核实",
        "Order {order_id} is on credit hold: please check",
        "{dealer_id},{line_count} 行,合计 {gross},超出信用额度或有逾期货款,已释放 {released} 件。"
        "收款后自动解除,或由您解除。",
        "{dealer_id}, {line_count} lines, {gross}, beyond the credit limit or with overdue debts, {released} pieces "
        "were released. A payment releases it by itself, or you do.",
    ),
    "order_on_credit_hold_staff": Template(
        "订单 {order_id} 信用冻结,请停止备货",
        "Order {order_id} is on credit hold: stop preparing it",
        "{dealer_id},仓库 {warehouse},已释放 {released} 件。",
        "{dealer_id}, from {warehouse}, {released} pieces were released.",
    ),
    "price_list_ending": Template(
        "价格表 {price_list_id} 自 {without_prices_from} 起没有价格,请发布新版本",
        "Price list {price_list_id} has no prices from {without_prices_from} on: publish the next version",
        "{name}:前一日为最后有效日,之后该表经销商的订单将被拒绝。",
        "{name}: the day before is its last; after that, orders of its dealers are refused.",
    ),
    "day_reported_assistant": Template(
        "{day} 日终报告:到期未办的订单",
        "Report of {day}: orders that were due and not handled",
        "待审核:{review_zh}。预留当天到期:{reservation_expiry_zh}。",
        "To review: {review_en}. Reservations that end on the day: {reservation_expiry_en}.",
    ),
    "day_reported_finance": Template(
        "{day} 日终报告:到期未办的订单",
        "Report of {day}: orders that were due and not handled",
        "待解除信用冻结:{credit_hold_zh}。",
        "On credit hold: {credit_hold_en}.",
    ),
    "day_reported_warehouse": Template(
        "{day} 日终报告:到期未办的订单",
        "Report of {day}: orders that were due and not handled",
        "当天应发未发:{shipment_zh}。",
        "To be shipped on the day: {shipment_en}.",
    ),
    "order_to_ship": Template(
        "订单 {order_id} 待发货",
        "Order {order_id} is to be shipped",
        "{dealer_id},{line_count} 行,仓库 {warehouse}。",
        "{dealer_id}, {line_count} lines, from {warehouse}.",
    ),
    "order_cancelled_staff": Template(
        "订单 {order_id} 已取消 {cancelled} 件,请停止备货",
        "Order {order_id}: {cancelled} pieces cancelled, stop preparing them",
        "{dealer_id},原因:{reason}",
        "{dealer_id}, reason: {reason}",
    ),
    "more_to_ship": Template(
        "订单 {order_id} 又有 {filled} 件待发货",
        "Order {order_id}: {filled} more pieces are to be shipped",
        "{dealer_id},仓库 {warehouse},还缺 {backordered} 件。",
        "{dealer_id}, from {warehouse}, {backordered} are still backordered.",
    ),
    "pieces_missing_staff": Template(
        "订单 {order_id} 少了 {released} 件预留,请勿备这些货",
        "Order {order_id} lost {released} reserved pieces: do not prepare them",
        "{dealer_id},仓库 {warehouse},实物短缺 {missing} 件({document_zh} {reference}),原因:{reason}",
        "{dealer_id}, from {warehouse}, {missing} pieces are missing ({document_en} {reference}), reason: {reason}",
    ),
    "reservation_expiring_staff": Template(
        "订单 {order_id} 的预留即将到期,请处理",
        "The reservation of order {order_id} expires soon: please act",
        "{dealer_id},{reserved} 件预留至 {reserved_until}(北京时间)。",
        "{dealer_id}, {reserved} pieces are reserved until {reserved_until} (Beijing time).",
    ),
    "reservation_expired_staff": Template(
        "订单 {order_id} 的预留已到期,请停止备货",
        "Order {order_id}: its reservation has expired, stop preparing it",
        "{dealer_id},仓库 {warehouse},已放回 {released} 件。",
        "{dealer_id}, from {warehouse}, {released} pieces were released.",
    ),
    "order_overdue": Template(
        "加急订单 {order_id} 已超时,请立即审核",
        "Urgent order {order_id} is overdue for review",
        "{dealer_id},{line_count} 行,合计 {gross},应于 {due_at}(北京时间)前审核。{escalated_zh}",
        "{dealer_id}, {line_count} lines, {gross}, was to be decided by {due_at} (Beijing time). {escalated_en}",
    ),
    "ticket_waiting": Template(
        "服务单 {ticket_id} 待处理",
        "Service request {ticket_id} waits for you",
        "{dealer_id}{step_zh}:「{title}」{note}",
        "{step_en} by {dealer_id}: “{title}” {note}",
    ),
    "ticket_withdrawn": Template(
        "服务单 {ticket_id} 已撤回,请停止处理",
        "Service request {ticket_id} was withdrawn: stop the work",
        "{dealer_id}「{title}」{note}",
        "{dealer_id} “{title}” {note}",
    ),
    "ticket_overdue": Template(
        "服务单 {ticket_id} 已超时",
        "Service request {ticket_id} is overdue",
        "{dealer_id}「{title}」应于 {due_at}(北京时间)前完成。",
        "{dealer_id} “{title}” was due at {due_at} (Beijing time).",
    ),
    "objection_raised": Template(
        "{dealer_id} 对{act_zh}提出异议,请答复",
        "{dealer_id} objects: please answer",
        "异议 {objection_id},{act_zh} {about}。{by}:{text}",
        "Objection {objection_id} to the {act_en}, {about}. {by}: {text}",
    ),
}
