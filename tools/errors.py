"""What goes wrong in expected ways."""


class CommandError(RuntimeError):
    """An expected failure. Its message is one sentence for the person at the terminal: what is wrong, what to do."""
