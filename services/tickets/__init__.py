"""After-sales: a dealer's request for service and what becomes of it."""
