"""A valid value of each body, answer and event, made from its schema.

A field shows, in this order: the example or the choice that its model declares; what people know by its name (a day, an
amount in fen, a code); a value of its type within its bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.openapi.schema_names import PREFIX

Schema = Mapping[str, Any]

#: Fields that look the same wherever they are, by name.
_BY_NAME: dict[str, Any] = {
    "account": "MAIN",
    "alternate": "GZ",
    "answer": "已检查,驱动损坏",
    "assignee": "冯志强",
    "author": "梁晓琳",
    "backordered_since": "2026-11-23T02:00:00Z",
    "band": "some",
    "bank": "招商银行",
    "by": "梁晓琳",
    "carrier": "德邦",
    "category": "球泡灯",
    "code": "repeated",
    "comment": "很快",
    "currency": "CNY",
    "cursor": None,
    "dealer_id": "D0001",
    "description": "ERP",
    "detail": "与 lines.0 重复 / the same as lines.0",
    "document": "D0001-000001-S1",
    "document_id": "D0001-000001-S1",
    "draft": "2",
    "endpoint_id": "whe_01KAQ6T1W2M3N4P5Q6R7S8T9V0",
    "event": "order.shipped.v1",
    "event_id": "evt_D0001-000001_1",
    "event_type": "order.shipped.v1",
    "field": "lines.1.sku",
    "grade": "A",
    "hold": "stock",
    "id_token": "eyJhbGciOi…",
    "internal_note": "已电话确认",
    "journal_id": "D0001-000001-S1",
    "kind": "shipment",
    "label": "仓库",
    "label_en": "shipped",
    "label_zh": "已发货",
    "dealer_name": "广州联众灯饰经营部",
    "warehouse_name_en": "Guangzhou",
    "warehouse_name_zh": "广州仓",
    "lot": "20261101",
    "message_id": "1795399200433.dealer.evt_D0001-000001_5",
    "month": "2026-11",
    "name": "广州联众灯饰经营部",
    "name_en": "LED bulb 3W E27 warm white",
    "name_zh": "球泡灯 3W E27 暖白",
    "next_cursor": None,
    "note": "请送后门",
    "order_id": "D0001-000001",
    "outcome": "2xx",
    "password": "Qudao-2026-Deng",
    "period": "2026-11",
    "phone": "+8613812345678",
    "phone_masked": "+86138****5678",
    "price_list": "A-2026",
    "price_list_id": "A-2026",
    "price_list_name": "2026 价目表",
    "price_policy": "A-2026",
    "purchase_order": "PO-1",
    "question": "灯是否闪烁?",
    "reason": "客户要求",
    "reference": "PO-1",
    "refresh_token": "eyJjdHkiOi…",
    "result": "已更换",
    "roles": ["dealer_buyer"],
    "row": "QP3-03-E2730",
    "rule": "fifo",
    "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "serial": "SN 2026/01 #3",
    "shipment_id": "D0001-000001-S1",
    "site_address": "广州市天河区体育东路 1 号",
    "sku": "QP3-03-E2730",
    "sms_id": "sms_01KAQ6T1W2M3N4P5Q6R7S8T9V0",
    "state": "in_review",
    "statement_id": "D0001-2026-11",
    "subject": "D0001-000001",
    "territory": "广东",
    "text": "已发货,德邦 DPK202611230001",
    "text_en": "Order D0001-000001 was shipped",
    "text_zh": "订单 D0001-000001 已发货",
    "ticket_id": "D0001-T000001",
    "title": "灯不亮",
    "title_en": "Shipped",
    "title_zh": "已发货",
    "type": "order.shipped.v1",
    "types": ["order.shipped.v1"],
    "unit_price": "1.38",
    "url": "https://erp.example.com/qudao",
    "username": "d0001-buyer",
    "warehouse": "GZ",
    "version": "2",
    "waybill": "DPK202611230001",
}
_BY_ENDING: dict[str, Any] = {
    "_fen": 27_600,
    "_at": "2026-11-23T02:00:00Z",
    "_until": "2026-11-23T02:00:00Z",
    "_of": "2026-11-23T02:00:00Z",
    "_on": "2026-11-23",
    "_by": "梁晓琳",
    "_time": "2026-11-23T02:00:00Z",
}
_BY_FORMAT = {"date": "2026-11-23", "date-time": "2026-11-23T10:00:00+08:00"}
_DEEPEST = 12


def example_of(schema: Schema, schemas: Mapping[str, Any], *, named: str = "", every_field: bool = True) -> Any:
    """Return a value that the schema allows.

    Args:
        schemas: the document's schemas by name, for references.
        named: name of the field, if the value is one.
        every_field: also fill the fields that may be left out; needed to show an answer, too much for most requests.
    """
    return _Examples(schemas, every_field=every_field).value(schema, named, 0)


class _Examples:
    def __init__(self, schemas: Mapping[str, Any], *, every_field: bool) -> None:
        self._schemas = schemas
        self._every_field = every_field

    def value(self, schema: Schema, name: str, depth: int) -> Any:
        schema = self._resolved(schema)
        for found in (self._declared(schema), self._named(schema, name)):
            if found is not None:
                return found[0]
        match self._kind(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer" | "number":
                return self._number(schema)
            case "boolean":
                return bool(schema.get("default", False))
            case "string":
                return _text(schema)
            case _:
                return None

    def _resolved(self, schema: Schema) -> Schema:
        """Follow references, and take the first option that is not null."""
        while True:
            options = [one for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())) if one.get("type") != "null"]
            if "$ref" in schema:
                schema = self._schemas[schema["$ref"].removeprefix(PREFIX)]
            elif options:
                outer = {key: schema[key] for key in ("examples",) if key in schema}
                schema = {**options[0], **outer}
            else:
                return schema

    def _declared(self, schema: Schema) -> tuple[Any] | None:
        if "const" in schema:
            return (schema["const"],)
        found = schema.get("examples") or schema.get("enum")
        return (found[0],) if found else None

    def _named(self, schema: Schema, name: str) -> tuple[Any] | None:
        kind = self._kind(schema)
        known = _BY_NAME.get(name, next((value for end, value in _BY_ENDING.items() if name.endswith(end)), _UNKNOWN))
        fits = known is None or _FITS.get(kind, type(None)) is type(known)
        if known is _UNKNOWN or not fits or (isinstance(known, int) and not _is_within(schema, known)):
            return None
        return (_BY_FORMAT.get(schema.get("format", ""), known),)

    def _kind(self, schema: Schema) -> str:
        kind = schema.get("type", "object" if "properties" in schema else "")
        return str(kind)

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        fields = schema.get("properties", {})
        shown = fields if self._every_field and depth < _DEEPEST else [name for name in fields if name in required]
        made = {name: self.value(fields[name], name, depth + 1) for name in shown}
        others = schema.get("additionalProperties")
        if not fields and isinstance(others, Mapping):
            made["A"] = self.value(others, "", depth + 1)
        return made

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        if depth >= _DEEPEST or schema.get("maxItems") == 0:
            return []
        if "prefixItems" in schema:
            return [self.value(one, "", depth + 1) for one in schema["prefixItems"]]
        one = self.value(schema.get("items", {}), name.removesuffix("s"), depth + 1)
        return [one] * max(1, schema.get("minItems", 1))

    def _number(self, schema: Schema) -> int:
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + (1 if "exclusiveMinimum" in schema else 0))
        return int(min(max(low, 1), schema.get("maximum", max(low, 1))))


class _Unknown:
    """Mark of a name that states nothing about its value."""


_UNKNOWN = _Unknown()
_FITS: dict[str, type] = {"string": str, "integer": int, "array": list}


def _is_within(schema: Schema, number: int) -> bool:
    return bool(schema.get("minimum", number) <= number <= schema.get("maximum", number))


def _text(schema: Schema) -> str:
    if (form := _BY_FORMAT.get(schema.get("format", ""))) is not None:
        return form
    text = "示例"
    return text.ljust(schema.get("minLength", 0), "a")[: schema.get("maxLength")]
