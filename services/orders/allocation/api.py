"""Requests and answers about allocation."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import IGNORE_KEY_ORDER, Answer, Body, Quantity
from services.orders.allocation.rules import AllocationRule
from services.orders.vocabulary import Grade, ReasonText, RuleVersion


class PublishAllocationRule(Body):
    """How goods are shared out when less came in than is waited for. `quotas`: pieces per dealer and run by grade;
    `pack`: pro rata shares are rounded to so many pieces; `version`: of the rule this one replaces, 0 for none."""

    rule: AllocationRule
    quotas: Annotated[dict[Grade, Quantity], Field(default_factory=dict), IGNORE_KEY_ORDER]
    pack: Quantity = 1
    reason: ReasonText
    version: RuleVersion


class AllocationRuleView(Answer):
    """The rule by which a warehouse shares out what is short. `version` 0: none was published, first come holds."""

    warehouse: str
    rule: AllocationRule
    quotas: dict[str, int]
    pack: int
    version: int
    changed_by: str
    reason: str


class GrantView(Answer):
    """What an order got of a SKU in one run, and every figure the rule took it from (allocation.py, Reason)."""

    sku: str
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
    """One run in which an order got goods; `rule_version`: of the warehouse's published rule."""

    run: str
    granted_at: str
    rule_version: int
    grants: list[GrantView]


class AllocationList(Answer):
    """What an order got in every run, oldest first, and where it stands in line now: `place` 1 is served next."""

    order_id: str
    backordered_since: str | None
    queue_position: int | None
    queue_length: int
    allocations: list[AllocationView]
