"""Queries and answers of the look-ups of dealers and of the history of their terms."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Name, PriceListId, Query, WarehouseId
from services.dealers.api import DealerView, Territory
from services.dealers.rules import DealerStatus


class DealersQuery(Query):
    """Filters and page of the list of dealers.

    `name`: a part of the name, or of the initials of its pinyin: 联众 and lz both find 广州联众灯饰. A page may have
    fewer dealers than `limit` and still a next one.
    """

    name: Annotated[Name, Field(max_length=40)] | None = None
    territory: Territory | None = None
    status: DealerStatus | None = None
    price_list: PriceListId | None = None
    warehouse: WarehouseId | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class DealerPage(Answer):
    """Dealers by territory and id; those found by name by the part that was found."""

    dealers: list[DealerView]
    next_cursor: str | None


class HistoryQuery(Query):
    """Page of a history."""

    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class TermsChange(Answer):
    """One change of a dealer's terms, name or territory: when, by which user, why; old and new values by field."""

    at: str
    author: str
    author_name: str
    reason: str
    before: dict[str, str | int]
    after: dict[str, str | int]


class TermsHistory(Answer):
    """Changes of a dealer's terms, newest first, and the cursor of the next page, null after the last."""

    dealer_id: str
    dealer_name: str
    changes: list[TermsChange]
    next_cursor: str | None
