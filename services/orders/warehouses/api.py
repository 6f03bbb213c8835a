"""Request and answers about warehouses."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Body, Name, Username
from services.orders.vocabulary import ReasonText, RuleVersion

WarehouseName = Annotated[Name, Field(max_length=40)]


class PublishWarehouse(Body):
    """A warehouse in place of that of `version`, 0 for a new one. An inactive one takes no goods or dealers in.

    `escalation_contact`: user of head office who gets a text message when an urgent order is not decided in time;
    without one, all administrators get it.
    """

    name_zh: WarehouseName
    name_en: WarehouseName
    active: bool
    escalation_contact: Username | None = None
    reason: ReasonText
    version: RuleVersion


class WarehouseView(Answer):
    """A warehouse. `version` must be sent back with a change. `escalation_contact`: shown to staff only."""

    warehouse: str
    name_zh: str
    name_en: str
    active: bool
    escalation_contact: str | None
    version: int
    changed_by: str
    reason: str


class WarehouseList(Answer):
    """All warehouses by id, also those that are no longer used."""

    warehouses: list[WarehouseView]
