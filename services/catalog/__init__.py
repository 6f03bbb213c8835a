"""Catalog: products, price lists and the search over them."""
