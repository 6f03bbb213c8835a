"""Journals: post shipments and payments, reverse and show journals."""
