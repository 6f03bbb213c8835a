"""Requests and answers, and the checks of every route."""
