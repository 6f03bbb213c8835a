"""SMS templates: wordings approved by the carriers, and the dealer roles that receive them."""

from __future__ import annotations

from typing import NamedTuple

from kernel.http.principal import Role
from services.notifications.vocabulary import ACCOUNTANT_ROLES, BUYER_ROLES


class SmsTemplate(NamedTuple):
    """Wording of a text message, with `{variables}`, and the roles of the dealer's users who receive it."""

    wording: str
    roles: frozenset[Role]


#: By the key of the inbox template of the same occasion. No other occasion sends text messages.
SMS_TEMPLATES: dict[str, SmsTemplate] = {
    "order_reserved": SmsTemplate("【渠道】您的订单{order_id}已受理,审核后尽快发货,详情请登录查看。", BUYER_ROLES),
    "backorders_filled": SmsTemplate("【渠道】您的订单{order_id}欠货已到{filled}件,详情请登录查看。", BUYER_ROLES),
    "promise_slipped": SmsTemplate("【渠道】您的订单{order_id}发货延期,新的日期请登录查看。", BUYER_ROLES),
    "reservation_expiring": SmsTemplate("【渠道】您的订单{order_id}预留即将到期,如仍需要请登录续期。", BUYER_ROLES),
    "reservation_expired": SmsTemplate("【渠道】您的订单{order_id}预留已到期释放,如仍需要请登录处理。", BUYER_ROLES),
    "order_rejected": SmsTemplate("【渠道】您的订单{order_id}未通过审核,请登录查看原因。", BUYER_ROLES),
    "order_shipped": SmsTemplate("【渠道】订单{order_id}已发货{shipped_pieces}件,运单{waybill},请查收。", BUYER_ROLES),
    "shipment_voided": SmsTemplate(
        "【渠道】订单{order_id}的运单{waybill}未发出,将重新发货,详情请登录查看。", BUYER_ROLES
    ),
    "payment_received": SmsTemplate("【渠道】您的往来账户有更新,请登录查看。", ACCOUNTANT_ROLES),
    "statement_issued": SmsTemplate("【渠道】您{period}的对账单已生成,请登录核对。", ACCOUNTANT_ROLES),
    "ticket_completed": SmsTemplate("【渠道】您的服务单{ticket_id}已处理完成,请登录查看并评价。", BUYER_ROLES),
}


#: By template: texts to one user about that user alone, without an inbox message.
PERSONAL_TEMPLATES: dict[str, str] = {
    "user_invited": "【渠道】您的用户名{username},邀请码{code},7天内有效,请登录设置密码,勿转告他人。",
}
#: Variables that are computed when a text is sent, and are stored nowhere.
SECRET_VARIABLES = frozenset({"code"})
#: Takes the place of a secret variable wherever a text is stored.
HIDDEN = "******"


def sms_roles(template: str) -> frozenset[Role]:
    """Return the roles that receive a template as a text message; empty if the template has no SMS wording."""
    found = SMS_TEMPLATES.get(template)
    return found.roles if found else frozenset()
