"""Invariants of the inbox, of text messages, of webhook deliveries, of the event log and of objections."""

from services.notifications.invariants import event_log, inbox, objections, sms, webhooks

ALWAYS = (*inbox.ALWAYS, *sms.ALWAYS, *webhooks.ALWAYS, *event_log.ALWAYS, *objections.ALWAYS)
WHEN_DUE = (*inbox.WHEN_DUE, *sms.WHEN_DUE, *webhooks.WHEN_DUE, *event_log.WHEN_DUE)
