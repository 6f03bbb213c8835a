"""Dealers, their terms, and everybody who may sign in."""
