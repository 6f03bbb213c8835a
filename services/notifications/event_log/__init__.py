"""Event log: the public events of the last 30 days in the order of writing, for partners that missed some."""
