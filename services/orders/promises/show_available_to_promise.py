"""Show what may still be promised to a new order, by day."""

from __future__ import annotations

from collections import Counter
from datetime import date

from contracts.dealers import DealerItem, dealer_key
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.table import fetch_one
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.inbound.deliveries import expected_deliveries, inbound_by_sku_index
from services.orders.order.backorder_entry import backorders_of
from services.orders.promises.api import AvailableToPromise, AvailableToPromiseDay, AvailableToPromiseSku
from services.orders.promises.rules import available_to_promise
from services.orders.stock.api import StockQuery
from services.orders.stock.buckets import available_pieces
from services.orders.stock.document_lines import products_in_query
from services.orders.vocabulary import PiecesOnDay, require_warehouse_id


def show_available_to_promise(caller: Principal, warehouse: str, query: StockQuery) -> AvailableToPromise:
    """What may still be promised of SKUs, day by day: what is there and expected, less what those in line wait for.

    Raises:
        NotFound: no warehouse can be called that, or it is not the dealer's own.
        Invalid: unknown SKUs, or more than 50.
    """
    require_warehouse_id(warehouse)
    if caller.is_dealer:
        _check_own(caller, warehouse)
    sku_indexes = {sku: product.sku_index for sku, product in products_in_query(query.skus).items()}
    there = available_pieces(warehouse, sku_indexes.values())
    expected = inbound_by_sku_index(expected_deliveries(warehouse))
    wanted: Counter[int] = Counter()
    for place in backorders_of(warehouse):
        wanted.update(place.by_sku_index)
    now = clock.now()
    at_once = clock.business_date(now).isoformat()
    promisable = []
    for sku, sku_index in sku_indexes.items():
        demand = [PiecesOnDay(at_once, wanted[sku_index])] if wanted[sku_index] else []
        days_ = available_to_promise(there[sku_index], expected.get(sku_index, ()), demand, now, CHINA)
        days = [
            AvailableToPromiseDay(day=date.fromisoformat(one.day), pieces=one.pieces, cumulative=one.cumulative)
            for one in days_
        ]
        promisable.append(AvailableToPromiseSku(sku=sku, days=days))
    return AvailableToPromise(warehouse=warehouse, as_of=clock.stamp(now), skus=promisable)


def _check_own(caller: Principal, warehouse: str) -> None:
    dealer = fetch_one(DealerItem, dealer_key(caller.own_dealer_id))
    if dealer is None or dealer.warehouse != warehouse:
        raise NotFound
