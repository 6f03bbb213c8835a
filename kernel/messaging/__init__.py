"""Events, the outbox they are written to, and the loop that consumes them."""
