"""AWS without a network, for tests: moto, and a faster in-memory implementation that is compared with moto."""
