"""Takes announcements from the table to the bus and to command queues: at least once, and marks what is sent."""
