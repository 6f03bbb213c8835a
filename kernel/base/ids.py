"""Identifiers typed by prefix: `shp_01J…`; random enough not to be guessed, sorted by birth."""

from __future__ import annotations

from ulid import ULID

from kernel.time import clock


def new_id(prefix: str) -> str:
    """A fresh id such as `tkt_01JDB7…`, 128 bits, ordered by the millisecond of its making."""
    return f"{prefix}_{ULID.from_datetime(clock.now())}"
