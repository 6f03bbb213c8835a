"""Messages about an event, rendered from the templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kernel.base.money import format_yuan
from kernel.http.principal import Role
from kernel.messaging.events import Event
from kernel.time.clock import BUSINESS_ZONE, parse_stamp
from services.notifications.inbox.mailboxes import Mailbox
from services.notifications.inbox.rules import MONEY_TERMS, NOTIFICATION_RULES, NotificationRule
from services.notifications.inbox.templates import TEMPLATES

_NO_DAY_ZH, _NO_DAY_EN = "待定", "not known yet"
#: Groups of lines with a changed day that one message shows; further ones are counted.
_MOST_MOVES = 8
#: Orders of one kind of task that one message names; further ones are counted.
_MOST_ORDERS = 8

#: Terms of a dealer, Chinese and English.
TERMS = {
    "name": ("名称", "name"),
    "territory": ("区域", "territory"),
    "grade": ("等级", "grade"),
    "status": ("状态", "status"),
    "price_list": ("价格表", "price list"),
    "warehouse": ("发货仓库", "warehouse"),
    "credit_limit_fen": ("信用额度", "credit limit"),
    "payment_days": ("账期(天)", "payment days"),
}

#: Kinds of documents of ledger and stock, Chinese and English.
DOCUMENTS = {
    "shipment": ("发货", "shipment"),
    "payment": ("收款", "payment"),
    "count": ("盘点", "count"),
    "short_pick": ("拣货", "short pick"),
}

_BY_RULE = "按公布的分货规则,", "By the published allocation rule: "
_CUT = (
    "第 {cancelled_lines_zh} 行的尾货不再来货,已取消 {cancelled} 件。",
    " {cancelled} pieces of run-out products on lines {cancelled_lines_en} are cancelled, because none come any more.",
)

#: Steps of a service ticket, Chinese and English.
TICKET_STEPS = {
    "registered": ("已登记", "registered"),
    "accepted": ("已受理", "accepted"),
    "reviewed": ("已审核", "reviewed"),
    "dispatched": ("已派工", "dispatched"),
    "reassigned": ("已改派", "reassigned to another technician"),
    "completed": ("已完成", "completed"),
    "rejected": ("已驳回", "rejected"),
    "withdrawn": ("已撤回", "withdrawn"),
    "asked": ("需要您补充信息", "needs your answer"),
    "answered": ("已补充信息", "answered"),
    "reopened": ("已重开", "reopened"),
    "rated": ("已评价", "rated"),
}


class RenderedMessage(NamedTuple):
    """One message for one mailbox. Users with a role in `sms_roles` also get a text message, made from `values`.

    `to_suspended`: a suspended dealer gets it too.
    """

    template: str
    mailbox: Mailbox
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    sms_roles: frozenset[Role]
    values: Mapping[str, str]
    to_suspended: bool


def render_messages(event: Event) -> list[RenderedMessage]:
    """Return the messages about an event, at most one for each mailbox; none for an event without rules."""
    values = template_values(event)
    return [_render(rule, values) for rule in NOTIFICATION_RULES.get(type(event), ()) if rule.applies(event)]


def template_values(event: Event) -> dict[str, str]:
    """Return the values that templates may show of an event, by name.

    All fields as text; amounts also in yuan (`gross` from `gross_fen`); moments in Asia/Shanghai, to the minute, and
    their days (`shipped_on` from `shipped_at`).
    """
    fields = event.model_dump(mode="json")
    values = {name: "" if value is None else str(value) for name, value in fields.items()}
    moments = {name: _local_time(values[name]) for name in values if name.endswith(("_at", "_until")) and values[name]}
    days = {f"{name.removesuffix('_at')}_on": text[:10] for name, text in moments.items() if name.endswith("_at")}
    values = days | values | moments
    values |= {name.removesuffix("_fen"): format_yuan(fields[name]) for name in fields if name.endswith("_fen")}
    step, document = fields.get("step", ""), fields.get("document_kind") or fields.get("document", "")
    values["step_zh"], values["step_en"] = TICKET_STEPS.get(step, (step, step))
    values["document_zh"], values["document_en"] = DOCUMENTS.get(document, (document, document))
    values["promised_day_zh"] = values.get("promised_on") or _NO_DAY_ZH
    values["promised_day_en"] = values.get("promised_on") or _NO_DAY_EN
    values["by_rule_zh"], values["by_rule_en"] = _BY_RULE if fields.get("rule") else ("", "")
    lines = [str(number) for number in fields.get("cancelled_lines") or ()]
    values["cancelled_lines_zh"], values["cancelled_lines_en"] = "、".join(lines), ", ".join(lines)
    values["cut_zh"], values["cut_en"] = (text.format_map(values) if lines else "" for text in _CUT)
    values["escalated_zh"], values["escalated_en"] = _escalated(fields.get("escalation_name"))
    values |= _unhandled_orders(fields.get("unhandled", ()))
    return values | _sent_to(fields) | _moved_days(fields.get("moved", ())) | _changed_terms(fields)


def _render(rule: NotificationRule, values: Mapping[str, str]) -> RenderedMessage:
    template = TEMPLATES[rule.template]
    return RenderedMessage(
        template=rule.template,
        mailbox=rule.mailbox,
        title_zh=template.title_zh.format_map(values),
        title_en=template.title_en.format_map(values),
        text_zh=template.text_zh.format_map(values).strip(),
        text_en=template.text_en.format_map(values).strip(),
        sms_roles=rule.sms_roles,
        values=values,
        to_suspended=rule.to_suspended,
    )


def _escalated(name: str | None) -> tuple[str, str]:
    """Return to whom an overdue order was escalated, in words."""
    if name is None:
        return "未设升级联系人,短信发给系统管理员。", "No escalation contact: administrators get a text message."
    return f"升级联系人:{name}。", f"Escalated to {name}."


def _unhandled_orders(unhandled: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the unhandled orders of each kind of task in words: their number, and the first of them."""
    values = {}
    for one in unhandled:
        kind, number, shown = one["kind"], one["number"], one["orders"][:_MOST_ORDERS]
        more_zh, more_en = ("等", ", …") if number > len(shown) else ("", "")
        values[f"{kind}_zh"] = f"{number} 单({'、'.join(shown)}{more_zh})" if number else "无"
        values[f"{kind}_en"] = f"{number} ({', '.join(shown)}{more_en})" if number else "none"
    return values


def _sent_to(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return where a shipment goes, in words; empty for an order without a delivery address."""
    city, contact = fields.get("delivery_city"), fields.get("delivery_contact")
    if not city:
        return {"sent_to_zh": "", "sent_to_en": ""}
    return {"sent_to_zh": f",送{city} {contact}收", "sent_to_en": f", to {contact} in {city}"}


def _moved_days(moved: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the new day of lines that leave later, and all changed days in words. A lost day has no new one."""
    moves = list(moved)
    later = [move["new"] for move in moves if move["old"] and (move["new"] is None or move["new"] > move["old"])]
    shown = moves[:_MOST_MOVES]
    more = sum(len(move["lines"]) for move in moves[_MOST_MOVES:])
    parts_zh = [
        f"第 {'、'.join(map(str, move['lines']))} 行:{move['old'] or _NO_DAY_ZH} 改为 {move['new'] or _NO_DAY_ZH}"
        for move in shown
    ]
    parts_en = [
        f"lines {', '.join(map(str, move['lines']))}: {move['old'] or _NO_DAY_EN} becomes {move['new'] or _NO_DAY_EN}"
        for move in shown
    ]
    if more:
        parts_zh.append(f"另有 {more} 行见订单")
        parts_en.append(f"{more} more lines: see the order")
    return {
        "new_day": "" if None in later else max(later, default=""),
        "moves_zh": ";".join(parts_zh) or "新的日期见订单各行",
        "moves_en": "; ".join(parts_en) or "The order's lines show the new days",
    }


def _changed_terms(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return the changed terms of a dealer in words. Those about money are apart: not all of its users read them."""
    before, after = fields.get("before") or {}, fields.get("after") or {}
    values = {}
    for prefix, names in (
        ("", sorted(after.keys() - MONEY_TERMS)),
        ("money_", sorted(after.keys() & MONEY_TERMS)),
    ):
        for language, suffix in enumerate(("zh", "en")):
            parts = [
                f"{TERMS.get(name, (name,) * 2)[language]} {_term(name, before.get(name))} → {_term(name, after[name])}"
                for name in names
            ]
            values[f"{prefix}changes_{suffix}"] = (";" if suffix == "zh" else "; ").join(parts)
    return values


def _term(name: str, value: object) -> str:
    return format_yuan(value) if name.endswith("_fen") and isinstance(value, int) else str(value)


def _local_time(stamp: str) -> str:
    return parse_stamp(stamp).astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M")
