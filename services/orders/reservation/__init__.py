"""Reservation: stock reserved for an order."""
