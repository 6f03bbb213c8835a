"""Business doubles: a partner's number that comes a second time, perhaps written in another way.

A purchase order, a waybill or a delivery note may rightly come twice, so a double is no error: the first answer names
what exists, and `confirm_double` lets it go on. Recent numbers are remembered in items that are written anyway.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from kernel.base.codes import fold
from kernel.base.problems import FieldProblem, Refusal

#: Name of the field that confirms a double, in every request that has such a number.
CONFIRM = "confirm_double"

#: A remembered number: digest of its folded form, and the number of the document that has it.
_DIGEST_BYTES, _DOCUMENT_BYTES = 6, 4
_ENTRY_BYTES = _DIGEST_BYTES + _DOCUMENT_BYTES


class PartnerNumber(NamedTuple):
    """Kind of number: its field, its name, and the name of the documents that have it; Chinese and English."""

    field: str
    name_zh: str
    name_en: str
    document_zh: str
    document_en: str


PURCHASE_ORDER = PartnerNumber("purchase_order", "采购单号", "purchase order", "订单", "order")
WAYBILL = PartnerNumber("waybill", "运单号", "waybill", "发货单", "shipment")
DELIVERY_NOTE = PartnerNumber("reference", "送货单号", "delivery note", "入库单", "goods receipt")


class Existing(NamedTuple):
    """Document that has the number already: its id, its day (ISO date of Asia/Shanghai) and its pieces."""

    document_id: str
    day: str
    pieces: int


def remember(remembered: bytes | None, number: str, document: int, *, most: int) -> bytes:
    """Return the remembered numbers with one more; beyond `most`, the oldest is forgotten."""
    entry = _digest(number) + document.to_bytes(_DOCUMENT_BYTES, "big")
    return ((remembered or b"") + entry)[-most * _ENTRY_BYTES :]


def recall(remembered: bytes | None, number: str) -> list[int]:
    """Return the documents that may have this number however it is written, the newest first.

    Two different numbers rarely have the same digest, so the caller compares the number that the document has.
    """
    stored, digest = remembered or b"", _digest(number)
    entries = [stored[start : start + _ENTRY_BYTES] for start in range(0, len(stored), _ENTRY_BYTES)]
    return [int.from_bytes(entry[_DIGEST_BYTES:], "big") for entry in reversed(entries) if entry.startswith(digest)]


def is_same_number(one: str | None, other: str) -> bool:
    """Return whether two numbers are the same in different spellings."""
    return one is not None and fold(one) == fold(other)


def possible_double(kind: PartnerNumber, number: str, existing: Existing) -> Refusal:
    """Return the refusal that names what exists, and how to go on."""
    document_id, day, pieces = existing
    detail = (
        f"{kind.name_zh} {number} 已用于{kind.document_zh} {document_id}({day},{pieces} 件);"
        f'确认不是重复,请加 "{CONFIRM}": true 再发 / {kind.document_en} {document_id} of {day} with {pieces} pieces '
        f'has the {kind.name_en} {number} already; if this is another one, send it again with "{CONFIRM}": true'
    )
    return Refusal(
        "possible-double",
        detail,
        [FieldProblem(field=kind.field, code="possible-double", detail=detail)],
        existing={"id": document_id, "day": day, "pieces": pieces},
    )


def require_confirmed(kind: PartnerNumber, number: str, existing: Existing | None, *, confirmed: bool) -> str | None:
    """Return the id of the document that a confirmed number doubles, None if it is new.

    Raises:
        Refusal: the number is a double, and it is not confirmed.
    """
    if existing is None:
        return None
    if not confirmed:
        raise possible_double(kind, number, existing)
    return existing.document_id


def _digest(number: str) -> bytes:
    return sha256(fold(number).encode()).digest()[:_DIGEST_BYTES]
