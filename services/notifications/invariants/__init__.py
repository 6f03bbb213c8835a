"""Invariants of the inbox, of text messages and of webhook deliveries."""

from services.notifications.invariants import inbox, sms, webhooks

ALWAYS = (*inbox.ALWAYS, *sms.ALWAYS, *webhooks.ALWAYS)
WHEN_DUE = (*inbox.WHEN_DUE, *sms.WHEN_DUE, *webhooks.WHEN_DUE)
