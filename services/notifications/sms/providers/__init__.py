"""SMS providers: one interface, and one module for each company or stand-in that carries text messages."""
