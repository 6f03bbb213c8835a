"""Webhooks: signed deliveries to endpoints."""
