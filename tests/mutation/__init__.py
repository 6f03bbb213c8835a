"""Mutation testing: each known bug, applied alone, must be caught by its test."""
