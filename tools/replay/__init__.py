"""Replay a wholesaler's invoices through the public API and check every promise made about them."""
