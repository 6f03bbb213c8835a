"""Request and answer of the sourcing rule."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Body, WarehouseId
from services.orders.vocabulary import ReasonText, RuleVersion


class PublishSourcingRule(Body):
    """Warehouses that may serve an order its own warehouse is short of, in the order of preference."""

    alternates: Annotated[list[WarehouseId], Field(max_length=5)]
    reason: ReasonText
    version: RuleVersion


class AlternateView(Answer):
    """A warehouse that may serve orders of another one."""

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str


class SourcingRuleView(Answer):
    """The alternates of a warehouse: `alternates` by id, `named_alternates` with their names, in the same order."""

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    alternates: list[str]
    named_alternates: list[AlternateView]
    version: int
    changed_by: str
    reason: str
