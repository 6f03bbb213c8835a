"""Statements: live and monthly."""
