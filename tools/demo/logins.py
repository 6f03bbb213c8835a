"""Logins of the demo users, stored in a file of the local run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.errors import CommandError


@dataclass(frozen=True)
class Login:
    """A demo user and its password; `dealer_id` is None for head office."""

    user: str
    password: str
    role: str
    dealer_id: str | None
    name: str


def read_logins(file: Path) -> list[Login]:
    """Return all logins.

    Raises:
        CommandError: there is no file yet.
    """
    if not file.is_file():
        raise CommandError(f"there are no demo logins yet ({file.name}): start the local run once with `make run`")
    return [Login(**fields) for fields in json.loads(file.read_text(encoding="utf-8"))]


def write_logins(file: Path, logins: Sequence[Login]) -> None:
    """Write all logins, readable only by the owner of the file: they contain passwords."""
    text = json.dumps([asdict(login) for login in logins], ensure_ascii=False, indent=1) + "\n"
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
