"""Inbound: expected deliveries."""
