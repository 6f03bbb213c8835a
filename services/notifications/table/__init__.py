"""How notifications lies in the shared table.

P1  a mailbox's messages, newest first        pk: INBOX#<mailbox>         sk: MSG#<message id>
P2  what a user has read of it                pk: INBOX#<mailbox>         sk: READ#<user>#<message id>
P3  how many messages it holds (4 counters)   pk: INBOX#<mailbox>         sk: COUNT#<shard>
P4  how many of them a user has read          pk: INBOX#<mailbox>         sk: COUNT-READ#<user>
P5  a text message                            pk: SMS#<id>                sk: SMS
P6  all text messages, newest first           gsi1pk: SMS#ALL             gsi1sk: <time>#<id>
P7  texts sent to a phone on a day            pk: SMS#PHONE#<digest>      sk: DAY#<date>
P8  when a phone last got a template          pk: SMS#PHONE#<digest>      sk: LAST#<template>
P9  what the recorder was given to send       pk: SMS#<id>                sk: RECORDED#<ulid>
P10 the webhook endpoints                     pk: WEBHOOK#ENDPOINTS       sk: <endpoint>
P11 an endpoint's deliveries, newest first    pk: DELIVERY#<endpoint>     sk: AT#<event time>#<event id>
P12 a delivery by its event                   pk: DELIVERY#<endpoint>     sk: EVENT#<event id>
P13 an endpoint's deliveries that are due     gsi1pk: DELIVERY#DUE#<endpoint>   gsi1sk: <time>
Mailboxes: <dealer>#dealer, <dealer>#accounts, and HOUSE#<desk> for the people of the house.
Read of dealers: the dealer (is it active?) and its people (names, roles, phones).
"""

from __future__ import annotations

from kernel.store.table import Transaction, TransactionRefused


def carried_out(transaction: Transaction) -> bool:
    """Commit; False when a condition did not hold, and nothing was written."""
    try:
        transaction.commit()
    except TransactionRefused:
        return False
    return True


def storable(part: str) -> bool:
    """Whether an id that somebody sent could be part of a key at all."""
    return 0 < len(part) <= 200 and part.isprintable()
