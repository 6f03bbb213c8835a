"""Show what may still be promised to a new order, by day."""

from __future__ import annotations

from collections import Counter
from datetime import date

from contracts.dealers import DealerItem, dealer_key
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.read import fetch_one
from kernel.time import clock
from kernel.time.holidays import CHINA, calendar_end_if_passed
from reads.warehouses import require_warehouse_of_path, warehouse_names
from services.orders.inbound.deliveries import expected_deliveries, inbound_by_sku_index
from services.orders.order.backorder_entry import backorders_of
from services.orders.promises.api import AvailableToPromise, AvailableToPromiseDay, AvailableToPromiseSku
from services.orders.promises.rules import available_to_promise
from services.orders.stock.api import StockQuery
from services.orders.stock.buckets import available_pieces
from services.orders.stock.document_lines import products_in_query
from services.orders.vocabulary import PiecesOnDay


def show_available_to_promise(caller: Principal, warehouse: str, query: StockQuery) -> AvailableToPromise:
    """Show what may still be promised of SKUs by day: available and expected, less backorders.

    Raises:
        NotFound: there is no such warehouse, or it is not the dealer's own.
        Invalid: SKUs are unknown, or there are more than 50.
    """
    require_warehouse_of_path(warehouse)
    if caller.is_dealer:
        _check_own(caller, warehouse)
    products = products_in_query(query.skus)
    sku_indexes = {sku: product.sku_index for sku, product in products.items()}
    available = available_pieces(warehouse, sku_indexes.values())
    expected = inbound_by_sku_index(expected_deliveries(warehouse))
    wanted: Counter[int] = Counter()
    for entry in backorders_of(warehouse):
        wanted.update(entry.by_sku_index)
    now = clock.now()
    today = clock.business_date(now).isoformat()
    promisable = []
    for sku, sku_index in sku_indexes.items():
        demand = [PiecesOnDay(today, wanted[sku_index])] if wanted[sku_index] else []
        promisable_days = available_to_promise(available[sku_index], expected.get(sku_index, ()), demand, now, CHINA)
        days = [
            AvailableToPromiseDay(
                day=date.fromisoformat(atp_day.day), pieces=atp_day.pieces, cumulative=atp_day.cumulative
            )
            for atp_day in promisable_days
        ]
        product = products[sku]
        promisable.append(AvailableToPromiseSku(sku=sku, name_zh=product.name_zh, name_en=product.name_en, days=days))
    known_until = calendar_end_if_passed(*(str(promised.day) for shown in promisable for promised in shown.days))
    return AvailableToPromise(
        warehouse=warehouse,
        **warehouse_names(warehouse),
        as_of=clock.stamp(now),
        calendar_known_until=known_until,
        skus=promisable,
    )


def _check_own(caller: Principal, warehouse: str) -> None:
    dealer = fetch_one(DealerItem, dealer_key(caller.own_dealer_id))
    if dealer is None or dealer.warehouse != warehouse:
        raise NotFound
