"""Requests that a webhook endpoint receives: the headers of Standard Webhooks over a CloudEvents body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernel.messaging.events import Event
from services.notifications.webhooks.signed_post import CONTENT_TYPE
from tools.openapi.examples import example_of

#: name, required, description, example
_HEADERS = (
    (
        "webhook-id",
        True,
        "事件编号,每次重发相同;收过的请忽略 / the event's id, the same at every attempt: ignore an id received before",
        "evt_D0001-000001_5",
    ),
    (
        "webhook-timestamp",
        True,
        "本次发送的 Unix 秒;相差超过 5 分钟请拒绝 / Unix seconds of this attempt: refuse one that is more than five "
        "minutes away",
        "1795399200",
    ),
    (
        "webhook-signature",
        True,
        "`v1,` 加 base64 的 HMAC-SHA256,对 `<webhook-id>.<webhook-timestamp>.<原文>`;"
        "换密钥后 24 小时内有两个,空格分开 / "
        "`v1,` and the base64 HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<raw body>`, keyed by the base64 part "
        "of the endpoint's secret; for 24 hours after the secret was rotated there are two, divided by a blank",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
    (
        "qudao-replay",
        False,
        "`true`:应要求重放 / `true` if a user asked for this event once more",
        "true",
    ),
)


def webhook(event: type[Event], schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of the request that an event becomes.

    Args:
        schema: of the event's data.
        schemas: the document's schemas by name.
    """
    name = event.TYPE
    body = _envelope(name, schema)
    shown = example_of(schema, schemas)
    example = {
        "specversion": "1.0",
        "id": "evt_D0001-000001_5",
        "source": f"qudao.{event.SOURCE}",
        "type": name,
        "subject": "D0001-000001",
        "time": "2026-11-23T02:00:00.000000Z",
        "datacontenttype": "application/json",
        "sequence": 5,
        "dealerid": "D0001",
        "data": shown,
    }
    return {
        "post": {
            "operationId": f"event_{''.join(one if one.isalnum() else '_' for one in name)}",
            "summary": (event.__doc__ or name).strip().splitlines()[0],
            "description": "10 秒内以 2xx 回应 / answer 2xx within ten seconds; the attempts that follow a failure are "
            "listed in the README of notifications",
            # The signature, not a token, proves who sends it.
            "security": [],
            "parameters": [
                {
                    "name": header,
                    "in": "header",
                    "required": required,
                    "description": description,
                    "schema": {"type": "string"},
                    "example": value,
                }
                for header, required, description, value in _HEADERS
            ],
            "requestBody": {"required": True, "content": {CONTENT_TYPE: {"schema": body, "example": example}}},
            "responses": {
                "2XX": {"description": "收到 / received"},
                "410": {"description": "不再接收,停用此接收端 / the endpoint wants no more events and is disabled"},
            },
        }
    }


def _envelope(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "sequence", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string"},
            "source": {"type": "string"},
            "type": {"const": name},
            "subject": {"type": "string"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "sequence": {"type": "integer", "minimum": 1},
            "dealerid": {"type": "string"},
            "data": schema,
        },
    }
