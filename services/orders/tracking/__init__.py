"""Tracking: orders and their history as answers."""
