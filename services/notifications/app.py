"""Every trigger of the service: routes, queues, schedule."""

from contracts.notifications import SmsQueued
from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import STAFF_ROLES, Principal, Role
from kernel.messaging.events import Envelope
from kernel.store import aws
from services.notifications import api, catalogue, domain, views, webhooks
from services.notifications.commands import endpoints, hooks, telling, texting

app = ServiceApp("notifications")

_EVERYBODY = frozenset(Role)
_ADMIN = frozenset({Role.ADMIN})
#: What a message takes besides waiting for a receiver or a provider.
_OWN_SECONDS = 5


# ---- the inbox ----


@app.operation(
    "GET", "/inbox", roles=_EVERYBODY, summary="站内消息 / what happened, newest first, and how much is unread"
)
def inbox(caller: Principal, query: api.PageQuery) -> api.Inbox:
    return views.inbox(caller, query.cursor)


@app.operation("POST", "/inbox/{message_id}/read", roles=_EVERYBODY, summary="标为已读 / mark a message as read")
def read_message(caller: Principal, message_id: str) -> api.MessageRead:
    telling.mark_read(caller, message_id)
    return api.MessageRead(message_id=message_id, unread=views.unread(caller))


@app.operation("GET", "/sms", roles=STAFF_ROLES, summary="短信记录 / text messages and what became of them")
def text_messages(caller: Principal, query: api.PageQuery) -> api.TextMessages:
    return views.text_messages(caller, query.cursor)


# ---- webhooks ----


@app.operation("GET", "/webhook-endpoints", roles=_ADMIN, summary="接收端列表 / where events are sent")
def webhook_endpoints() -> api.Endpoints:
    return views.endpoint_list()


@app.operation(
    "POST",
    "/webhook-endpoints",
    roles=_ADMIN,
    status=201,
    summary="登记接收端 / send events to an address; shows the secret",
)
def register_endpoint(caller: Principal, body: api.RegisterEndpoint, key: IdempotencyKey) -> api.EndpointWithSecret:
    return endpoints.register(caller, body, key)


@app.operation("DELETE", "/webhook-endpoints/{endpoint_id}", roles=_ADMIN, summary="删除接收端 / stop sending to it")
def delete_endpoint(endpoint_id: str) -> api.EndpointDeleted:
    return endpoints.delete(endpoint_id)


@app.operation(
    "POST",
    "/webhook-endpoints/{endpoint_id}/rotate-secret",
    roles=_ADMIN,
    summary="更换密钥 / a new secret; the old one signs along for 24 hours",
)
def rotate_secret(endpoint_id: str, key: IdempotencyKey) -> api.EndpointWithSecret:
    return endpoints.rotate_secret(endpoint_id, key)


@app.operation(
    "GET",
    "/webhook-endpoints/{endpoint_id}/deliveries",
    roles=_ADMIN,
    summary="投递记录 / every attempt, newest event first",
)
def webhook_deliveries(caller: Principal, endpoint_id: str, query: api.PageQuery) -> api.Deliveries:
    return views.delivery_page(caller, endpoint_id, query.cursor)


@app.operation(
    "POST",
    "/webhook-endpoints/{endpoint_id}/deliveries/{event_id}/replay",
    roles=_ADMIN,
    status=202,
    summary="重放 / send an event once more, under the same id",
)
def replay_delivery(endpoint_id: str, event_id: str, key: IdempotencyKey) -> api.ReplayAccepted:
    return endpoints.replay(endpoint_id, event_id, key)


# ---- events ----


@app.consumer(subscribes=domain.RULES)
def notify(message: Envelope) -> None:
    """Messages into mailboxes, texts into their queue."""
    telling.notify(message)


# Batches so small that all of a batch can be begun, however slow others are: what is handed back untouched counts as
# received, and after five times would lie among the dead letters without ever having been tried.
@app.consumer(subscribes=[SmsQueued], batch_size=1, message_seconds=aws.ONE_ATTEMPT_SECONDS + _OWN_SECONDS)
def send_sms(message: Envelope) -> None:
    """One text to one phone."""
    texting.send_sms(message)


@app.consumer(
    subscribes=catalogue.webhook_events(),
    batch_size=3,
    timeout_seconds=60,
    message_seconds=webhooks.DEADLINE_SECONDS + _OWN_SECONDS,
)
def dispatch_webhooks(message: Envelope) -> None:
    """Every event to every endpoint that asked for it."""
    hooks.dispatch_webhooks(message)


@app.periodic(minutes=1, timeout_seconds=60)
def retry_webhooks() -> None:
    """What did not arrive at first."""
    hooks.retry_webhooks()
