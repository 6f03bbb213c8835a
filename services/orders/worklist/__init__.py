"""Worklist: what waits for a person now, and the report of what was due on a day and not done."""
