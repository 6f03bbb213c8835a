"""Search: products with the price and availability that a dealer sees."""
