"""Shortages: reserved pieces that are missing, until they are taken from orders."""
