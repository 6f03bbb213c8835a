"""Codes to sign in with by text message."""
