"""Check the language of the repository: words that the glossary bans, docstrings, test names, commit titles.

    python -m tools.check_words [FILE ...]

The glossary decides: its column `never say` lists banned words. Code itself is not checked, only docstrings, comments,
Markdown prose, names of tests and the English half of bilingual texts.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tools import paths

GLOSSARY = paths.ROOT / "docs" / "glossary.md"
MAX_TEST_WORDS = 12
_MAX_TITLE = 72
_TITLE = re.compile(r"[a-z][a-z-]*: [a-z][^.]*[^.\s]")
#: A docstring begins with a verb or a noun, never with one of these.
_OPENINGS = re.compile(r"(What|Whatever|When|Where|Whether|Which|Who|Whoever|How|As|Of)\b")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CHINESE = re.compile("[\u4e00-\u9fff]")
_CODE = re.compile(r"`[^`]*`|\]\([^)]*\)")


class Fault(NamedTuple):
    """A place that breaks a rule of language, and what to write instead."""

    place: str
    detail: str

    def __str__(self) -> str:
        return f"{self.place}: {self.detail}"


@cache
def banned_words() -> dict[str, str]:
    """Return every banned word of the glossary with the term to use instead.

    A row of a glossary table is: 中文 · English · name in code · `never say` · meaning. Banned words are separated by
    commas.
    """
    banned: dict[str, str] = {}
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and cells[3] not in {"Never say", "---", ""}:
            banned |= {word.strip().lower(): cells[1] for word in cells[3].split(",")}
    return banned


@cache
def _banned_pattern() -> re.Pattern[str]:
    words = sorted(banned_words(), key=len, reverse=True)
    return re.compile(r"(?<![\w`/.-])(" + "|".join(map(re.escape, words)) + r")(?![\w`/-])", re.IGNORECASE)


def prose_faults(text: str, place: str, first_line: int = 1) -> Iterator[Fault]:
    """Yield the banned words in a text. Code in backticks and link targets are not prose."""
    plain = _CODE.sub(lambda code: " " * len(code[0]), text)
    for found in _banned_pattern().finditer(plain):
        line = first_line + plain.count("\n", 0, found.start())
        yield Fault(f"{place}:{line}", f"“{found[0]}” is banned; use: {banned_words()[found[0].lower()]}")


def python_faults(file: Path) -> Iterator[Fault]:
    """Yield the faults in docstrings, comments, test names and bilingual texts of a Python file."""
    source, place = file.read_text(encoding="utf-8"), _place(file)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith("#!"):
            yield from prose_faults(token.string, place, token.start[0])
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _docstring_faults(node, place)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield from _test_name_faults(node, place)
        if isinstance(node, ast.Constant | ast.JoinedStr):
            yield from _bilingual_faults(node, place)


def _bilingual_faults(node: ast.Constant | ast.JoinedStr, place: str) -> Iterator[Fault]:
    """Yield the banned words in the English half of a text such as 已发货 / shipped: dealers and clerks read it."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
    chinese, _, english = text.partition(" / ")
    if _CHINESE.search(chinese):
        yield from prose_faults(english, place, node.lineno)


def _docstring_faults(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, place: str
) -> Iterator[Fault]:
    docstring = ast.get_docstring(node, clean=False)
    if docstring is None:
        return
    line = node.body[0].lineno
    if opening := _OPENINGS.match(docstring.strip()):
        yield Fault(f"{place}:{line}", f"a docstring begins with a verb or a noun, not with “{opening[0]}”")
    yield from prose_faults(docstring, place, line)


def _test_name_faults(node: ast.FunctionDef, place: str) -> Iterator[Fault]:
    words = node.name.removeprefix("test_").split("_")
    if len(words) > MAX_TEST_WORDS:
        yield Fault(f"{place}:{node.lineno}", f"{node.name} has {len(words)} words, at most {MAX_TEST_WORDS}")
    yield from prose_faults(" ".join(words), place, node.lineno)


def markdown_faults(file: Path) -> Iterator[Fault]:
    """Yield the banned words in the prose of a Markdown file. The glossary itself may name them."""
    if file == GLOSSARY:
        return
    text = file.read_text(encoding="utf-8")
    yield from prose_faults(_FENCE.sub(lambda block: "\n" * block[0].count("\n"), text), _place(file))


def title_faults() -> Iterator[Fault]:
    """Yield the commit titles that are not `area: imperative verb + object`, since this check exists."""
    added = _git("log", "--diff-filter=A", "--format=%H", "--", "tools/check_words.py").split()
    if not added:
        return
    for line in _git("log", "--no-merges", "--format=%h %s", f"{added[-1]}..HEAD").splitlines():
        commit, _, title = line.partition(" ")
        if len(title) > _MAX_TITLE or not _TITLE.fullmatch(title):
            yield Fault(commit, f"commit title “{title}” is not `area: verb object` of at most {_MAX_TITLE} characters")


def file_faults(file: Path) -> Iterator[Fault]:
    """Yield the faults of one file; other kinds of files have none."""
    if file.suffix == ".py":
        yield from python_faults(file)
    elif file.suffix == ".md" and not file.name.endswith(".zh.md"):
        yield from markdown_faults(file)


def _all_files() -> list[Path]:
    """Every file of the project, committed or not. Packages that npm installed are not of the project."""
    folders = [folder for folder in paths.ROOT.iterdir() if folder.is_dir() and folder != paths.BUILD]
    inside = [file for folder in folders if not folder.name.startswith(".") for file in folder.rglob("*")]
    own = [file for file in inside if "node_modules" not in file.parts]
    return [file for file in sorted([*paths.ROOT.glob("*.md"), *own]) if file.is_file()]


def _place(file: Path) -> str:
    return str(file.relative_to(paths.ROOT)) if file.is_relative_to(paths.ROOT) else str(file)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=paths.ROOT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def main(names: list[str]) -> int:
    """Print every fault; return 1 if there is any."""
    files = [Path(name).resolve() for name in names]
    faults = [fault for file in files or _all_files() for fault in file_faults(file)]
    if not names:
        faults += title_faults()
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
