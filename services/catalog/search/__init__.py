"""Search: products as dealers see them."""
