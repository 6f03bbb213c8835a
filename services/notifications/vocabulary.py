"""Words and helpers every room of notifications shares."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Query
from kernel.store.transaction import Transaction, TransactionRefused


class PageQuery(Query):
    """Which page."""

    cursor: Annotated[str | None, Field(max_length=4_000)] = None


def committed(transaction: Transaction) -> bool:
    """Commit; False when a condition did not hold, and nothing was written."""
    try:
        transaction.commit()
    except TransactionRefused:
        return False
    return True


def is_key_part(part: str) -> bool:
    """Whether an id that somebody sent could be part of a key at all."""
    return 0 < len(part) <= 200 and part.isprintable()


PAGE_SIZE = 20
