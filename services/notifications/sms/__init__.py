"""Text messages: within limits, each once."""
