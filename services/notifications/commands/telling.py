"""An event becomes messages in mailboxes and texts that wait to be sent, all in one transaction."""

from __future__ import annotations

from kernel.base import observability
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.messaging.events import Envelope
from kernel.store.table import Transaction, TransactionRefused
from kernel.time import clock
from services.notifications import domain
from services.notifications.domain import Notice
from services.notifications.table import mailboxes, people, texts


def notify(message: Envelope) -> None:
    """Tell everybody concerned, once: a later delivery of the same event finds its messages there and changes nothing.

    A dealer that is suspended or unknown is not told; the desks of the house are.
    """
    dealer_id = str(message.data["dealer_id"])
    transaction = Transaction()
    dealer_is_told = people.is_active(dealer_id)
    for notice in domain.notices(message.event):
        if notice.box.is_a_dealers and not dealer_is_told:
            observability.logger().info("dealer not told", event_id=message.id, dealer_id=dealer_id)
            continue
        mailboxes.add_message(transaction, message, dealer_id, notice)
        _add_texts(transaction, message, dealer_id, notice)
    if not len(transaction):
        return
    try:
        transaction.commit()
    except TransactionRefused:
        return  # everything in it is made new, so a refusal means that all of it is there
    observability.seconds("NoticeAge", (clock.now() - clock.parse_stamp(message.time)).total_seconds())


def _add_texts(transaction: Transaction, message: Envelope, dealer_id: str, notice: Notice) -> None:
    if not notice.texts:
        return
    words = domain.words_of(message.event)
    for person in people.with_phones(dealer_id, notice.texts)[: domain.MAX_RECIPIENTS]:
        texts.add_text(transaction, texts.new_text(message, dealer_id, person, notice.template, words))


def mailboxes_of(caller: Principal) -> list[str]:
    """What the caller reads: the dealer's mailboxes that the role allows, or those of the caller's desks."""
    return [mailboxes.mailbox(box, caller.dealer_id) for box in domain.boxes_of(caller.roles)]


def mark_read(caller: Principal, message_id: str) -> None:
    """Note that the caller has read a message; as often as one likes.

    Raises:
        NotFound: it stands in no mailbox of the caller's.
    """
    box = mailboxes.box_of(message_id)
    if box not in domain.boxes_of(caller.roles):
        raise NotFound
    if not mailboxes.mark_read(mailboxes.mailbox(box, caller.dealer_id), caller.user_id, message_id):
        raise NotFound
