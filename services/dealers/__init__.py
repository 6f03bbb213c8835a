"""Dealers, their terms, and the users of dealers and of the head office."""
