"""Notifications: messages to mailboxes, text messages to phones, events to webhook endpoints."""
