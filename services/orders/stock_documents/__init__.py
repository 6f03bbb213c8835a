"""Stock documents: goods receipts, adjustments, transfers."""
