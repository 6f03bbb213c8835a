"""What all services stand on: the core stack and the relay."""
