"""Triggers of notifications: inbox, text messages, webhook endpoints and their deliveries."""

from contracts.dealers import SignInCodeRequested, UserRegistered
from contracts.notifications import SmsQueued
from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import DEALER_ROLES, STAFF_ROLES, Principal, Role
from kernel.messaging.events import Envelope
from kernel.store import aws
from services.notifications.deliveries import dispatch_webhooks as dispatching
from services.notifications.deliveries import list_deliveries
from services.notifications.deliveries import replay_delivery as replaying
from services.notifications.deliveries import retry_webhooks as retrying
from services.notifications.deliveries.api import Deliveries, PeriodReplayAccepted, ReplayAccepted, ReplayPeriod
from services.notifications.event_log import list_events, log_event
from services.notifications.event_log.api import Events, EventsQuery
from services.notifications.inbox import notify_recipients, read_inbox
from services.notifications.inbox.api import Inbox, InboxQuery, MessageRead
from services.notifications.inbox.rules import NOTIFICATION_RULES
from services.notifications.invitations import text_invitation
from services.notifications.objections import answer_objection as answering
from services.notifications.objections import list_objections, raise_objection
from services.notifications.objections.api import (
    AnswerObjection,
    ObjectionPage,
    ObjectionsQuery,
    ObjectionView,
    RaiseObjection,
)
from services.notifications.objections.rules import OWNER_ROLES
from services.notifications.sign_in_codes import text_sign_in_code
from services.notifications.sms import list_sms
from services.notifications.sms import send_sms as sending
from services.notifications.sms.api import SmsPage, SmsQuery
from services.notifications.vocabulary import PageQuery
from services.notifications.webhooks import manage_endpoints, publish_test
from services.notifications.webhooks.api import (
    EndpointDeleted,
    Endpoints,
    EndpointTested,
    EndpointWithSecret,
    RegisterEndpoint,
)
from services.notifications.webhooks.event_types import subscribable_events
from services.notifications.webhooks.signed_post import DEADLINE_SECONDS

app = ServiceApp("notifications")

_ALL_ROLES = frozenset(Role)
_ADMINS = frozenset({Role.ADMIN})
#: Seconds one message takes besides its wait for a receiver or a provider.
_OWN_SECONDS = 5


# ---- the inbox ----


@app.operation(
    "GET", "/inbox", roles=_ALL_ROLES, summary="站内消息 / messages, newest first, and the number of unread ones"
)
def inbox(caller: Principal, query: InboxQuery) -> Inbox:
    return read_inbox.show_inbox(caller, query)


@app.operation("POST", "/inbox/{message_id}/read", roles=_ALL_ROLES, summary="标为已读 / mark a message as read")
def read_message(caller: Principal, message_id: str) -> MessageRead:
    return read_inbox.mark_as_read(caller, message_id)


@app.operation(
    "GET",
    "/sms",
    roles=STAFF_ROLES | {Role.DEALER_ADMIN},
    summary="短信记录 / text messages and their states; a dealer sees those to its own users",
)
def text_messages(caller: Principal, query: SmsQuery) -> SmsPage:
    return list_sms.list_sms(caller, query)


# ---- objections ----


@app.operation(
    "POST",
    "/objections",
    roles=DEALER_ROLES,
    status=201,
    summary="提出异议 / object to an act on the dealer's money, goods or terms, named by its event",
)
def object_to_event(caller: Principal, body: RaiseObjection, key: IdempotencyKey) -> ObjectionView:
    return raise_objection.raise_objection(caller, body, key)


@app.operation(
    "GET",
    "/objections",
    roles=DEALER_ROLES | OWNER_ROLES,
    summary="自己的异议,或待答复的异议 / own objections, or for staff the open ones of a role",
)
def objections(caller: Principal, query: ObjectionsQuery) -> ObjectionPage:
    return list_objections.list_objections(caller, query)


@app.operation(
    "POST",
    "/objections/{objection_id}/answer",
    roles=OWNER_ROLES,
    summary="答复异议 / answer an objection, once, as the role that owns it",
)
def answer_objection(caller: Principal, objection_id: str, body: AnswerObjection, key: IdempotencyKey) -> ObjectionView:
    return answering.answer_objection(caller, objection_id, body, key)


# ---- webhooks ----


@app.operation("GET", "/webhook-endpoints", roles=_ADMINS, summary="接收端列表 / webhook endpoints")
def webhook_endpoints() -> Endpoints:
    return manage_endpoints.list_endpoints()


@app.operation(
    "POST",
    "/webhook-endpoints",
    roles=_ADMINS,
    status=201,
    summary="登记接收端 / register a webhook endpoint; shows its secret",
)
def register_endpoint(caller: Principal, body: RegisterEndpoint, key: IdempotencyKey) -> EndpointWithSecret:
    return manage_endpoints.register_endpoint(caller, body, key)


@app.operation(
    "DELETE", "/webhook-endpoints/{endpoint_id}", roles=_ADMINS, summary="删除接收端 / delete a webhook endpoint"
)
def delete_endpoint(endpoint_id: str) -> EndpointDeleted:
    return manage_endpoints.delete_endpoint(endpoint_id)


@app.operation(
    "POST",
    "/webhook-endpoints/{endpoint_id}/rotate-secret",
    roles=_ADMINS,
    summary="更换密钥 / rotate the secret; the old one also signs for 24 hours",
)
def rotate_secret(endpoint_id: str, key: IdempotencyKey) -> EndpointWithSecret:
    return manage_endpoints.rotate_secret(endpoint_id, key)


@app.operation(
    "POST",
    "/webhook-endpoints/{endpoint_id}/test",
    roles=_ADMINS,
    status=202,
    summary="测试接收端 / send a signed test event to this endpoint alone",
)
def test_endpoint(caller: Principal, endpoint_id: str, key: IdempotencyKey) -> EndpointTested:
    return publish_test.publish_test(caller, endpoint_id, key)


@app.operation(
    "GET",
    "/webhook-endpoints/{endpoint_id}/deliveries",
    roles=_ADMINS,
    summary="投递记录 / deliveries with their attempts, newest event first",
)
def webhook_deliveries(caller: Principal, endpoint_id: str, query: PageQuery) -> Deliveries:
    return list_deliveries.list_deliveries(caller, endpoint_id, query.cursor)


@app.operation(
    "POST",
    "/webhook-endpoints/{endpoint_id}/deliveries/{event_id}/replay",
    roles=_ADMINS,
    status=202,
    summary="重放 / send an event once more, under the same id",
)
def replay_delivery(endpoint_id: str, event_id: str, key: IdempotencyKey) -> ReplayAccepted:
    return replaying.replay_delivery(endpoint_id, event_id, key)


@app.operation(
    "POST",
    "/webhook-endpoints/{endpoint_id}/replay",
    roles=_ADMINS,
    status=202,
    summary="按时间重放 / send the events of a period once more, 90 a request",
)
def replay_deliveries(
    caller: Principal, endpoint_id: str, body: ReplayPeriod, key: IdempotencyKey
) -> PeriodReplayAccepted:
    return replaying.replay_period(caller, endpoint_id, body, key)


@app.operation(
    "GET",
    "/events",
    roles=DEALER_ROLES | _ADMINS,
    summary="补收事件 / public events of the last 30 days after a cursor or an event, as webhooks send them",
)
def events(caller: Principal, query: EventsQuery) -> Events:
    return list_events.list_events(caller, query)


# ---- events ----


@app.consumer(subscribes=[*NOTIFICATION_RULES, UserRegistered, SignInCodeRequested])
def notify(message: Envelope) -> None:
    """Store the messages of an event and queue its text messages."""
    if isinstance(message.event, UserRegistered):
        text_invitation.text_invitation(message)
    elif isinstance(message.event, SignInCodeRequested):
        text_sign_in_code.text_sign_in_code(message)
    else:
        notify_recipients.notify_recipients(message)


# Batches are small enough to start each of their messages even when the provider or the receivers are slow. A message
# that is returned to the queue unprocessed counts as received, and is a dead letter after five times.
@app.consumer(subscribes=[SmsQueued], batch_size=1, message_seconds=aws.ONE_ATTEMPT_SECONDS + _OWN_SECONDS)
def send_sms(message: Envelope) -> None:
    """Send one text message to one phone."""
    sending.send_sms(message)


@app.periodic(minutes=1, timeout_seconds=60)
def release_texts() -> None:
    """Queue the texts that waited for the end of a burst or of the night."""
    sending.release_texts()


@app.consumer(
    subscribes=subscribable_events(),
    batch_size=3,
    timeout_seconds=60,
    message_seconds=DEADLINE_SECONDS + _OWN_SECONDS,
)
def dispatch_webhooks(message: Envelope) -> None:
    """Log an event, and send it to each endpoint that subscribes to it."""
    log_event.log_event(message)
    dispatching.dispatch_webhooks(message)


@app.periodic(minutes=1, timeout_seconds=60)
def retry_webhooks() -> None:
    """Retry the deliveries that are due."""
    retrying.retry_webhooks()
