"""Webhook endpoints: their registration, their secrets, and signed requests to public addresses only."""
