"""On-time rate of shipments."""
