"""Text messages: queued with the event, claimed, then handed to the provider once."""
