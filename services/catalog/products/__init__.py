"""Products: their import and the one writer of their copies."""
