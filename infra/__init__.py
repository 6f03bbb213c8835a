"""Infrastructure of all services: the core stack and the relay."""
