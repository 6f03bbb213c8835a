"""Generate the parts of the documentation that follow from code: `make docs`.

    openapi            docs/openapi.json
    access_patterns    tables of stored items in docs/access-patterns.md
    functions          tables of functions and queues in the README of each service
    events             table of events and their handlers in docs/events.md

Generated parts of a Markdown file are between two markers; everything else is written by hand.
"""

from __future__ import annotations

from pathlib import Path

from tools import openapi, paths
from tools.docs import access_patterns, events, functions
from tools.errors import CommandError

BEGIN, END = "<!-- generated: make docs -->", "<!-- end of generated -->"


def generate() -> dict[Path, str]:
    """Return the text of every file with generated parts, by path.

    Raises:
        CommandError: a file has no markers, or an item class no access pattern.
    """
    patterns = paths.ROOT / "docs" / "access-patterns.md"
    event_page = paths.ROOT / "docs" / "events.md"
    files = {
        paths.OPENAPI: openapi.openapi_text(),
        patterns: insert(patterns, access_patterns.access_pattern_tables()),
        event_page: insert(event_page, events.event_table()),
    }
    for service in paths.services():
        readme = paths.source(service) / "README.md"
        files[readme] = insert(readme, functions.function_table(service))
    return files


def write() -> list[Path]:
    """Write every file whose generated text changed, and return their paths."""
    generated = generate()
    changed = [file for file, text in generated.items() if not file.is_file() or file.read_text("utf-8") != text]
    for file in changed:
        file.write_text(generated[file], "utf-8")
    return changed


def insert(file: Path, generated: str) -> str:
    """Return the text of a file with new content between its markers.

    Raises:
        CommandError: the file does not have both markers once.
    """
    text = file.read_text("utf-8")
    if (text.count(BEGIN), text.count(END)) != (1, 1) or text.index(BEGIN) > text.index(END):
        name = file.relative_to(paths.ROOT)
        raise CommandError(f"{name}: add the lines '{BEGIN}' and '{END}', once each, around the generated part")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{generated.strip()}\n\n{END}{after}"
