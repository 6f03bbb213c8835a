"""Views of objections."""

from __future__ import annotations

from collections.abc import Sequence

from reads.dealers import dealer_names
from services.notifications.objections.api import ObjectionView
from services.notifications.objections.items import ObjectionItem
from services.notifications.objections.rules import ACTS, OBJECTION_STATES, ObjectionState, Owner


def objection_views(items: Sequence[ObjectionItem]) -> list[ObjectionView]:
    """Return objections as dealer and staff see them, with the names of the dealers in one batched read."""
    names = dealer_names(item.dealer_id for item in items)
    return [_objection_view(item, names[item.dealer_id]) for item in items]


def objection_view(item: ObjectionItem) -> ObjectionView:
    """Return one objection as dealer and staff see it."""
    return objection_views([item])[0]


def _objection_view(item: ObjectionItem, dealer_name: str) -> ObjectionView:
    act, state = ACTS[item.event_type], ObjectionState(item.state)
    state_zh, state_en = OBJECTION_STATES[state]
    return ObjectionView(
        objection_id=item.objection_id,
        event_id=item.event_id,
        event_type=item.event_type,
        act_zh=act.name_zh,
        act_en=act.name_en,
        about=item.about,
        dealer_id=item.dealer_id,
        dealer_name=dealer_name,
        owner=Owner(item.owner),
        state=state,
        state_zh=state_zh,
        state_en=state_en,
        text=item.text,
        raised_by=item.raised_by,
        raised_at=item.raised_at,
        answer=item.answer,
        answered_by=item.answered_by,
        answered_at=item.answered_at,
    )
