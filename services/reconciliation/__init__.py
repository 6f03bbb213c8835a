"""The dealers' ledger and the statements made from it."""
