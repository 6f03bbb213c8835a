"""List the public events after a position: what a partner missed."""

from __future__ import annotations

from kernel.base.problems import FieldProblem, Invalid
from kernel.http.principal import Principal
from kernel.store import cursors
from kernel.time import clock
from services.notifications.event_log.api import Events, EventsQuery
from services.notifications.event_log.items import load_readable_event, log_page
from services.notifications.event_log.rules import EVENT_RETENTION, SETTLING_TIME, may_read

_ID_PREFIX = "evt_"


def list_events(caller: Principal, query: EventsQuery) -> Events:
    """Return one page of the public events of the caller's dealer, or for head office of all dealers.

    Raises:
        BadRequest: the cursor is not valid here.
        Invalid: `unknown-event`, or `too-old`: events after this position are deleted already.
    """
    now = clock.now()
    oldest, settled = clock.stamp(now - EVENT_RETENTION), clock.stamp(now - SETTLING_TIME)
    after = _position(caller, query.after) if query.after else oldest
    if after < oldest:
        raise Invalid([FieldProblem(field="after", code="too-old", detail=_TOO_OLD)])
    page = log_page(caller.dealer_id, after, settled, query.limit)
    position = page.position or max(after, settled)
    return Events(
        events=[event for event in page.events if may_read(caller.roles, event.type)],
        has_more=page.position is not None,
        next_after=str(cursors.next_cursor(_bound_to(caller), {"after": position})),
    )


def _bound_to(caller: Principal) -> list[str]:
    # To the dealer, not to the user: a partner goes on with its cursor under a new account.
    return ["events", caller.dealer_id or "all dealers"]


def _position(caller: Principal, after: str) -> str:
    """Return the position that a cursor or an event id names."""
    if not after.startswith(_ID_PREFIX):
        opened = cursors.open_cursor(_bound_to(caller), after)
        return str((opened or {})["after"])
    event = load_readable_event(caller, after)
    if event is None:
        raise Invalid([FieldProblem(field="after", code="unknown-event", detail=_UNKNOWN_EVENT)])
    return event.position


_TOO_OLD = (
    "此位置已超过 30 天,其后的事件可能已删除,请不带 after 从头读取并核对数据 / "
    "older than 30 days, later events may be deleted; start without 'after', and compare your data"
)
_UNKNOWN_EVENT = (
    "30 天内没有这个事件,请核对编号,或不带 after 从头读取 / "
    "no such event within 30 days; check the id, or start without 'after'"
)
