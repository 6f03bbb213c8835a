"""Invariants of the inbox, of text messages, of webhook deliveries and of the event log."""

from services.notifications.invariants import event_log, inbox, sms, webhooks

ALWAYS = (*inbox.ALWAYS, *sms.ALWAYS, *webhooks.ALWAYS, *event_log.ALWAYS)
WHEN_DUE = (*inbox.WHEN_DUE, *sms.WHEN_DUE, *webhooks.WHEN_DUE, *event_log.WHEN_DUE)
