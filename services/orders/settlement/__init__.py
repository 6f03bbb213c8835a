"""Settlement: orders lose reserved pieces that are missing."""
