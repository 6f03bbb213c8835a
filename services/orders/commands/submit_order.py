"""Intake: an order is priced, checked, numbered and stored with its outbox_event in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.assortment import ASSORTMENT_KEY, Assortment, Listing
from contracts.catalog import Price, PriceListItem, price_list_key, prices_of
from contracts.dealers import DealerItem, dealer_key
from contracts.orders import OrderSubmitted
from kernel.base.money import fen_of
from kernel.base.problems import Busy, FieldProblem, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import Command, outbox_event
from kernel.store.items import Item, Key
from kernel.store.table import Transaction, TransactionRefused, fetch
from kernel.time import clock
from services.orders.api import OrderConfirmation, SubmitOrder
from services.orders.domain import MAX_PIECES_PER_SKU, Hold, Line, State, exceeds_credit_limit, total
from services.orders.table.accounts import OrderingAccountItem, account_key
from services.orders.table.orders import (
    RESERVE_QUEUE,
    RESERVE_URGENT_QUEUE,
    HeaderItem,
    LinesItem,
    columns_of_lines,
    order_id_of,
    orders_pk,
    part_key,
    priority_sort_key,
    state_index_key,
)
from services.orders.terms import grade_of, may_be_urgent, urgent_week
from services.orders.views import confirmation_of, event_fields

#: Each dealer's price list of last time: read along with the dealer, it spares a call unless the list is now another.
_likely_lists: dict[str, list[Key]] = {}

#: Another order of the same dealer may get in between; each attempt takes the next number.
_ATTEMPTS = 8


@dataclass(frozen=True)
class Priced:
    """An order's lines with the price list version they came from."""

    lines: tuple[Line, ...]
    price_list: str
    price_version: int


def submit_order(caller: Principal, request: SubmitOrder, key: IdempotencyKey) -> OrderConfirmation:
    """Store an order of the caller's dealer.

    Raises:
        Invalid: lines cannot be ordered as they are; names every one of them.
        Refusal: the dealer is suspended or has no valid price list.
        Busy: other orders of this dealer kept getting in first.
    """
    dealer_id = caller.own_dealer_id
    skus = dict.fromkeys(line.sku for line in request.lines)
    likely = _likely_lists.get(dealer_id, [])
    found = fetch([dealer_key(dealer_id), account_key(dealer_id), ASSORTMENT_KEY, *likely])
    dealer = _active_dealer(found.get(dealer_key(dealer_id)))
    assortment = Assortment.of(found.get(ASSORTMENT_KEY))
    list_key = price_list_key(dealer.price_list)
    _likely_lists[dealer_id] = [list_key]
    found |= fetch({list_key, *assortment.unread(skus)} - found.keys())
    price_list = _valid_price_list(found.get(list_key))
    priced = _price(request, price_list, assortment.listings(skus, found))
    account = found.get(account_key(dealer_id))
    for _ in range(_ATTEMPTS):
        try:
            return _store(caller, request, dealer, priced, account, key)
        except TransactionRefused as refused:
            if key.LABEL in refused:
                raise  # the key was used before: the caller gets that answer
        account = fetch([account_key(dealer_id)]).get(account_key(dealer_id))
    raise Busy


def _active_dealer(dealer: Item | None) -> DealerItem:
    if not isinstance(dealer, DealerItem) or dealer.status != "active":
        raise Refusal(
            "dealer-not-active", "该经销商目前不能下单,请联系业务员 / this dealer may not order; call your contact"
        )
    return dealer


def _price(request: SubmitOrder, price_list: PriceListItem, products: Mapping[str, Listing]) -> Priced:
    """Lines priced: the quantity break goes by the pieces of the SKU over all lines.

    Raises:
        Invalid: lines cannot be ordered as they are; names everything that keeps them from it, all at once.
    """
    prices = prices_of(price_list, [product.sku_index for product in products.values()])
    sums: dict[str, int] = defaultdict(int)
    for line in request.lines:
        sums[line.sku] += line.quantity
    lines, problems = [], []
    for number, line in enumerate(request.lines, 1):
        sku, quantity = line.sku, line.quantity
        product = products.get(sku)
        price = prices.get(product.sku_index) if product else None
        in_all = sums[sku]
        found = _problems(number - 1, quantity, product, price, in_all)
        if found or product is None or price is None:
            problems += found
            continue
        unit_price = price.at(in_all)
        lines.append(
            Line(
                number,
                sku,
                product.name_zh,
                quantity,
                unit_price,
                price.price_policy,
                product.tax_percent,
                fen_of(unit_price, quantity),
                product.sku_index,
            )
        )
    if problems:
        raise Invalid(problems, code="lines-not-orderable")
    return Priced(tuple(lines), price_list.price_list_id, price_list.version)


def _problems(
    index: int, quantity: int, product: Listing | None, price: Price | None, in_all: int
) -> list[FieldProblem]:
    """What keeps a line from being ordered; `in_all`: pieces of its SKU over all lines."""
    found = []
    if product is None:
        found.append(_problem(index, "sku", "unknown-sku", "无此商品 / no such product; check the SKU"))
    elif product.status != "active":
        instead = f",可改订 {product.successor} / order {product.successor} instead" if product.successor else ""
        found.append(_problem(index, "sku", "discontinued", f"已停产 / discontinued{instead}"))
    elif price is None:
        found.append(_problem(index, "sku", "not-in-price-list", "价格表中无此商品 / not in your price list"))
    elif quantity % product.order_multiple:
        detail = f"须为 {product.order_multiple} 的倍数 / must be a multiple of {product.order_multiple}"
        found.append(_problem(index, "quantity", "not-a-multiple", detail))
    if in_all > MAX_PIECES_PER_SKU:
        detail = f"同一商品合计超过 {MAX_PIECES_PER_SKU} / more than {MAX_PIECES_PER_SKU} of one SKU in all"
        found.append(_problem(index, "quantity", "too-many", detail))
    return found


def _problem(index: int, field: str, code: str, detail: str) -> FieldProblem:
    return FieldProblem(field=f"lines.{index}.{field}", code=code, detail=detail)


def _valid_price_list(found: Item | None) -> PriceListItem:
    if not isinstance(found, PriceListItem) or not found.holds_on(clock.business_date(clock.now())):
        raise Refusal(
            "no-valid-price-list", "没有有效的价格表,请联系业务员 / no price list is valid today; call your contact"
        )
    return found


def _store(
    caller: Principal,
    request: SubmitOrder,
    dealer: DealerItem,
    priced: Priced,
    account: Item | None,
    key: IdempotencyKey,
) -> OrderConfirmation:
    last, committed = 0, 0
    if isinstance(account, OrderingAccountItem):
        last, committed = account.last_sequence, account.committed_fen
    order_id = order_id_of(dealer.dealer_id, last + 1)
    header = _header(caller, request, dealer, priced, order_id, committed)
    confirmation = confirmation_of(header)
    event = OrderSubmitted(**event_fields(header, State.SUBMITTED, caller.name), urgent=request.urgent)
    transaction = Transaction()
    transaction.create(header, "order")
    transaction.create(
        LinesItem(
            *part_key("LINES", order_id),
            **columns_of_lines(priced.lines),
            purchase_order=request.purchase_order,
            note=request.note or None,
            price_list=priced.price_list,
            price_version=priced.price_version,
        ),
        "lines",
    )
    # Only a submit raises what a dealer has committed, and every submit takes the next number: while the number is as
    # read, the credit decision above still holds.
    transaction.set(
        OrderingAccountItem,
        account_key(dealer.dealer_id),
        {"last_sequence": last + 1, **(_one_more_urgent(account, dealer) if request.urgent else {})},
        {"last_sequence": last or None},
        "account",
        adds={"committed_fen": header.gross_fen},
    )
    transaction.create(
        outbox_event(
            event,
            pk=orders_pk(dealer.dealer_id),
            subject=order_id,
            sequence=1,
            dealer_id=dealer.dealer_id,
            command=Command(RESERVE_URGENT_QUEUE if request.urgent else RESERVE_QUEUE, dealer.warehouse),
        ),
        "event",
    )
    key.record_response(transaction, confirmation)
    transaction.commit()
    return confirmation


def _one_more_urgent(account: Item | None, dealer: DealerItem) -> dict[str, str | int]:
    """One more urgent order of this week.

    Raises:
        Refusal: the dealer has had all it may have.
    """
    week, grade = urgent_week(clock.now()), grade_of(dealer.grade)
    already = account.urgent_orders if isinstance(account, OrderingAccountItem) and account.urgent_week == week else 0
    if not may_be_urgent(grade, already):
        raise Refusal(
            "urgent-quota-used",
            f"本周加急单已用 {already} 单,请按普通订单提交 / "
            f"this week's {already} urgent orders are used up; submit it as a normal one",
            used=already,
        )
    return {"urgent_week": week, "urgent_orders": already + 1}


def _header(
    caller: Principal, request: SubmitOrder, dealer: DealerItem, priced: Priced, order_id: str, committed_fen: int
) -> HeaderItem:
    money = total(priced.lines)
    over_limit = exceeds_credit_limit(money.gross_fen, committed_fen, dealer.credit_limit_fen)
    submitted_at = clock.stamp()
    return HeaderItem(
        *part_key("HEADER", order_id),
        order_id=order_id,
        dealer_id=dealer.dealer_id,
        warehouse=dealer.warehouse,
        state=State.SUBMITTED,
        holds=[Hold.CREDIT] if over_limit else [],
        version=1,
        shortage_policy=request.shortage_policy,
        urgent=request.urgent,
        line_count=len(priced.lines),
        pieces=sum(line.quantity for line in priced.lines),
        gross_fen=money.gross_fen,
        tax_fen=money.tax_fen,
        payment_days=dealer.payment_days,
        submitted_at=submitted_at,
        submitted_by=caller.name,
        grade=dealer.grade,
        gsi1pk=state_index_key(State.SUBMITTED),
        gsi1sk=priority_sort_key(request.urgent, submitted_at, order_id),
    )
