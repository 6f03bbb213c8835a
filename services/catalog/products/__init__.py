"""Products: the import and the one writer of all copies."""
