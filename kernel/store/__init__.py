"""The shared table: items, reads, transactions, cursors, and AWS clients."""
