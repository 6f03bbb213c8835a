"""Answer an objection of a dealer."""

from __future__ import annotations

from functools import partial

from contracts.notifications import ObjectionAnswered
from kernel.base.problems import NotAllowed, NotFound
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal, Role
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.notifications.event_log.rules import may_read
from services.notifications.objections.api import AnswerObjection, ObjectionView
from services.notifications.objections.items import load_objection, record_answer
from services.notifications.objections.rules import ACTS, AlreadyAnswered, ObjectionState
from services.notifications.objections.views import objection_view

#: Another user may answer between read and write; the second run finds the answer.
_ATTEMPTS = 2
_BUYER = frozenset({Role.DEALER_BUYER})


def answer_objection(
    caller: Principal, objection_id: str, request: AnswerObjection, key: IdempotencyKey
) -> ObjectionView:
    """Record the one answer to an objection, by a user of the role that owns it.

    Raises:
        NotFound: there is no such objection.
        NotAllowed: another role answers it.
        AlreadyAnswered: it has its answer.
        TransactionRefused: the key was used before.
    """
    return retry_on_conflict(
        _ATTEMPTS,
        partial(_answer, caller, objection_id, request, key),
        retry_if=lambda refused: key.LABEL not in refused,
    )


def _answer(caller: Principal, objection_id: str, request: AnswerObjection, key: IdempotencyKey) -> ObjectionView:
    item = load_objection(objection_id)
    if item is None:
        raise NotFound
    if Role(item.owner) not in caller.roles:
        raise NotAllowed
    if item.state == ObjectionState.ANSWERED:
        raise AlreadyAnswered(item.answered_by or "")
    act = ACTS[item.event_type]
    answered = ObjectionAnswered(
        objection_id=objection_id,
        dealer_id=item.dealer_id,
        event_id=item.event_id,
        about=item.about,
        act_zh=act.name_zh,
        act_en=act.name_en,
        accounts_only=not may_read(_BUYER, item.event_type),
        answer=request.answer,
        by=caller.name,
    )
    values = {
        "state": ObjectionState.ANSWERED,
        "answer": request.answer,
        "answered_by": caller.name,
        "answered_at": clock.stamp(),
    }
    transaction = Transaction()
    record_answer(transaction, item, answered, **values)
    for name, value in values.items():
        setattr(item, name, value)
    view = objection_view(item)
    key.record_response(transaction, view)
    transaction.commit()
    return view
