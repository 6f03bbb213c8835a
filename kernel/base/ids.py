"""Ids with a prefix of their kind, such as `shp_01J…`. They cannot be guessed, and sort by time."""

from __future__ import annotations

from ulid import ULID

from kernel.time import clock


def new_id(prefix: str) -> str:
    """Return a new id such as `tkt_01JDB7…`: a ULID (128 bits), which sorts by its millisecond of creation."""
    return f"{prefix}_{ULID.from_datetime(clock.now())}"
