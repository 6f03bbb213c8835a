"""Telling people and systems what happened: inbox, text messages, signed webhooks."""
