"""Notices about price lists: to dealers before new prices begin, to staff before prices end."""
