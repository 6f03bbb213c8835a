"""Sourcing: which warehouse serves an order."""
