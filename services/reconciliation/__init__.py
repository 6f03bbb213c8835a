"""Reconciliation: a double-entry ledger for each dealer, and statements of it."""
