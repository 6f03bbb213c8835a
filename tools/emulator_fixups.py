"""What MiniStack 1.5.33 leaves out when it deploys our templates, put right through the same public APIs.

Each of these was seen to be needed; none is needed on AWS. Delete one when a later MiniStack makes it unnecessary.
"""

from __future__ import annotations


def apply(stage: str) -> None:
    """Put right what a deployment left out. Safe to repeat."""
