"""Webhook deliveries: one event for one endpoint, with all its attempts."""
