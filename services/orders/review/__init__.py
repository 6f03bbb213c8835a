"""Review: staff decide orders."""
