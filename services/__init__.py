"""One folder per stack. A service never imports another."""
