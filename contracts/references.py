"""Reference fields: which field names an object of which master, in requests and in stored items."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Master(StrEnum):
    """Master data that other data names by its code. A code that the master does not have is refused."""

    WAREHOUSE = "warehouse"
    GRADE = "grade"
    PRICE_LIST = "price_list"


#: Every field, path variable or query parameter that names an object of a master. A list names several, a mapping
#: names them by its keys.
REFERENCE_FIELDS: Mapping[str, Master] = {
    "warehouse": Master.WAREHOUSE,
    "from_warehouse": Master.WAREHOUSE,
    "to_warehouse": Master.WAREHOUSE,
    "alternates": Master.WAREHOUSE,
    "grade": Master.GRADE,
    "quotas": Master.GRADE,
    "price_list": Master.PRICE_LIST,
    "price_list_id": Master.PRICE_LIST,
}
