"""Tests. `world.py` is the in-process world most of them run in."""
