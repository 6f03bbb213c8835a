"""Requests and answers about allocation."""

from typing import Annotated

from pydantic import Field

from contracts.grades import Grade, GradeCode
from kernel.http.models import IGNORE_KEY_ORDER, Answer, Body, Quantity
from services.orders.allocation.rules import AllocationRule
from services.orders.vocabulary import ReasonText, RuleVersion


class PublishAllocationRule(Body):
    """Rule for scarce stock.

    `quotas`: pieces per dealer and run, by grade; `pack`: shares of pro rata are multiples of it; `version`: version
    that this rule replaces, 0 for none.
    """

    rule: AllocationRule
    quotas: Annotated[dict[GradeCode, Quantity], Field(default_factory=dict), IGNORE_KEY_ORDER]
    pack: Quantity = 1
    reason: ReasonText
    version: RuleVersion


class AllocationRuleView(Answer):
    """The allocation rule of a warehouse. `version` 0: none was published, so first come holds."""

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    rule: AllocationRule
    quotas: dict[str, int]
    pack: int
    version: int
    changed_by: str
    reason: str


class GrantView(Answer):
    """Grant of a SKU in one run, with every figure of the rule (`GrantReason`)."""

    sku: str
    name_zh: str
    granted: int
    rule: AllocationRule
    supply: int
    claimed: int
    wanted: int
    queue_position: int
    queue_length: int
    grade: Grade
    pool: int
    pool_claimed: int
    quota: int | None
    share: int


class AllocationView(Answer):
    """Grants of an order in one run. `rule_version`: version of the published rule."""

    run: str
    granted_at: str
    rule_version: int
    grants: list[GrantView]


class AllocationList(Answer):
    """Grants of an order, oldest run first, and its queue position now: 1 is served next."""

    order_id: str
    backordered_since: str | None
    queue_position: int | None
    queue_length: int
    allocations: list[AllocationView]
