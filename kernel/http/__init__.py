"""Requests, answers and the checks every route has."""
