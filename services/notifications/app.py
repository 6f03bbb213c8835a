"""Triggers of notifications: inbox, text messages and webhooks."""

from contracts.notifications import SmsQueued
from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import STAFF_ROLES, Principal, Role
from kernel.messaging.events import Envelope
from kernel.store import aws
from services.notifications.inbox import notify as notification
from services.notifications.inbox import read_inbox
from services.notifications.inbox.api import Inbox, MessageRead
from services.notifications.inbox.rules import NOTIFICATION_RULES
from services.notifications.sms import send_sms as sending
from services.notifications.sms.api import TextMessages
from services.notifications.sms.list_texts import text_messages as list_texts
from services.notifications.vocabulary import PageQuery
from services.notifications.webhooks import deliver_webhooks, manage_endpoints, views
from services.notifications.webhooks.api import (
    Deliveries,
    EndpointDeleted,
    Endpoints,
    EndpointWithSecret,
    RegisterEndpoint,
    ReplayAccepted,
)
from services.notifications.webhooks.event_types import webhook_events
from services.notifications.webhooks.signed_post import DEADLINE_SECONDS

app = ServiceApp("notifications")

_EVERYBODY = frozenset(Role)
_ADMIN = frozenset({Role.ADMIN})
#: What a message takes besides waiting for a receiver or a provider.
_OWN_SECONDS = 5


# ---- the inbox ----


@app.operation(
    "GET", "/inbox", roles=_EVERYBODY, summary="站内消息 / what happened, newest first, and how much is unread"
)
def inbox(caller: Principal, query: PageQuery) -> Inbox:
    return read_inbox.show_inbox(caller, query.cursor)


@app.operation("POST", "/inbox/{message_id}/read", roles=_EVERYBODY, summary="标为已读 / mark a message as read")
def read_message(caller: Principal, message_id: str) -> MessageRead:
    read_inbox.mark_read(caller, message_id)
    return MessageRead(message_id=message_id, unread=read_inbox.count_unread(caller))


@app.operation("GET", "/sms", roles=STAFF_ROLES, summary="短信记录 / text messages and what became of them")
def text_messages(caller: Principal, query: PageQuery) -> TextMessages:
    return list_texts(caller, query.cursor)


# ---- webhooks ----


@app.operation("GET", "/webhook-endpoints", roles=_ADMIN, summary="接收端列表 / where events are sent")
def webhook_endpoints() -> Endpoints:
    return views.endpoint_list()


@app.operation(
    "POST",
    "/webhook-endpoints",
    roles=_ADMIN,
    status=201,
    summary="登记接收端 / send events to an address; shows the secret",
)
def register_endpoint(caller: Principal, body: RegisterEndpoint, key: IdempotencyKey) -> EndpointWithSecret:
    return manage_endpoints.register_endpoint(caller, body, key)


@app.operation("DELETE", "/webhook-endpoints/{endpoint_id}", roles=_ADMIN, summary="删除接收端 / stop sending to it")
def delete_endpoint(endpoint_id: str) -> EndpointDeleted:
    return manage_endpoints.remove_endpoint(endpoint_id)


@app.operation(
    "POST",
    "/webhook-endpoints/{endpoint_id}/rotate-secret",
    roles=_ADMIN,
    summary="更换密钥 / a new secret; the old one signs along for 24 hours",
)
def rotate_secret(endpoint_id: str, key: IdempotencyKey) -> EndpointWithSecret:
    return manage_endpoints.rotate_secret(endpoint_id, key)


@app.operation(
    "GET",
    "/webhook-endpoints/{endpoint_id}/deliveries",
    roles=_ADMIN,
    summary="投递记录 / every attempt, newest event first",
)
def webhook_deliveries(caller: Principal, endpoint_id: str, query: PageQuery) -> Deliveries:
    return views.delivery_page(caller, endpoint_id, query.cursor)


@app.operation(
    "POST",
    "/webhook-endpoints/{endpoint_id}/deliveries/{event_id}/replay",
    roles=_ADMIN,
    status=202,
    summary="重放 / send an event once more, under the same id",
)
def replay_delivery(endpoint_id: str, event_id: str, key: IdempotencyKey) -> ReplayAccepted:
    return manage_endpoints.replay_delivery(endpoint_id, event_id, key)


# ---- events ----


@app.consumer(subscribes=NOTIFICATION_RULES)
def notify(message: Envelope) -> None:
    """Messages into mailboxes, texts into their queue."""
    notification.notify(message)


# Batches so small that all of a batch can be begun, however slow others are: what is handed back untouched counts as
# received, and after five times would lie among the dead letters without ever having been tried.
@app.consumer(subscribes=[SmsQueued], batch_size=1, message_seconds=aws.ONE_ATTEMPT_SECONDS + _OWN_SECONDS)
def send_sms(message: Envelope) -> None:
    """One text to one phone."""
    sending.send_sms(message)


@app.consumer(
    subscribes=webhook_events(),
    batch_size=3,
    timeout_seconds=60,
    message_seconds=DEADLINE_SECONDS + _OWN_SECONDS,
)
def dispatch_webhooks(message: Envelope) -> None:
    """Every event to every endpoint that asked for it."""
    deliver_webhooks.dispatch_webhooks(message)


@app.periodic(minutes=1, timeout_seconds=60)
def retry_webhooks() -> None:
    """What did not arrive at first."""
    deliver_webhooks.retry_webhooks()
