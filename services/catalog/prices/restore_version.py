"""Restore a former version of a price list as its next draft."""

from __future__ import annotations

from contracts.catalog import PriceVersionItem, price_version_key
from kernel.base.problems import Busy, FieldProblem, Invalid, NotFound
from kernel.http.idempotency import IdempotencyKey
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from reads.price_lists import price_list_problems
from services.catalog.prices.api import RestoredDraft, RestoreVersion
from services.catalog.prices.drafts import PriceListDraft, load_draft


def restore_version(price_list_id: str, version: str, request: RestoreVersion, key: IdempotencyKey) -> RestoredDraft:
    """Let a draft have exactly the prices of a published version; what was written into the draft before is dropped.

    The draft names the pages of that version, so no page is copied.

    Raises:
        NotFound: no version of such a list is published; names the published lists.
        Invalid: there is no such version.
        Refusal: the draft is published already, or an earlier version is not.
        Busy: another request wrote into the draft meanwhile.
    """
    draft = PriceListDraft.from_path(price_list_id, version)
    state = load_draft(draft)
    if state.published is None:
        raise NotFound(price_list_problems([("price_list_id", price_list_id)], ()))
    draft.require_next(state.published)
    former = fetch_one(PriceVersionItem, price_version_key(price_list_id, request.version))
    if former is None:
        last = draft.version - 1
        detail = f"无此版本,已发布 1–{last} / no such version; published are 1 to {last}"
        raise Invalid([FieldProblem(field="version", code="unknown-version", detail=detail)])
    answer = RestoredDraft(price_list_id=price_list_id, draft=version, restored_from=request.version)
    transaction = Transaction()
    key.record_response(transaction, answer)
    state.write(transaction, former.page_versions, request.version)
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if key.LABEL in refused:
            raise
        raise Busy from refused
    return answer
