"""Shipping: reserved pieces leave."""
