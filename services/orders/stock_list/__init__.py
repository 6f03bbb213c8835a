"""Stock list: all stock of a warehouse, and the movements of a SKU."""
