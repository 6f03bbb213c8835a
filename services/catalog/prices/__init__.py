"""Prices: drafts of price lists and their publication."""
