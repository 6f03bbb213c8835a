"""What every service stands on. Grows only when a second service needs the thing; imports no service."""
