"""Promises: the day each line leaves."""
