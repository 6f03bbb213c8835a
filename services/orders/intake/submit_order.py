"""Store an order with its number, event and recorded response in one transaction."""

from __future__ import annotations

from pynamodb.expressions.condition import Condition

from contracts.dealers import DealerItem
from contracts.delivery_addresses import DeliveryAddress, address_book_key, address_of
from contracts.order_lines import LinesItem
from contracts.orders import OrderSubmitted
from kernel.base.problems import Busy, FieldProblem, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import Command, outbox_event
from kernel.store.items import Item
from kernel.store.read import fetch
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from reads.delivery_addresses import address_problems, usable_address
from services.orders.credit.items import OrderingAccountItem, ordering_account_key
from services.orders.credit.load_dealer_credit import dealer_credit_of
from services.orders.credit.obstacles import Obstacle, OrderCredit, holds_at_submit, obstacles
from services.orders.intake.api import SubmitOrder
from services.orders.intake.load_pricing import load_ordering_dealer, load_pricing
from services.orders.intake.price_order import PricedOrder, price_order
from services.orders.intake.purchase_orders import confirmed_double_of, remember_purchase_order
from services.orders.intake.urgent_quota import one_more_urgent
from services.orders.order.api import OrderConfirmation
from services.orders.order.items import (
    HeaderItem,
    columns_of_lines,
    order_id_of,
    order_part_key,
    orders_pk,
    priority_sort_key,
    state_index_key,
)
from services.orders.order.lifecycle import Action
from services.orders.order.rules import document_totals
from services.orders.order.views import confirmation_of, event_fields
from services.orders.vocabulary import RESERVE_QUEUE, RESERVE_URGENT_QUEUE, State

#: Another order of the same dealer may take the number first. Each attempt takes the next number.
_ATTEMPTS = 8


def submit_order(caller: Principal, request: SubmitOrder, key: IdempotencyKey) -> OrderConfirmation:
    """Store an order of the caller's dealer.

    Raises:
        Invalid: lines cannot be ordered; names every problem at once.
        Refusal: the dealer is suspended or has no valid price list, or another order has the purchase order and the
            double is not confirmed.
        Busy: other orders of this dealer were always first.
    """
    dealer, priced, account, address = _priced(caller.own_dealer_id, request)
    account_key = ordering_account_key(dealer.dealer_id)
    for _ in range(_ATTEMPTS):
        try:
            return _store(caller, request, dealer, priced, account, address, key)
        except TransactionRefused as refused:
            if key.LABEL in refused:
                raise  # the key was used before: the caller gets the recorded response
        account = fetch([account_key]).get(account_key)
    raise Busy


def check_order(caller: Principal, body: SubmitOrder) -> None:
    """Refuse an order whose lines cannot be ordered; store nothing.

    Raises:
        Invalid: names every problem at once.
        Refusal: the dealer is suspended or has no valid price list.
    """
    _priced(caller.own_dealer_id, body)


def _priced(
    dealer_id: str, request: SubmitOrder
) -> tuple[DealerItem, PricedOrder, Item | None, DeliveryAddress | None]:
    """Return the dealer, the priced order, the dealer's ordering account and the delivery address.

    Raises:
        Invalid: lines cannot be ordered; names every problem at once.
        Refusal: the dealer is suspended or has no valid price list.
    """
    book_key = address_book_key(dealer_id)
    first = load_ordering_dealer(dealer_id, [book_key] if request.address_id else [])
    dealer = _active_dealer(first.dealer)
    pricing = load_pricing(dealer, dict.fromkeys(line.sku for line in request.lines), first)
    book = first.found.get(book_key)
    try:
        priced = price_order(request, pricing.price_list, pricing.products)
    except Invalid as invalid:
        raise Invalid([*invalid.fields, *_address_problems(request, book)], invalid.code) from None
    return dealer, priced, first.account, _delivery_address(request, dealer, book)


def _address_problems(request: SubmitOrder, book: Item | None) -> list[FieldProblem]:
    return address_problems("address_id", request.address_id, book) if request.address_id else []


def _delivery_address(request: SubmitOrder, dealer: DealerItem, book: Item | None) -> DeliveryAddress | None:
    """Return the address that the order names, or the default address, which is stored with the dealer.

    Raises:
        Invalid: the dealer has no such address, or it is not active; names those to choose from.
    """
    return usable_address(request.address_id, book) if request.address_id else address_of(dealer.default_address)


def _active_dealer(dealer: Item | None) -> DealerItem:
    stopped_by = obstacles(Action.SUBMIT, OrderCredit(0), dealer_credit_of(dealer, None))
    if not isinstance(dealer, DealerItem) or Obstacle.DEALER_SUSPENDED in stopped_by:
        raise Refusal(
            "dealer-not-active", "该经销商目前不能下单,请联系业务员 / this dealer may not order; call your contact"
        )
    return dealer


def _store(
    caller: Principal,
    request: SubmitOrder,
    dealer: DealerItem,
    priced: PricedOrder,
    account: Item | None,
    address: DeliveryAddress | None,
    key: IdempotencyKey,
) -> OrderConfirmation:
    double_of = confirmed_double_of(dealer.dealer_id, account, request)
    last = account.last_sequence if isinstance(account, OrderingAccountItem) else 0
    order_id = order_id_of(dealer.dealer_id, last + 1)
    header = _header(caller, request, dealer, priced, order_id, account, double_of)
    confirmation = confirmation_of(header)
    event = OrderSubmitted(**event_fields(header, State.SUBMITTED, caller.name), urgent=request.urgent)
    transaction = Transaction()
    transaction.create(header, "order")
    transaction.create(
        LinesItem(
            *order_part_key("LINES", order_id),
            **columns_of_lines(priced.lines),
            run_out=priced.run_out or None,
            purchase_order=request.purchase_order,
            note=request.note or None,
            delivery_address=address,
            price_list=priced.price_list,
            price_version=priced.price_version,
        ),
        "lines",
    )
    transaction.update_fields(
        OrderingAccountItem,
        ordering_account_key(dealer.dealer_id),
        {"last_sequence": last + 1, **_account_changes(request, dealer, account, header, last + 1)},
        expected={"last_sequence": last or None},
        condition=_still_within_limit(header, dealer),
        # An order on credit hold is committed when the hold is released.
        increments={"committed_fen": 0 if header.is_on_credit_hold else header.gross_fen},
        label="account",
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


def _still_within_limit(header: HeaderItem, dealer: DealerItem) -> Condition | None:
    """Return the condition that the limit still covers the order: a release or a reversal may come in between."""
    if header.is_on_credit_hold:
        return None
    committed = OrderingAccountItem.committed_fen
    still: Condition = committed.does_not_exist() | (committed <= dealer.credit_limit_fen - header.gross_fen)
    return still


def _account_changes(
    request: SubmitOrder, dealer: DealerItem, account: Item | None, header: HeaderItem, sequence: int
) -> dict[str, str | int | bytes | None]:
    """Return the account fields that an order changes besides its number and the committed amount."""
    changes: dict[str, str | int | bytes | None] = {}
    if request.purchase_order is not None:
        changes["purchase_orders"] = remember_purchase_order(account, request.purchase_order, sequence)
    if request.urgent:
        changes |= one_more_urgent(account, dealer)
    if isinstance(account, OrderingAccountItem) and account.accepted_fen and not header.is_on_credit_hold:
        changes["accepted_fen"] = None  # back within its limit, so a later rise needs a new decision
    return changes


def _header(
    caller: Principal,
    request: SubmitOrder,
    dealer: DealerItem,
    priced: PricedOrder,
    order_id: str,
    account: Item | None,
    double_of: str | None,
) -> HeaderItem:
    money = document_totals(priced.lines)
    submitted_at = clock.stamp()
    return HeaderItem(
        *order_part_key("HEADER", order_id),
        order_id=order_id,
        dealer_id=dealer.dealer_id,
        warehouse=dealer.warehouse,
        state=State.SUBMITTED,
        holds=holds_at_submit(OrderCredit(money.gross_fen), dealer_credit_of(dealer, account)),
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
        double_of=double_of,
        gsi1pk=state_index_key(State.SUBMITTED),
        gsi1sk=priority_sort_key(request.urgent, submitted_at, order_id),
    )
