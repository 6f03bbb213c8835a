"""Inbox: messages in the mailboxes of dealers and of staff."""
