"""What reconciliation does: posting, issuing statements, showing them."""
