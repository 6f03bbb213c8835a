"""Query and answers of the worklist."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Query, WarehouseId
from kernel.http.principal import Role
from services.orders.worklist.rules import TaskKind


class WorklistQuery(Query):
    """Filters and page of the worklist. `limit`: most orders of a page, each with all its tasks."""

    warehouse: WarehouseId | None = None
    kind: TaskKind | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class WorklistEntry(Answer):
    """Something that waits for a person.

    `id`: number of the order; `since`: moment from which on it waits; `due_at`: moment until which it is to be done;
    `overdue`: that moment has passed; `roles`: the staff who may do it.
    """

    kind: TaskKind
    id: str
    dealer_id: str
    dealer_name: str
    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    urgent: bool
    since: str
    due_at: str
    overdue: bool
    roles: list[Role]


class Worklist(Answer):
    """Page of what waits for a person now, urgent and old orders first; `next_cursor`: null after the last page.

    A page may have fewer entries than asked for, even none: it ends after 200 orders that were looked at.
    `calendar_known_until`: last day whose days off are published, if a day of this answer is later and may therefore
    move; else null.
    """

    entries: list[WorklistEntry]
    next_cursor: str | None
    calendar_known_until: str | None


class DayReportsQuery(Query):
    """Page of the reports."""

    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 31


class UnhandledOrdersView(Answer):
    """Number of orders with a task of one kind that was due and not done; `orders`: the first 50 of their numbers."""

    kind: TaskKind
    number: int
    orders: list[str]


class DayReport(Answer):
    """Report of one working day (Asia/Shanghai), with one row for each kind of task."""

    day: str
    reported_at: str
    unhandled: list[UnhandledOrdersView]


class DayReports(Answer):
    """Reports, newest first, and the cursor of the next page, null after the last."""

    reports: list[DayReport]
    next_cursor: str | None
