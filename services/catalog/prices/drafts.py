"""Drafts: the next version of a price list, until its publication."""

from __future__ import annotations

import re
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError
from pynamodb.expressions.condition import Condition

from contracts.catalog import PriceListItem, price_list_key
from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.http.models import PriceListId
from kernel.store.read import fetch_one

_VERSION = re.compile(r"[1-9][0-9]{0,5}")
_LIST_ID: TypeAdapter[str] = TypeAdapter(PriceListId)


class PriceListDraft(NamedTuple):
    """Version of a price list that a clerk is writing."""

    price_list_id: str
    version: int

    @classmethod
    def from_path(cls, price_list_id: str, version: str) -> PriceListDraft:
        """Return the draft that these two segments of a path name.

        Raises:
            Invalid: a segment is malformed.
        """
        problems = []
        try:
            _LIST_ID.validate_python(price_list_id)
        except ValidationError:
            detail = "大写字母、数字、-、_,最多 24 位 / at most 24 capital letters, digits, - and _"
            problems.append(FieldProblem(field="price_list_id", code="malformed", detail=detail))
        if not _VERSION.fullmatch(version):
            detail = "版本号应为正整数 / the number of the next version, such as 1"
            problems.append(FieldProblem(field="draft", code="malformed", detail=detail))
        if problems:
            raise Invalid(problems)
        return cls(price_list_id, int(version))

    @property
    def still_open(self) -> Condition:
        """Return the condition on the price list that holds until this draft is published."""
        if self.version == 1:
            return PriceListItem.pk.does_not_exist()
        return PriceListItem.version == self.version - 1

    def require_next(self, published: PriceListItem | None) -> None:
        """Refuse this draft unless its version follows the published one.

        Raises:
            Refusal: this version is published already, or an earlier one is not.
        """
        next_version = published.version + 1 if published else 1
        if self.version < next_version:
            raise Refusal(
                "already-published",
                f"该版本已发布,不能再改;下一版为 {next_version} / "
                f"published and final; the next draft is {next_version}",
                next_draft=str(next_version),
            )
        if self.version > next_version:
            raise Refusal(
                "not-the-next-draft",
                f"下一版应为 {next_version} / the next draft of this list is {next_version}",
                next_draft=str(next_version),
            )


def load_published_price_list(price_list_id: str) -> PriceListItem | None:
    """Load the published version of a price list, None before the first."""
    return fetch_one(PriceListItem, price_list_key(price_list_id))
