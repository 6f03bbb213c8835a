"""Inbox: messages of dealers and desks."""
