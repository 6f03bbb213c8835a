"""How well a warehouse keeps what it promised, for everybody to read."""

from __future__ import annotations

from kernel.table import query_all
from services.orders.api import KeptPromises, KeptQuery, KeptTally
from services.orders.kept import Tally, tally
from services.orders.table import KeptItem, left_pk


def show_kept(query: KeptQuery) -> KeptPromises:
    """Of what left a warehouse in a month, how much left by the day first promised; by SKU, or of one SKU."""
    shipments = query_all(KeptItem, left_pk(query.warehouse, query.month))
    by_sku = tally((item.left_on, item.rows) for item in shipments)
    wanted = {sku: one for sku, one in by_sku.items() if query.sku in {None, sku}}
    total = Tally(
        sum(one.kept for one in wanted.values()),
        sum(one.late for one in wanted.values()),
        sum(one.undated for one in wanted.values()),
    )
    return KeptPromises(
        warehouse=query.warehouse,
        month=query.month,
        total=_view(None, total),
        skus=[_view(sku, wanted[sku]) for sku in sorted(wanted)],
    )


def _view(sku: str | None, counted: Tally) -> KeptTally:
    rate = None if counted.rate is None else format(counted.rate, "f")
    return KeptTally(sku=sku, kept=counted.kept, late=counted.late, undated=counted.undated, rate=rate)
