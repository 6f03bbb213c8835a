"""Allocation: scarce stock is allocated to backorders."""
