"""Who can sign in to a demo, kept in a file beside the local run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.errors import CommandError


@dataclass(frozen=True)
class Login:
    """A demo user to sign in as; `dealer_id` is None for the distributor's own people."""

    user: str
    password: str
    role: str
    dealer_id: str | None
    name: str


def read_logins(file: Path) -> list[Login]:
    """All logins.

    Raises:
        CommandError: there are none yet.
    """
    if not file.is_file():
        raise CommandError(f"there are no demo logins yet ({file.name}): start the local run once with `make run`")
    return [Login(**one) for one in json.loads(file.read_text(encoding="utf-8"))]


def write_logins(file: Path, logins: Sequence[Login]) -> None:
    """Readable by its owner alone: these are passwords."""
    text = json.dumps([asdict(login) for login in logins], ensure_ascii=False, indent=1) + "\n"
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
