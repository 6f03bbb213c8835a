"""A draft: the next version of a price list, while it is written."""

from __future__ import annotations

import re
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError
from pynamodb.expressions.condition import Condition

from contracts.catalog import PriceListItem
from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.http.models import PriceListId

_VERSION = re.compile(r"[1-9][0-9]{0,5}")


_LIST_ID: TypeAdapter[str] = TypeAdapter(PriceListId)


class Draft(NamedTuple):
    """The version of a price list that is being written."""

    price_list_id: str
    version: int

    @classmethod
    def named(cls, price_list_id: str, draft: str) -> Draft:
        """The draft two parts of a path name.

        Raises:
            Invalid: they name none.
        """
        problems = []
        try:
            _LIST_ID.validate_python(price_list_id)
        except ValidationError:
            detail = "大写字母、数字、-、_,最多 24 位 / at most 24 capital letters, digits, - and _"
            problems.append(FieldProblem(field="price_list_id", code="malformed", detail=detail))
        if not _VERSION.fullmatch(draft):
            detail = "版本号应为正整数 / the number of the next version, such as 1"
            problems.append(FieldProblem(field="draft", code="malformed", detail=detail))
        if problems:
            raise Invalid(problems)
        return cls(price_list_id, int(draft))

    @property
    def still_open(self) -> Condition:
        """Holds of the price list until this draft is published."""
        if self.version == 1:
            return PriceListItem.pk.does_not_exist()
        return PriceListItem.version == self.version - 1

    def check(self, published: PriceListItem | None) -> None:
        """See that this is the draft that may be written now.

        Raises:
            Refusal: it is published already, or another must come first.
        """
        upcoming = published.version + 1 if published else 1
        if self.version < upcoming:
            raise Refusal(
                "already-published",
                f"该版本已发布,不能再改;下一版为 {upcoming} / published and final; the next draft is {upcoming}",
                next_draft=str(upcoming),
            )
        if self.version > upcoming:
            raise Refusal(
                "not-the-next-draft",
                f"下一版应为 {upcoming} / the next draft of this list is {upcoming}",
                next_draft=str(upcoming),
            )
