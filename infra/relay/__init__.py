"""The relay sends events from the table to the bus and to command queues, at least once."""
