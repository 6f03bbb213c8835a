"""Expected failures of commands."""


class CommandError(RuntimeError):
    """An expected failure. Its message is one sentence for the operator: what is wrong and what to do."""
