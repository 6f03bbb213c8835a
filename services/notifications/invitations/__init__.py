"""Invitations of new users by text message."""
