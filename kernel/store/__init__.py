"""The one shared table and the clients of AWS."""
