"""Tables of stored items, from the item classes and the comments with their access patterns.

A pattern is a comment above the class of an item: `# P  question   pk: KEY   sk: KEY`; in the index `gsi1pk`, `gsi1sk`.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kernel.store.table import OWNERS
from tools import paths
from tools.errors import CommandError

_FOLDERS = ("contracts", "kernel", "services", "infra")
_PATTERN = re.compile(r"# P\d*\s+(?P<question>.+?)\s+(?P<index>gsi1)?pk: (?P<pk>.+?)(?:\s+(?:gsi1)?sk: (?P<sk>.+))?")


class AccessPattern(NamedTuple):
    """A question that a key answers. `sk` is empty for a whole partition."""

    question: str
    is_index: bool
    pk: str
    sk: str


class StoredItem(NamedTuple):
    """A class of stored items with its discriminator, summary and access patterns."""

    file: Path
    name: str
    discriminator: str
    summary: str
    patterns: tuple[AccessPattern, ...]

    @property
    def owner(self) -> str:
        """The owner of the first known key prefix in its patterns."""
        prefixes = (re.split(r"[#…]", pattern.pk)[0] for pattern in self.patterns)
        return next((OWNERS[prefix] for prefix in prefixes if prefix in OWNERS), "")


def access_pattern_tables() -> str:
    """Return a table of items for each owner, with its key prefixes as heading.

    Raises:
        CommandError: an item has no access pattern, or a key prefix without an owner.
    """
    by_owner: dict[str, list[StoredItem]] = defaultdict(list)
    for item in stored_items():
        if not item.patterns or not item.owner:
            place = f"{item.file.relative_to(paths.ROOT)}: {item.name}"
            raise CommandError(f"{place} needs a comment '# P  question   pk: KEY   sk: KEY' with a known key prefix")
        by_owner[item.owner].append(item)
    sections = []
    for owner in dict.fromkeys(OWNERS.values()):
        prefixes = ", ".join(f"`{prefix}`" for prefix, owned_by in OWNERS.items() if owned_by == owner)
        rows = [row for item in by_owner[owner] for row in _rows(item)]
        header = "| Item | pk | sk | Answers |\n|---|---|---|---|"
        sections.append("\n".join([f"### {owner}: {prefixes}\n", header, *rows]))
    return "\n\n".join(sections)


def stored_items(root: Path = paths.ROOT) -> list[StoredItem]:
    """Return every class of stored items: those with a discriminator."""
    files = [file for folder in _FOLDERS for file in sorted((root / folder).rglob("*.py"))]
    return [item for file in files for item in _items_in(file)]


def _items_in(file: Path) -> Iterator[StoredItem]:
    source = file.read_text("utf-8")
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef):
            continue
        discriminator = next((keyword.value for keyword in node.keywords if keyword.arg == "discriminator"), None)
        if isinstance(discriminator, ast.Constant):
            summary = _first_sentence(ast.get_docstring(node) or "")
            patterns = tuple(_patterns_above(source.splitlines(), node.lineno - 1))
            yield StoredItem(file, node.name, str(discriminator.value), summary, patterns)


def _patterns_above(lines: list[str], line: int) -> list[AccessPattern]:
    found: list[AccessPattern] = []
    while line and lines[line - 1].startswith("#"):
        line -= 1
        if match := _PATTERN.fullmatch(lines[line].rstrip()):
            found.insert(0, AccessPattern(match["question"], bool(match["index"]), match["pk"], match["sk"] or ""))
    return found


def _first_sentence(docstring: str) -> str:
    paragraph = " ".join(docstring.partition("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", paragraph)[0].rstrip(".")


def _rows(item: StoredItem) -> Iterator[str]:
    link = f"../{item.file.relative_to(paths.ROOT).as_posix()}#{item.name}"
    title = f"[{item.name}]({link}) `{item.discriminator}`: {item.summary}"
    for number, pattern in enumerate(item.patterns):
        place = " in `gsi1`" if pattern.is_index else ""
        cells = "" if number else title, _code(pattern.pk) + place, _code(pattern.sk), pattern.question
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _code(key: str) -> str:
    is_key = key.startswith("<") or key[:1].isupper()
    return f"`{key}`" if is_key else key
