"""Delivery: where the goods of an order go."""
