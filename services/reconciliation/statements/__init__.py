"""Statements: live for any days, and issued once for each month."""
