"""Owners of the key prefixes of the one shared table.

Only the owner writes items under a prefix. A service that reads items of another reads `contracts`
(docs/access-patterns.md).
"""

#: First segment of `pk`: the one service that may write it.
OWNERS = {
    "PRODUCT": "catalog",
    "TERM": "catalog",
    "PRICELIST": "catalog",
    "SKUINDEX": "catalog",
    "ASSORTMENT": "catalog",
    "DEALER": "dealers",
    "DEALERNAMES": "dealers",
    "USER": "dealers",
    "PHONE": "dealers",
    "ORDERS": "orders",
    "ORDERING": "orders",
    "BUCKET": "orders",
    "STOCK": "orders",
    "WAREHOUSES": "orders",
    "WORKLIST": "orders",
    "TOUCHTIME": "orders",
    "LEDGER": "reconciliation",
    "STATEMENT": "reconciliation",
    "INBOX": "notifications",
    "SMS": "notifications",
    "WEBHOOK": "notifications",
    "DELIVERY": "notifications",
    "EVENTLOG": "notifications",
    "OBJECTION": "notifications",
    "TICKETS": "tickets",
    "IDEMPOTENCY": "kernel",
    "UNSENT": "kernel",
}
