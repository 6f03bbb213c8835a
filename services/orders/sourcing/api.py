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


class SourcingRuleView(Answer):
    """The alternates of a warehouse."""

    warehouse: str
    alternates: list[str]
    version: int
    changed_by: str
    reason: str
