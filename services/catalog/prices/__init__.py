"""Prices: drafts and published price lists."""
