"""Ledger: the double-entry journals of each dealer, and its balances."""
