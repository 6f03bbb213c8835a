"""Damages of the inbox, of text messages and of webhook deliveries."""

from __future__ import annotations

from services.notifications.sms.providers.recorder import RecordedSmsItem
from tests.support.company_data import OWN
from tests.tools.audit.table import Damages, Key, TableCopy


def _unread_message_key(table: TableCopy) -> Key:
    read = table.ids["message of dealer_buyer", OWN]
    return next(key for key in table.keys(f"INBOX#{OWN}#dealer", "MSG#") if read not in key[1])


def _lose_message(table: TableCopy) -> None:
    key = _unread_message_key(table)
    table.delete(key)
    counter = next(counter for counter in table.keys(key[0], "COUNT#") if table.item(counter).number)
    table.add(counter, number=-1)


def _add_message_without_event(table: TableCopy) -> None:
    pk, sk = _unread_message_key(table)
    message = table.item((pk, sk))
    message.sk, message.message_id = f"{sk}9", f"{message.message_id}9"
    table.put(message)
    table.add(table.keys(pk, "COUNT#")[0], number=1)


def _read_unknown_message(table: TableCopy) -> None:
    mark = table.keys(f"INBOX#{OWN}#dealer", "READ#")[0]
    table.move(mark, f"INBOX#{OWN}#dealer", "READ#dealer_buyer-d0001#x")


def _text_key(table: TableCopy) -> Key:
    """Return the key of a text that was not sent itself."""
    return next(key for key in table.keys("SMS#sms_", "SMS") if table.item(key).state == "merged")


def _text_of_many_key(table: TableCopy) -> Key:
    return next(key for key in table.keys("SMS#sms_", "SMS") if table.item(key).texts)


def _pointer_of_text(table: TableCopy) -> Key:
    text = table.item(_text_key(table))
    return f"SMS#DEALER#{text.dealer_id}", text.gsi1sk


def _lose_text(table: TableCopy) -> None:
    pk, _ = _text_key(table)
    table.delete(_pointer_of_text(table), *table.keys(pk))


def _send_text_again(table: TableCopy) -> None:
    key = next(key for key in table.keys("SMS#sms_", "RECORDED#"))
    sent: RecordedSmsItem = table.item(key)
    sent.sk = "RECORDED#rec_again"
    table.put(sent)


def _objection_key(table: TableCopy) -> Key:
    return f"OBJECTION#{table.ids['objection', OWN]}", "OBJECTION"


def _delivery_key(table: TableCopy, state: str = "delivered") -> Key:
    return next(key for key in table.keys("DELIVERY#", "AT#") if table.item(key).state == state)


def _pointer_key(delivery: Key) -> Key:
    return delivery[0], f"EVENT#{delivery[1].split('#')[2]}"


def _attempt_again(table: TableCopy) -> None:
    key = _delivery_key(table)
    log = table.item(key).log
    table.update(key, log=[*log, log[-1]], attempts=len(log) + 1)


def _lose_delivery(table: TableCopy) -> None:
    key = _delivery_key(table, "pending")
    table.delete(key, _pointer_key(key))


def _logged_event_key(table: TableCopy) -> Key:
    return table.keys("EVENTLOG#EVENT#")[-1]


def _lose_logged_event(table: TableCopy) -> None:
    key = _logged_event_key(table)
    position = table.item(key).position
    table.delete(key, *(entry for entry in table.keys("EVENTLOG") if entry[1] == position))


DAMAGES: Damages = {
    # inbox
    "a message has no event": (_add_message_without_event, {"message-event"}),
    "a message is missing": (_lose_message, {"message-missing"}),
    "a counter of messages is too high": (
        lambda table: table.add(table.keys(f"INBOX#{OWN}#dealer", "COUNT#")[0], number=1),
        {"inbox-count"},
    ),
    "an unknown message was read": (_read_unknown_message, {"inbox-read"}),
    # text messages
    "a text has an unknown subject": (
        lambda table: table.update(_text_key(table), subject="D0001-999999"),
        {"text-event"},
    ),
    "a text was sent twice": (_send_text_again, {"text-sent"}),
    "a phone got more texts than the limit": (
        lambda table: table.update(table.keys("SMS#PHONE#", "DAY#")[0], sent=21),
        {"text-limit"},
    ),
    "a text is still queued": (lambda table: table.update(_text_key(table), state="queued"), {"text-unsent"}),
    "a text is missing": (_lose_text, {"text-missing", "text-merged"}),
    "a dealer does not see a text": (lambda table: table.delete(_pointer_of_text(table)), {"text-pointer"}),
    "a text is in place of too many": (lambda table: table.add(_text_of_many_key(table), texts=1), {"text-merged"}),
    # objections
    "an objection is to an unknown event": (
        lambda table: table.update(_objection_key(table), event_id="evt_D0001-999999_2"),
        {"objection-event"},
    ),
    "a dealer does not see an objection": (
        lambda table: table.delete(table.keys(f"OBJECTION#DEALER#{OWN}")[0]),
        {"objection-pointer"},
    ),
    "an open objection is in the queue of another role": (
        lambda table: table.update(_objection_key(table), gsi1pk="OBJECTION#OPEN#admin"),
        {"objection-queue"},
    ),
    "a failed text is not in the list": (
        lambda table: table.update(_text_of_many_key(table), state="failed"),
        {"text-failed", "text-sent"},
    ),
    # webhooks
    "a delivery has another body": (
        lambda table: table.update(_delivery_key(table), body="{}"),
        {"delivery-event"},
    ),
    "a delivery has no pointer": (
        lambda table: table.delete(_pointer_key(_delivery_key(table))),
        {"delivery-pointer"},
    ),
    "a delivery was attempted after its success": (_attempt_again, {"delivery-log"}),
    "a delivery is missing": (_lose_delivery, {"delivery-missing"}),
    # the event log
    "a logged event has another content": (
        lambda table: table.update(_logged_event_key(table), envelope={"id": "x"}),
        {"log-event"},
    ),
    "an event is not in the log of its dealer": (
        lambda table: table.delete(table.keys(f"EVENTLOG#{OWN}")[0]),
        {"log-entry"},
    ),
    "an event is not logged": (_lose_logged_event, {"log-missing"}),
}
