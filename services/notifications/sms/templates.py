"""SMS templates: wordings approved by the carriers, and the roles that receive them."""

from __future__ import annotations

from typing import NamedTuple

from kernel.http.principal import Role
from services.notifications.vocabulary import ACCOUNTANT_ROLES, BUYER_ROLES, REVIEWER_ROLES


class SmsTemplate(NamedTuple):
    """Wording of a text message, with `{variables}`, and the roles of the users who receive it.

    `wording_of_many`: wording of one text in place of `{count}` texts; its other variables are those of the first.
    The roles are all of dealers or all of head office. `contact_roles`: roles of an escalation contact; if the event
    names one, that user receives the text instead.
    """

    wording: str
    wording_of_many: str
    roles: frozenset[Role]
    contact_roles: frozenset[Role] = frozenset()


#: By the key of the inbox template of the same occasion. No other occasion sends text messages.
SMS_TEMPLATES: dict[str, SmsTemplate] = {
    "order_reserved": SmsTemplate(
        "【渠道】您的订单{order_id}已受理,审核后发货,发货日期{promised_on}。",
        "【渠道】您有{count}张订单已受理,如{order_id},详情请登录查看。",
        BUYER_ROLES,
    ),
    "order_run_out": SmsTemplate(
        "【渠道】您的订单{order_id}有{cancelled}件尾货已售完,已取消,其余发货日期{promised_on}。",
        "【渠道】您有{count}张订单的尾货已售完,已取消,如{order_id},请登录查看。",
        BUYER_ROLES,
    ),
    "order_on_credit_hold": SmsTemplate(
        "【渠道】您的订单{order_id}信用冻结:超出信用额度,请登录查看。",
        "【渠道】您有{count}张订单信用冻结,如{order_id},请登录查看。",
        BUYER_ROLES | ACCOUNTANT_ROLES,
    ),
    "backorders_filled": SmsTemplate(
        "【渠道】您的订单{order_id}欠货已到{filled}件,发货日期{promised_on}。",
        "【渠道】您有{count}张订单的欠货已到,如{order_id},请登录查看。",
        BUYER_ROLES,
    ),
    "pieces_missing": SmsTemplate(
        "【渠道】您的订单{order_id}有{missing}件实物短缺,已转欠货,原因请登录查看。",
        "【渠道】您有{count}张订单的货实物短缺,如{order_id},请登录查看。",
        BUYER_ROLES,
    ),
    "promise_slipped": SmsTemplate(
        "【渠道】您的订单{order_id}发货延期,原定{promised_on},现为{new_day}。",
        "【渠道】您有{count}张订单发货延期,如{order_id},请登录查看。",
        BUYER_ROLES,
    ),
    "reservation_expiring": SmsTemplate(
        "【渠道】您的订单{order_id}预留即将到期,如仍需要请登录续期。",
        "【渠道】您有{count}张订单预留即将到期,如{order_id},请登录续期。",
        BUYER_ROLES,
    ),
    "reservation_expired": SmsTemplate(
        "【渠道】您的订单{order_id}预留已到期释放,如仍需要请登录处理。",
        "【渠道】您有{count}张订单预留已到期释放,如{order_id},请登录处理。",
        BUYER_ROLES,
    ),
    "reservation_expired_run_out": SmsTemplate(
        "【渠道】您的订单{order_id}预留已到期,{cancelled}件尾货已取消,请登录处理。",
        "【渠道】您有{count}张订单预留已到期,尾货已取消,如{order_id},请登录处理。",
        BUYER_ROLES,
    ),
    "order_rejected": SmsTemplate(
        "【渠道】您的订单{order_id}未通过审核,请登录查看原因。",
        "【渠道】您有{count}张订单未通过审核,如{order_id},请登录查看原因。",
        BUYER_ROLES,
    ),
    "order_shipped": SmsTemplate(
        "【渠道】订单{order_id}于{shipped_on}发货{shipped_pieces}件,运单{waybill}。",
        "【渠道】您有{count}批货已发出,如订单{order_id},运单{waybill},请登录查看。",
        BUYER_ROLES,
    ),
    "shipment_voided": SmsTemplate(
        "【渠道】订单{order_id}的运单{waybill}未发出,将重新发货,详情请登录查看。",
        "【渠道】您有{count}批货未发出,将重新发货,如订单{order_id},请登录查看。",
        BUYER_ROLES,
    ),
    "payment_received": SmsTemplate(
        "【渠道】您的往来账户有更新,请登录查看。",
        "【渠道】您的往来账户有{count}笔更新,请登录查看。",
        ACCOUNTANT_ROLES,
    ),
    "journal_reversed": SmsTemplate(
        "【渠道】您的往来账户有一笔冲销,原因请登录查看。",
        "【渠道】您的往来账户有{count}笔冲销,原因请登录查看。",
        ACCOUNTANT_ROLES,
    ),
    "terms_changed": SmsTemplate(
        "【渠道】您的合作条件有变更,内容和原因请登录查看。",
        "【渠道】您的合作条件有{count}次变更,内容和原因请登录查看。",
        BUYER_ROLES,
    ),
    "money_terms_changed": SmsTemplate(
        "【渠道】您的信用条件有变更,内容和原因请登录查看。",
        "【渠道】您的信用条件有{count}次变更,内容和原因请登录查看。",
        ACCOUNTANT_ROLES,
    ),
    "statement_issued": SmsTemplate(
        "【渠道】您{period}的对账单已生成,请登录核对。",
        "【渠道】您有{count}份对账单已生成,请登录核对。",
        ACCOUNTANT_ROLES,
    ),
    "objection_answered": SmsTemplate(
        "【渠道】您的异议{objection_id}已有答复,请登录查看。",
        "【渠道】您有{count}件异议已有答复,如{objection_id},请登录查看。",
        BUYER_ROLES | ACCOUNTANT_ROLES,
    ),
    "ticket_completed": SmsTemplate(
        "【渠道】您的服务单{ticket_id}已处理完成,请登录查看并评价。",
        "【渠道】您有{count}张服务单已处理完成,如{ticket_id},请登录查看并评价。",
        BUYER_ROLES,
    ),
    # To one person, who may not be at a screen: an urgent order that waits must be decided now.
    "order_overdue": SmsTemplate(
        "【渠道】加急订单{order_id}已超时未审核,请立即处理。",
        "【渠道】{count}张加急订单已超时未审核,如{order_id},请立即处理。",
        frozenset({Role.ADMIN}),
        contact_roles=REVIEWER_ROLES,
    ),
}


#: By template: texts to one user about that user alone, without an inbox message.
PERSONAL_TEMPLATES: dict[str, str] = {
    "user_invited": "【渠道】您的用户名{username},邀请码{code},7天内有效,请登录设置密码,勿转告他人。",
    "sign_in_code": "【渠道】用户{username}的登录验证码{code},5分钟内有效,非本人操作请忽略,勿转告他人。",
}
#: Templates that are also sent in quiet hours: who gets them waits for them, or must act at once.
URGENT_TEMPLATES = frozenset({"order_overdue", *PERSONAL_TEMPLATES})
#: Variables that are computed when a text is sent, and are stored nowhere.
SECRET_VARIABLES = frozenset({"code"})
#: Takes the place of a secret variable wherever a text is stored.
HIDDEN = "******"


def sms_roles(template: str) -> frozenset[Role]:
    """Return the roles that receive a template as a text message; empty if the template has no SMS wording."""
    found = SMS_TEMPLATES.get(template)
    return found.roles if found else frozenset()


def receiving_roles(template: str) -> frozenset[Role]:
    """Return the roles without which a user no longer receives a template; empty if it has no SMS wording."""
    found = SMS_TEMPLATES.get(template)
    return found.roles | found.contact_roles if found else frozenset()
