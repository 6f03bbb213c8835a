"""Quotes: an order with its prices, stock and credit before it is submitted."""
