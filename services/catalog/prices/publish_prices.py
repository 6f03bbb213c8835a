"""Publish a draft, which one write makes the newest version of its price list, or withdraw a version that waits."""

from __future__ import annotations

from datetime import date

from contracts.catalog import (
    PRICE_LISTS,
    EarlierVersion,
    PriceListItem,
    PriceVersionItem,
    price_list_key,
    price_version_key,
)
from contracts.price_events import PriceListScheduled, PriceListWithdrawn
from kernel.base import ids
from kernel.base.problems import Busy, FieldProblem, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import outbox_event
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.catalog.prices.api import PriceListVersion, PublishedPriceList, PublishPrices, WithdrawVersion
from services.catalog.prices.compare_draft import count_removals
from services.catalog.prices.drafts import DraftState, PriceDraftItem, PriceListDraft, load_draft
from services.catalog.prices.read_price_lists import load_version, version_view
from services.catalog.prices.rules import validity_problems, versions_kept


def publish_prices(
    caller: Principal, price_list_id: str, version: str, request: PublishPrices, key: IdempotencyKey
) -> PublishedPriceList:
    """Make this draft the newest version of a price list. It replaces the former version on its first day.

    An order uses either version as a whole.

    Raises:
        Invalid: the days are wrong, or a version that waits begins later.
        Refusal: the draft is empty or published already, an earlier version is not published, or the number of
            products that leave the list is another than the request confirms.
        Busy: another request wrote into the draft meanwhile.
    """
    draft = PriceListDraft.from_path(price_list_id, version)
    wanted = PublishedPriceList(
        price_list_id=price_list_id,
        version=draft.version,
        name=request.name,
        valid_from=request.valid_from,
        valid_to=request.valid_to,
    )
    transaction = Transaction()
    key.record_response(transaction, wanted)
    state = load_draft(draft)
    if state.published is None or _view(state.published) != wanted:
        draft.require_next(state.published)
        today = clock.business_date(clock.now())
        if problems := validity_problems(request.valid_from, request.valid_to, today, state.published):
            raise Invalid(problems)
        _require_prices(state)
        _require_confirmed_removals(state, request.removals)
        _write_version(transaction, wanted, state, request.removals, caller)
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if key.LABEL in refused:
            raise
        raise Busy from refused
    return wanted


def _view(item: PriceListItem) -> PublishedPriceList:
    return PublishedPriceList(
        price_list_id=item.price_list_id,
        version=item.version,
        name=item.name,
        valid_from=date.fromisoformat(item.valid_from),
        valid_to=date.fromisoformat(item.valid_to) if item.valid_to else None,
    )


def _write_version(
    transaction: Transaction, view: PublishedPriceList, state: DraftState, removals: int, caller: Principal
) -> None:
    """Add the version to a transaction, which is refused if the draft has changed since its removals were counted."""
    fields = {**view.model_dump(mode="json"), "page_versions": list(state.pages)}
    today = clock.business_date(clock.now())
    earlier = versions_kept(state.published, view.valid_from, today) if state.published else []
    published = PriceListItem(
        *price_list_key(view.price_list_id),
        **fields,
        earlier=earlier or None,
        edition=ids.new_id("edn"),
        gsi1pk=PRICE_LISTS,
        gsi1sk=view.price_list_id,
    )
    version = PriceVersionItem(
        *price_version_key(view.price_list_id, view.version),
        **fields,
        published_by=caller.name,
        published_at=clock.stamp(),
        removals=removals,
        restored_from=state.item.restored_from if state.item else None,
    )
    transaction.check(PriceDraftItem, state.draft.key, state.unchanged, "draft")
    transaction.put(published, "price list", state.draft.still_open)
    transaction.create(version, "version")
    if view.valid_from > today:
        event = PriceListScheduled(
            price_list_id=view.price_list_id,
            version=view.version,
            name=view.name,
            valid_from=version.valid_from,
            valid_to=version.valid_to,
            author=caller.name,
        )
        subject = _subject(view.price_list_id, view.version)
        transaction.create(outbox_event(event, pk=version.pk, subject=subject, sequence=1), "event")


def _subject(price_list_id: str, version: int) -> str:
    """Subject of the events of a version: it is scheduled, then perhaps withdrawn."""
    return f"{price_list_id}-v{version}"


def _require_prices(state: DraftState) -> None:
    if not any(state.pages):
        raise Refusal("empty-draft", "该版本还没有价格 / there are no prices in this draft; send them first")


def _require_confirmed_removals(state: DraftState, confirmed: int) -> None:
    removals = count_removals(state)
    if removals != confirmed:
        raise Refusal(
            "removals-not-confirmed",
            f"{removals} 个商品将从价格表移除,请核对后发送 removals: {removals} / {removals} products leave the list; "
            f"check the draft's changes and send removals: {removals}",
            [FieldProblem(field="removals", code="not-confirmed", detail=f"应为 {removals} / must be {removals}")],
            removals=removals,
        )


# ---- withdraw ----


def withdraw_version(
    caller: Principal, price_list_id: str, version: str, request: WithdrawVersion, key: IdempotencyKey
) -> PriceListVersion:
    """Let the version before stay valid. The withdrawn one stays in the history, and a draft may begin with its prices.

    Raises:
        NotFound: there is no such version.
        Refusal: the version has begun, is the only one, or is not the newest.
        Busy: another request published or withdrew a version meanwhile.
    """
    newest, withdrawn = load_version(price_list_id, version)
    if withdrawn.withdrawn_at is None:
        _require_waiting(newest, withdrawn)
    transaction = Transaction()
    if withdrawn.withdrawn_at is None:
        withdrawn.withdrawn_at, withdrawn.withdrawn_by = clock.stamp(), caller.name
        withdrawn.withdrawal_reason = request.reason
        transaction.put(withdrawn, "version", PriceVersionItem.withdrawn_at.does_not_exist())
        transaction.put(_without_newest(newest), "price list", PriceListItem.edition == newest.edition)
        event = PriceListWithdrawn(
            price_list_id=price_list_id,
            version=withdrawn.version,
            name=withdrawn.name,
            valid_from=withdrawn.valid_from,
            author=caller.name,
            reason=request.reason,
        )
        subject = _subject(price_list_id, withdrawn.version)
        transaction.create(outbox_event(event, pk=withdrawn.pk, subject=subject, sequence=2), "event")
    answer = version_view(withdrawn)
    key.record_response(transaction, answer)
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if key.LABEL in refused:
            raise
        raise Busy from refused
    return answer


def _require_waiting(newest: PriceListItem, version: PriceVersionItem) -> None:
    today = clock.business_date(clock.now()).isoformat()
    if version.valid_from <= today:
        raise Refusal(
            "already-begun",
            f"第 {version.version} 版已于 {version.valid_from} 生效,不能撤回;请发布新版本 / "
            f"version {version.version} began on {version.valid_from}; publish another version instead",
        )
    if version.version != newest.version:
        raise Refusal(
            "not-the-newest",
            f"请先撤回第 {newest.version} 版 / withdraw version {newest.version} first",
            newest=newest.version,
        )
    if not newest.earlier_versions:
        raise Refusal(
            "only-version",
            "这是唯一的版本,不能撤回;请发布新版本 / this is the only version; publish another version instead",
        )


def _without_newest(newest: PriceListItem) -> PriceListItem:
    *earlier, last = newest.earlier_versions
    restored: EarlierVersion = last
    return PriceListItem(
        newest.pk,
        newest.sk,
        price_list_id=newest.price_list_id,
        **restored._asdict(),
        earlier=earlier or None,
        last_number=newest.next_number - 1,
        gsi1pk=PRICE_LISTS,
        gsi1sk=newest.price_list_id,
    )
