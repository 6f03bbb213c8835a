"""Events, the outbox that stores them, and the loop that consumes them."""
