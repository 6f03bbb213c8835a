"""Readers of what other services publish in contracts/. Each process caches what it has read."""
