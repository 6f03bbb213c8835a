"""An event becomes messages in mailboxes and texts that wait to be sent, all in one transaction."""

from __future__ import annotations

from kernel import clock, observability
from kernel.events import Envelope
from kernel.principal import Principal
from kernel.problems import NotFound
from kernel.table import Transaction, TransactionRefused
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
        if notice.desk:
            mailboxes.add_message(transaction, mailboxes.desk_mailbox(notice.desk), message, dealer_id, notice)
        elif dealer_is_told:
            mailboxes.add_message(transaction, mailboxes.dealer_mailbox(dealer_id), message, dealer_id, notice)
            _add_texts(transaction, message, dealer_id, notice)
        else:
            observability.logger().info("dealer not told", event_id=message.id, dealer_id=dealer_id)
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
    """What the caller reads: the dealer's mailbox, or those of the caller's desks."""
    if caller.is_dealer:
        return [mailboxes.dealer_mailbox(caller.own_dealer_id)]
    return [mailboxes.desk_mailbox(desk) for desk in domain.desks_of(caller.roles)]


def mark_read(caller: Principal, message_id: str) -> None:
    """Note that the caller has read a message; as often as one likes.

    Raises:
        NotFound: it stands in no mailbox of the caller's.
    """
    to = mailboxes.addressee(message_id)
    mailbox = mailboxes.dealer_mailbox(caller.own_dealer_id) if caller.is_dealer else mailboxes.desk_mailbox(to)
    if not to or mailbox not in mailboxes_of(caller) or not mailboxes.mark_read(mailbox, caller.user_id, message_id):
        raise NotFound
