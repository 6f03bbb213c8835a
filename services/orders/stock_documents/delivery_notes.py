"""Delivery notes that a warehouse has booked: each goods receipt has its own key."""

from __future__ import annotations

from typing import NamedTuple

from kernel.store.items import Key
from kernel.store.read import fetch_one
from kernel.time.clock import business_date, parse_stamp
from services.orders.doubles import Existing
from services.orders.stock_documents.items import GoodsReceiptItem, goods_receipt_key


class BookedNotes(NamedTuple):
    """Goods receipts of one delivery note: their number, and the newest, None without any."""

    number: int
    newest: Existing | None


def receipt_id(reference: str, number: int) -> str:
    """Return the id of a goods receipt: its delivery note, with the number of the receipt from the second on.

    No delivery note contains a `#` in its folded form, so no other one has this id.
    """
    return reference if number == 1 else f"{reference}#{number}"


def receipt_key(warehouse: str, reference: str, number: int) -> Key:
    """Return the key of a goods receipt of a delivery note."""
    return goods_receipt_key(warehouse, receipt_id(reference, number))


def load_booked_notes(warehouse: str, reference: str) -> BookedNotes:
    """Load the goods receipts of a delivery note, one after the other; consistent reads."""
    booked = BookedNotes(0, None)
    while receipt := fetch_one(GoodsReceiptItem, receipt_key(warehouse, reference, booked.number + 1)):
        number = booked.number + 1
        day = business_date(parse_stamp(receipt.received_at)).isoformat()
        pieces = sum(quantity for _, quantity in receipt.lines)
        booked = BookedNotes(number, Existing(receipt_id(reference, number), day, pieces))
    return booked
