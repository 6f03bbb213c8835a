"""Quote an order: check, price and promise it as a submit would, and store nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from contracts.catalog import RUN_OUT
from contracts.dealers import DealerItem, dealer_key
from contracts.delivery_addresses import address_book_key
from kernel.base.problems import FieldProblem, Invalid, NotFound
from kernel.http.principal import Principal
from kernel.store.read import fetch_one
from kernel.time import clock
from kernel.time.holidays import CHINA, calendar_end_if_passed
from reads.cache import Cache
from reads.warehouses import warehouse_names
from services.orders.credit.load_dealer_credit import dealer_credit_of
from services.orders.inbound.deliveries import expected_deliveries, inbound_by_sku_index
from services.orders.intake.load_pricing import OrderingDealer, load_ordering_dealer, load_pricing
from services.orders.intake.price_order import CheckedLine, check_lines
from services.orders.order.backorder_entry import BackorderCountItem, backorder_count_key, backorders_of
from services.orders.order.rules import document_totals
from services.orders.quotes.api import Quote, QuoteOrder
from services.orders.quotes.rules import WantedLine, supply_of_lines
from services.orders.quotes.views import quoted_credit, quoted_line, quoted_obstacles
from services.orders.stock.buckets import available_pieces_of_many

#: Warehouse of each dealer's last quote. Reading its number of backorders together with the dealer saves a call unless
#: the dealer has another warehouse now.
_last_warehouses: Cache[str, str] = Cache(max_entries=10_000)


def quote_order(caller: Principal, request: QuoteOrder) -> Quote:
    """Quote an order of the caller's dealer, or for staff of the dealer they name, from its own warehouse.

    Another warehouse may serve the order when that one is short. Lines that cannot be ordered are shown with their
    problems and count in no total.

    Raises:
        NotFound: a dealer names another dealer.
        Invalid: staff name no dealer, or one that does not exist.
        Refusal: the dealer has no valid price list.
    """
    first, dealer = _dealer_of(caller, request)
    now = clock.now()
    count_key = backorder_count_key(dealer.warehouse)
    _last_warehouses.put(dealer.dealer_id, dealer.warehouse)
    pricing = load_pricing(dealer, dict.fromkeys(line.sku for line in request.lines), first, [count_key])
    checked = list(check_lines(request.lines, pricing.price_list, pricing.products))
    wanted = list(_wanted(request, checked))
    available = available_pieces_of_many(dealer.warehouse, [line.sku_index for line in wanted])
    count = pricing.found.get(count_key)
    waiting = _waiting(dealer.warehouse) if isinstance(count, BackorderCountItem) and count.orders else {}
    inbound = inbound_by_sku_index(expected_deliveries(dealer.warehouse, consistent=False))
    supplies = supply_of_lines(wanted, available, waiting, inbound, now, CHINA)
    lines = [
        quoted_line(number, asked, one, supplies.get(number))
        for number, (asked, one) in enumerate(zip(request.lines, checked, strict=True), 1)
    ]
    orderable = [one.priced for one in checked if one.priced is not None and not one.problems]
    money = document_totals(orderable)
    credit = dealer_credit_of(dealer, first.account)
    days = {day for line in lines for day in (line.from_stock_on, line.rest_on)}
    return Quote(
        dealer_id=dealer.dealer_id,
        dealer_name=dealer.name,
        warehouse=dealer.warehouse,
        **warehouse_names(dealer.warehouse),
        price_list=pricing.price_list.price_list_id,
        price_version=pricing.price_list.version,
        as_of=clock.stamp(now),
        orderable=len(orderable) == len(lines),
        line_count=len(orderable),
        pieces=sum(line.quantity for line in orderable),
        gross_fen=money.gross_fen,
        net_fen=money.net_fen,
        tax_fen=money.tax_fen,
        credit=quoted_credit(credit, money.gross_fen),
        obstacles=quoted_obstacles(request, dealer, first, credit, money.gross_fen),
        calendar_known_until=calendar_end_if_passed(*days),
        lines=lines,
    )


def check_quote(caller: Principal, body: QuoteOrder) -> None:
    """Refuse a quote without a known dealer; write nothing.

    Raises:
        Invalid: staff name no dealer, or one that does not exist.
        NotFound: a dealer names another dealer.
    """
    dealer_id = _dealer_id(caller, body)
    if fetch_one(DealerItem, dealer_key(dealer_id)) is None:
        raise _unknown_dealer(dealer_id)


def _dealer_of(caller: Principal, request: QuoteOrder) -> tuple[OrderingDealer, DealerItem]:
    dealer_id = _dealer_id(caller, request)
    last = _last_warehouses.get(dealer_id)
    also = [backorder_count_key(last)] if last else []
    first = load_ordering_dealer(dealer_id, [address_book_key(dealer_id), *also] if request.address_id else also)
    if not isinstance(first.dealer, DealerItem):
        raise _unknown_dealer(dealer_id)
    return first, first.dealer


def _dealer_id(caller: Principal, request: QuoteOrder) -> str:
    if caller.is_dealer:
        if request.dealer_id not in {None, caller.own_dealer_id}:
            raise NotFound
        return caller.own_dealer_id
    if request.dealer_id is None:
        detail = "请填写经销商,如 D0001 / name the dealer whose order it would be, such as D0001"
        raise Invalid([FieldProblem(field="dealer_id", code="missing", detail=detail)])
    return request.dealer_id


def _unknown_dealer(dealer_id: str) -> Invalid:
    detail = f"没有经销商 {dealer_id},请核对编号 / there is no dealer {dealer_id}; check the id, such as D0001"
    return Invalid([FieldProblem(field="dealer_id", code="unknown-dealer", detail=detail)])


def _waiting(warehouse: str) -> Counter[int]:
    """Load the pieces by SKU index that the backorder queue of a warehouse waits for."""
    waiting: Counter[int] = Counter()
    for entry in backorders_of(warehouse):
        waiting.update(entry.by_sku_index)
    return waiting


def _wanted(request: QuoteOrder, checked: Iterable[CheckedLine]) -> Iterator[WantedLine]:
    """Yield what the lines want that have a product which may be ordered."""
    for number, (line, one) in enumerate(zip(request.lines, checked, strict=True), 1):
        if one.product is not None and one.product.orderable:
            yield WantedLine(number, one.product.sku_index, line.quantity, one.product.status != RUN_OUT)
