"""Availability of a product in pieces and in words."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class AvailabilityBand(StrEnum):
    """How much there is, in a word."""

    PLENTY = "plenty"
    FEW = "few"
    NONE = "none"


class Availability(NamedTuple):
    """Pieces that may be promised today, and the same in a word."""

    band: AvailabilityBand
    text: str
    pieces: int


def availability(pieces: int, carton: int) -> Availability:
    """Less than two cartons are few: who orders by the carton should know that the second may not come."""
    if pieces <= 0:
        return Availability(AvailabilityBand.NONE, "缺货 / out of stock", 0)
    if pieces < 2 * carton:
        return Availability(AvailabilityBand.FEW, f"仅剩 {pieces} / only {pieces} left", pieces)
    return Availability(AvailabilityBand.PLENTY, "充足 / in stock", pieces)
