"""An order: its state table, stored parts, loading and changing."""
