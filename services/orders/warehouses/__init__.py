"""Warehouses of the distributor: which there are, what they are called, and which of them are still used."""
