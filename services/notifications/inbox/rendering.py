"""Messages about an event, rendered from the templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kernel.base.money import format_yuan
from kernel.http.principal import Role
from kernel.messaging.events import Event
from kernel.time.clock import BUSINESS_ZONE, parse_stamp
from services.notifications.inbox.mailboxes import Mailbox
from services.notifications.inbox.rules import NOTIFICATION_RULES, NotificationRule
from services.notifications.inbox.templates import TEMPLATES, TICKET_STEPS


class RenderedMessage(NamedTuple):
    """One message for one mailbox. Users with a role in `sms_roles` also get a text message, made from `values`."""

    template: str
    mailbox: Mailbox
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    sms_roles: frozenset[Role]
    values: Mapping[str, str]


def render_messages(event: Event) -> list[RenderedMessage]:
    """Return the messages about an event, at most one for each mailbox; none for an event without rules."""
    values = template_values(event)
    return [_render(rule, values) for rule in NOTIFICATION_RULES.get(type(event), ()) if rule.applies(event)]


def template_values(event: Event) -> dict[str, str]:
    """Return the values that templates may show of an event, by name.

    All fields as text; amounts also in yuan (`gross` from `gross_fen`); moments in Asia/Shanghai, to the minute.
    """
    fields = event.model_dump(mode="json")
    values = {name: "" if value is None else str(value) for name, value in fields.items()}
    values |= {name: _local_time(values[name]) for name in values if name.endswith(("_at", "_until")) and values[name]}
    values |= {name.removesuffix("_fen"): format_yuan(fields[name]) for name in fields if name.endswith("_fen")}
    step = fields.get("step", "")
    values["step_zh"], values["step_en"] = TICKET_STEPS.get(step, (step, step))
    return values


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
    )


def _local_time(stamp: str) -> str:
    return parse_stamp(stamp).astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M")
