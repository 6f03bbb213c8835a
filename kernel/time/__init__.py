"""Clock, business calendar and public holidays. Imports only the standard library."""
