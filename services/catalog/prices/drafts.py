"""Drafts: the next version of a price list, until its publication.

A draft begins with the pages of the published version and writes its own page only for a bucket in which a price
changes. All its writers replace the one `PriceDraftItem` under its revision, so none loses what another wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pynamodb.expressions.condition import Condition

from contracts.catalog import PriceListItem, price_list_key
from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.http.codes import PriceListId, malformed_problem
from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.store.read import fetch
from kernel.store.transaction import Transaction

_VERSION = re.compile(r"[1-9][0-9]{0,5}")


# P2  draft of a price list   pk: PRICELIST#<id>   sk: DRAFT#<version>
class PriceDraftItem(Item, discriminator="price_draft"):
    """Draft that differs from the published version. `page_versions` as in `PriceListItem`.

    `revision` counts and guards its writes; `restored_from`: the former version whose prices it began with.
    """

    page_versions = PackedJSONAttribute()
    revision = IntegerAttribute()
    restored_from = IntegerAttribute(null=True)


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
        malformed = malformed_problem(PriceListId, "price_list_id", price_list_id)
        problems = [malformed] if malformed else []
        if not _VERSION.fullmatch(version):
            detail = "版本号应为正整数 / the number of the next version, such as 1"
            problems.append(FieldProblem(field="draft", code="malformed", detail=detail))
        if problems:
            raise Invalid(problems)
        return cls(price_list_id, int(version))

    @property
    def key(self) -> Key:
        """Return the key of the draft."""
        return price_list_key(self.price_list_id)[0], f"DRAFT#{self.version:06d}"

    @property
    def still_open(self) -> Condition:
        """Return the condition on the price list that holds until this draft is published."""
        if self.version == 1:
            return PriceListItem.pk.does_not_exist()
        former = self.version - 1
        none_withdrawn: Condition = PriceListItem.last_number.does_not_exist() & (PriceListItem.version == former)
        still_open: Condition = none_withdrawn | (PriceListItem.last_number == former)
        return still_open

    def require_next(self, published: PriceListItem | None) -> None:
        """Refuse this draft unless its version follows the published one.

        Raises:
            Refusal: this version is published already, or an earlier one is not.
        """
        next_version = published.next_number if published else 1
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


class DraftState(NamedTuple):
    """A draft as it is stored, and the published version of its price list; None before the first writing of either."""

    draft: PriceListDraft
    published: PriceListItem | None
    item: PriceDraftItem | None

    @property
    def published_pages(self) -> Sequence[int]:
        """Return the page version of each bucket in the published version."""
        return self.published.page_versions if self.published else ()

    @property
    def pages(self) -> Sequence[int]:
        """Return the page version of each bucket in the draft."""
        return self.item.page_versions if self.item else self.published_pages

    @property
    def unchanged(self) -> Condition:
        """Return the condition on the stored draft that holds until another writer changes it."""
        return PriceDraftItem.revision == self.item.revision if self.item else PriceDraftItem.pk.does_not_exist()

    def write(self, transaction: Transaction, pages: Sequence[int], restored_from: int | None) -> DraftState:
        """Add the draft with these page versions to a transaction; return it as it is after the commit.

        The transaction is refused if the draft is published or has another revision by then.
        """
        revision = self.item.revision + 1 if self.item else 1
        item = PriceDraftItem(
            *self.draft.key, page_versions=list(pages), revision=revision, restored_from=restored_from
        )
        list_key = price_list_key(self.draft.price_list_id)
        transaction.check(PriceListItem, list_key, self.draft.still_open, "price list")
        transaction.put(item, "draft", self.unchanged)
        return self._replace(item=item)


def load_draft(draft: PriceListDraft) -> DraftState:
    """Load a draft and the published version of its price list, consistently."""
    found = fetch([price_list_key(draft.price_list_id), draft.key])
    published, item = found.get(price_list_key(draft.price_list_id)), found.get(draft.key)
    return DraftState(
        draft,
        published if isinstance(published, PriceListItem) else None,
        item if isinstance(item, PriceDraftItem) else None,
    )
