"""Products, price lists and the search over them."""
