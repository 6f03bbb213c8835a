"""Intake: orders are checked, priced and stored."""
