"""Raise an objection of a dealer to an event."""

from __future__ import annotations

from contracts.notifications import ObjectionRaised
from kernel.base.problems import Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.events import Envelope
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.notifications.event_log.items import load_readable_event
from services.notifications.objections.api import ObjectionView, RaiseObjection
from services.notifications.objections.items import (
    ObjectionItem,
    create_objection,
    objection_id_of,
    objection_key,
)
from services.notifications.objections.rules import (
    ACTS,
    AlreadyRaised,
    ObjectionState,
    no_objection_problem,
    unknown_event_problem,
)
from services.notifications.objections.views import objection_view


def raise_objection(caller: Principal, request: RaiseObjection, key: IdempotencyKey) -> ObjectionView:
    """Store an objection of the caller's dealer to one of its events, for the role that answers it.

    Raises:
        Invalid: `unknown-event`: the dealer has no such event within 30 days, or the caller may not read it;
            `no-objection-possible`: the event is no act on the dealer's money, goods or terms.
        AlreadyRaised: the dealer has objected to the event before.
        TransactionRefused: the key was used before.
    """
    dealer_id = caller.own_dealer_id
    event = _load_event(caller, request.event_id)
    act = ACTS.get(event.type)
    if act is None:
        raise Invalid([no_objection_problem()])
    objection_id = objection_id_of(event.id)
    item = ObjectionItem(
        *objection_key(objection_id),
        objection_id=objection_id,
        event_id=event.id,
        event_type=event.type,
        about=event.subject,
        dealer_id=dealer_id,
        owner=act.owner,
        state=ObjectionState.OPEN,
        text=request.text,
        raised_by=caller.name,
        raised_at=clock.stamp(),
    )
    raised = ObjectionRaised(
        objection_id=objection_id,
        dealer_id=dealer_id,
        event_id=event.id,
        about=event.subject,
        act_zh=act.name_zh,
        act_en=act.name_en,
        owner=act.owner,
        text=request.text,
        by=caller.name,
    )
    transaction = Transaction()
    create_objection(transaction, item, raised)
    view = objection_view(item)
    key.record_response(transaction, view)
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if key.LABEL in refused:
            raise
        raise AlreadyRaised(objection_id) from None
    return view


def _load_event(caller: Principal, event_id: str) -> Envelope:
    logged = load_readable_event(caller, event_id)
    if logged is None:
        raise Invalid([unknown_event_problem()])
    return Envelope.model_validate(logged.envelope)
