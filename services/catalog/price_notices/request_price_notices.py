"""Request a notice for each dealer whose terms name a price list, about a version that is scheduled or withdrawn."""

from __future__ import annotations

from contracts.catalog import PriceVersionItem, price_version_key
from contracts.dealers import DEALERS, DealerItem
from contracts.price_events import DealerPricesScheduled, DealerPricesWithdrawn, PriceListScheduled, PriceListWithdrawn
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import outbox_event
from kernel.store.read import fetch, query_page
from kernel.store.transaction import Transaction, TransactionRefused
from services.catalog.price_notices.items import PriceNoticesItem, notices_key

#: Dealers of one transaction, which has room for 100 actions.
_DEALERS_PER_TRANSACTION = 90


def request_price_notices(envelope: Envelope) -> None:
    """Request the notices, a page of dealers per transaction, from the present page on.

    Each transaction moves the page on under a condition, so a second delivery continues and repeats nothing. No notice
    of a version is requested once it is withdrawn.
    """
    event = envelope.event
    if not isinstance(event, PriceListScheduled | PriceListWithdrawn):
        return
    while True:
        progress = _load_progress(event)
        if progress is None or progress.state != "requesting":
            return
        try:
            _request_page(event, progress)
        except TransactionRefused as refused:
            # Another delivery of the message was faster, or the version was withdrawn: the next reading shows which.
            if "progress" not in refused and "version" not in refused:
                raise


def _occasion(event: PriceListScheduled | PriceListWithdrawn) -> str:
    return "scheduled" if isinstance(event, PriceListScheduled) else "withdrawn"


def _load_progress(event: PriceListScheduled | PriceListWithdrawn) -> PriceNoticesItem | None:
    """Return the progress so far; None if the scheduled version was withdrawn meanwhile."""
    key = notices_key(event.price_list_id, event.version, _occasion(event))
    version_key = price_version_key(event.price_list_id, event.version)
    found = fetch([key, version_key])
    stored, version = found.get(key), found.get(version_key)
    if isinstance(event, PriceListScheduled) and isinstance(version, PriceVersionItem) and version.withdrawn_at:
        return None
    return stored if isinstance(stored, PriceNoticesItem) else PriceNoticesItem(*key, state="requesting", version=0)


def _request_page(event: PriceListScheduled | PriceListWithdrawn, progress: PriceNoticesItem) -> None:
    page = query_page(
        DealerItem, DEALERS, on_index=True, limit=_DEALERS_PER_TRANSACTION, start=progress.next_key or None
    )
    dealers = [dealer.dealer_id for dealer in page.items if dealer.price_list == event.price_list_id]
    subject = f"{event.price_list_id}-v{event.version}-{_occasion(event)}"
    transaction = Transaction()
    for sequence, dealer_id in enumerate(dealers, progress.requested + 1):
        notice = _notice(event, dealer_id)
        item = outbox_event(notice, pk=progress.pk, subject=subject, sequence=sequence, dealer_id=dealer_id)
        transaction.create(item, f"event {sequence}")
    if isinstance(event, PriceListScheduled):
        key = price_version_key(event.price_list_id, event.version)
        transaction.check(PriceVersionItem, key, PriceVersionItem.withdrawn_at.does_not_exist(), "version")
    unchanged = (
        PriceNoticesItem.version == progress.version if progress.version else PriceNoticesItem.pk.does_not_exist()
    )
    after = PriceNoticesItem(
        progress.pk,
        progress.sk,
        state="requesting" if page.next_key else "requested",
        requested=progress.requested + len(dealers),
        next_key=page.next_key,
        version=progress.version + 1,
    )
    transaction.put(after, "progress", unchanged)
    transaction.commit()


def _notice(
    event: PriceListScheduled | PriceListWithdrawn, dealer_id: str
) -> DealerPricesScheduled | DealerPricesWithdrawn:
    names = event.model_dump(include={"price_list_id", "version", "name", "valid_from"})
    if isinstance(event, PriceListScheduled):
        return DealerPricesScheduled(dealer_id=dealer_id, **names)
    return DealerPricesWithdrawn(dealer_id=dealer_id, reason=event.reason, **names)
