"""Register a ticket."""

from __future__ import annotations

from functools import partial

from contracts.catalog import ProductItem
from contracts.order_lines import LinesItem, order_lines_key
from kernel.base.problems import FieldProblem, Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.tickets.api import RegisterTicket, TicketConfirmation
from services.tickets.items import (
    RequestItem,
    SequenceItem,
    TicketItem,
    sequence_key,
    ticket_id_of,
    ticket_key,
    ticket_request_key,
)
from services.tickets.lifecycle import TicketStatus
from services.tickets.products import load_products, unknown_product_problem
from services.tickets.record_step import progress_event, record_step
from services.tickets.vocabulary import State, Step

#: Another request of the dealer may take the next number first; every attempt reads it again.
_ATTEMPTS = 8

#: A refusal names so many products of an order.
_MOST_SKUS_NAMED = 30


def register_ticket(caller: Principal, request: RegisterTicket, key: IdempotencyKey) -> TicketConfirmation:
    """Store a request of the caller's dealer under the dealer's next number.

    Raises:
        Invalid: the product is unknown, or the order is not the dealer's or does not have the product.
        TransactionRefused: the key was used before.
        Busy: other requests of this dealer kept taking the next number.
    """
    dealer_id = caller.own_dealer_id
    product = load_products([request.sku]).get(request.sku)
    problems = [] if product else [unknown_product_problem("sku")]
    if request.order_id:
        problems += _order_problems(dealer_id, request.order_id, product)
    if product is None or problems:
        raise Invalid(problems)
    return retry_on_conflict(
        _ATTEMPTS,
        partial(_store, caller, dealer_id, request, product, key),
        retry_if=lambda refused: key.LABEL not in refused,
    )


def _order_problems(dealer_id: str, order_id: str, product: ProductItem | None) -> list[FieldProblem]:
    """Return the problem of an order that is not the dealer's, or does not have the product."""
    own = order_id.rpartition("-")[0] == dealer_id
    lines = fetch_one(LinesItem, order_lines_key(order_id)) if own else None
    if lines is None:
        detail = "不是您的订单 / not one of your orders; check the number"
        return [FieldProblem(field="order_id", code="unknown-order", detail=detail)]
    skus = lines.skus
    if product is None or product.sku in skus:
        return []
    shown = skus[:_MOST_SKUS_NAMED]
    more_zh = f"等 {len(skus)} 种" if len(skus) > len(shown) else ""
    more_en = f" and others, {len(skus)} in all" if more_zh else ""
    detail = (
        f"订单 {order_id} 中没有 {product.sku},有:{'、'.join(shown)}{more_zh};请更正商品或订单号 / "
        f"order {order_id} has no {product.sku}, but {', '.join(shown)}{more_en}; correct the product or the order"
    )
    return [FieldProblem(field="sku", code="not-in-order", detail=detail)]


def _store(
    caller: Principal, dealer_id: str, request: RegisterTicket, product: ProductItem, key: IdempotencyKey
) -> TicketConfirmation:
    now = clock.now()
    sequence = fetch_one(SequenceItem, sequence_key(dealer_id))
    last = sequence.last if sequence else 0
    ticket_id = ticket_id_of(dealer_id, last + 1)
    ticket = TicketItem(
        *ticket_key(dealer_id, ticket_id),
        ticket_id=ticket_id,
        dealer_id=dealer_id,
        request_kind=request.kind,
        sku=request.sku,
        title=request.title,
        urgent=request.urgent,
        registered_at=clock.stamp(now),
    )
    transaction = Transaction()
    unchanged = SequenceItem.last == last if sequence else SequenceItem.pk.does_not_exist()
    transaction.put(SequenceItem(*sequence_key(dealer_id), last=last + 1), "sequence", unchanged)
    transaction.create(
        RequestItem(
            *ticket_request_key(dealer_id, ticket_id),
            product_name_zh=product.name_zh,
            product_name_en=product.name_en,
            serial=request.serial,
            lot=request.lot,
            description=request.description,
            contact_name=request.contact.name,
            contact_phone=request.contact.phone,
            site_address=request.site_address,
            order_id=request.order_id,
        ),
        "request",
    )
    status = TicketStatus(State.REGISTERED, steps=1)
    event = progress_event(ticket, status, Step.REGISTERED, caller)
    confirmation = record_step(transaction, ticket, status, event, [], now, key)
    transaction.commit()
    return confirmation
