"""Ledger: double-entry journals of each dealer."""
