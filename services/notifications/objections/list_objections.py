"""List objections: a dealer's own, or for staff the open ones of a role."""

from __future__ import annotations

from kernel.base.problems import FieldProblem, Invalid
from kernel.http.principal import Principal, Role
from kernel.store.cursors import next_cursor, open_cursor
from services.notifications.event_log.rules import may_read
from services.notifications.objections.api import ObjectionPage, ObjectionsQuery
from services.notifications.objections.items import dealer_objections, open_objections
from services.notifications.objections.rules import Owner
from services.notifications.objections.views import objection_views


def list_objections(caller: Principal, query: ObjectionsQuery) -> ObjectionPage:
    """Return a page of the dealer's objections, newest first; for staff of the open ones of a role, oldest first.

    A page may have fewer objections than asked for: a user sees those about events that the user may read.

    Raises:
        Invalid: `staff-only`: a dealer names an owner.
        BadRequest: the cursor is not of this caller and this list.
    """
    if caller.dealer_id and query.owner:
        detail = "仅供内部使用 / for staff only; leave it out"
        raise Invalid([FieldProblem(field="owner", code="staff-only", detail=detail)])
    owner = query.owner or next((owner for owner in Owner if Role(owner) in caller.roles), Owner.ADMIN)
    bound_to = ["objections", caller.scope, "" if caller.dealer_id else owner]
    start = open_cursor(bound_to, query.cursor)
    if caller.dealer_id:
        page = dealer_objections(caller.dealer_id, query.limit, start)
        items = [item for item in page.items if may_read(caller.roles, item.event_type)]
    else:
        page = open_objections(owner, query.limit, start)
        items = page.items
    return ObjectionPage(objections=objection_views(items), next_cursor=next_cursor(bound_to, page.next_key))
