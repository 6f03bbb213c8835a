"""Links, names and words of the documents: each exists in the repository and in the code."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from kernel.store.table import OWNERS
from tools import paths
from tools.stage import load_app

ROOT = paths.ROOT
_NOT_OURS = {"build", "node_modules"}
_CODE_FOLDERS = ("contracts", "kernel", "reads", "services")

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE_REFERENCE = re.compile(r"`([\w./-]+/[\w.-]+\.py)(?::([A-Za-z_][\w.]*))?`")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*$", re.MULTILINE)


def _documents() -> list[Path]:
    """Every Markdown file of the repository, without what is generated or installed in it."""
    found = []
    for folder, below, files in os.walk(ROOT):
        below[:] = [name for name in below if not name.startswith(".") and name not in _NOT_OURS]
        found += [Path(folder, name) for name in files if name.endswith(".md")]
    return sorted(found)


def _prose(document: Path) -> str:
    """The text without fenced blocks, in which nothing is a link."""
    return _FENCE.sub("", document.read_text(encoding="utf-8"))


@cache
def _names_in(module: Path) -> frozenset[str]:
    """Names that a module defines: `function`, `Class`, `Class.method`, `CONSTANT`."""
    return frozenset(_defined(ast.parse(module.read_text(encoding="utf-8")).body, ""))


def _defined(body: list[ast.stmt], within: str) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield within + node.name
            case ast.ClassDef():
                yield within + node.name
                yield from _defined(node.body, f"{within}{node.name}.")
            case ast.Assign():
                yield from (within + target.id for target in node.targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield within + name


def _anchors(document: Path) -> set[str]:
    """The fragments of a Markdown file's headings, as code hosts make them."""
    headings = (heading for _, heading in _HEADING.findall(_prose(document)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _broken_link(document: Path, target: str) -> str | None:
    path, _, fragment = unquote(target).partition("#")
    file = (document.parent / path).resolve() if path else document
    if not file.exists():
        return f"{target}: no such file"
    if fragment and file.suffix == ".py" and fragment not in _names_in(file):
        return f"{target}: {file.name} defines no {fragment}"
    if fragment and file.suffix == ".md" and fragment not in _anchors(file):
        return f"{target}: {file.name} has no such heading"
    return None


def _broken_reference(path: str, name: str) -> str | None:
    file = ROOT / path
    if not file.is_file():
        return f"`{path}`: no such file"
    if name and name not in _names_in(file):
        return f"`{path}:{name}`: no such name there"
    return None


@pytest.mark.parametrize("document", _documents(), ids=lambda document: str(document.relative_to(ROOT)))
def test_every_link_and_every_piece_of_code_a_document_names_exists(document: Path) -> None:
    prose = _prose(document)
    links = [link for link in _LINK.findall(prose) if not re.match(r"[a-z]+:", link)]
    broken = [_broken_link(document, link) for link in links]
    broken += [_broken_reference(*reference) for reference in _CODE_REFERENCE.findall(prose)]
    assert [problem for problem in broken if problem] == []


def test_what_is_missing_is_noticed(tmp_path: Path) -> None:
    """The check itself is checked: it must not pass because it sees nothing."""
    document = tmp_path / "page.md"
    document.write_text(
        "# 标题 One\n[a](code.py#there) [b](code.py#Class.method) [c](#标题-one)\n```\n[d](gone.md)\n```\n"
    )
    (tmp_path / "code.py").write_text("there = 1\nclass Class:\n    def method(self): ...\n")
    links = _LINK.findall(_prose(document))
    assert [_broken_link(document, link) for link in links] == [None, None, None]
    for broken in ("gone.md", "code.py#gone", "code.py#method", "#gone"):
        assert _broken_link(document, broken)
    assert _broken_reference("kernel/http/app.py", "gone") and _broken_reference("kernel/gone.py", "")
    assert _broken_reference("kernel/http/app.py", "ServiceApp.operation") is None


def test_the_chinese_readme_is_built_like_the_english_one() -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh.md"
    levels = [[level for level, _ in _HEADING.findall(_prose(readme))] for readme in (english, chinese)]
    assert levels[0] == levels[1]
    commands = [
        re.findall(r"^```.*?^```", readme.read_text(), re.MULTILINE | re.DOTALL) for readme in (english, chinese)
    ]
    assert len(commands[0]) == len(commands[1])


# ---- the glossary ----


def _glossary() -> list[tuple[str, str, list[str], str]]:
    """Chinese, English, names in code, meaning: per row of the glossary's tables."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    terms = [row for row in rows if len(row) == 5 and row[2].startswith("`")]
    return [(row[0], row[1], re.findall(r"`([^`]+)`", row[2]), row[4]) for row in terms]


@cache
def _words_of_the_code() -> frozenset[str]:
    """Every name and every short string in the code of services, contracts and kernel."""
    words: set[str] = set()
    for folder in _CODE_FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                words |= _words(node)
    return frozenset(words)


def _words(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
            return {name}
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Constant(value=str() as text) if len(text) <= 60:
            return {text}
    return set()


def test_every_term_of_the_glossary_is_a_word_of_the_code() -> None:
    unknown = [name for _, _, names, _ in _glossary() for name in names if name not in _words_of_the_code()]
    assert unknown == []


def test_every_term_is_explained_once_in_both_languages() -> None:
    seen: set[str] = set()
    for chinese, english, names, meaning in _glossary():
        assert chinese and not chinese.isascii(), (chinese, english)
        assert english and english.isascii() and meaning, (chinese, english)
        assert names and not seen & set(names), names
        seen |= set(names)
    assert len(seen) > 50


def _published_and_enumerated() -> Iterator[str]:
    """Every published event and item, and every enumerated value."""
    for module in [
        *ROOT.glob("contracts/*.py"),
        *ROOT.glob("services/**/vocabulary.py"),
        *ROOT.glob("services/**/rules.py"),
        *ROOT.glob("services/**/lifecycle.py"),
        ROOT / "kernel" / "http" / "principal.py",
    ]:
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.ClassDef):
                continue
            bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
            if module.parent.name == "contracts" and not node.name.startswith("_"):
                yield node.name
            if "StrEnum" in bases:
                yield from (
                    str(one.value.value)
                    for one in node.body
                    if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)
                )


def test_everything_published_is_in_the_glossary() -> None:
    explained = {name for _, _, names, _ in _glossary() for name in names}
    missing = sorted(set(_published_and_enumerated()) - explained)
    assert missing == [], "add a line to docs/glossary.md for each"


# ---- the map of the table, the services, the decisions ----


def _stored_kinds() -> list[str]:
    """The class of every kind of item: those with a discriminator."""
    files = [file for folder in (*_CODE_FOLDERS, "infra") for file in (ROOT / folder).rglob("*.py")]
    return [
        node.name
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and any(keyword.arg == "discriminator" for keyword in node.keywords)
    ]


def test_every_kind_of_item_is_on_the_map_of_the_table() -> None:
    text = (ROOT / "docs" / "access-patterns.md").read_text(encoding="utf-8")
    kinds = _stored_kinds()
    assert len(kinds) > 30
    missing = [kind for kind in kinds if f"[{kind}](" not in text]
    assert not missing, f"run make docs: docs/access-patterns.md lacks {missing}"


def test_the_map_of_the_table_gives_every_key_prefix_to_its_owner() -> None:
    headings = _HEADING.findall((ROOT / "docs" / "access-patterns.md").read_text(encoding="utf-8"))
    owned = {
        prefix: owner
        for _, heading in headings
        if ": `" in heading
        for owner, prefixes in [heading.split(":", 1)]
        for prefix in re.findall(r"`(\w+)`", prefixes)
    }
    assert owned == OWNERS


def test_every_read_model_is_named_as_one() -> None:
    """Every stored kind in contracts is listed as readable by other services, and no other kind."""
    _, _, readable = (ROOT / "docs" / "access-patterns.md").read_text(encoding="utf-8").partition("\n## What other")
    in_contracts = {
        node.name
        for file in (ROOT / "contracts").glob("*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and any(keyword.arg == "discriminator" for keyword in node.keywords)
    }
    assert set(re.findall(r"^\| \[(\w+)\]\(", readable, re.MULTILINE)) == in_contracts


@pytest.mark.parametrize("service", [name for name in paths.services() if name != paths.RELAY])
def test_every_service_is_introduced_and_names_its_queues(service: str) -> None:
    readme = paths.source(service) / "README.md"
    assert readme.is_file()
    assert f"](services/{service}/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    text = readme.read_text(encoding="utf-8")
    consumers = [spec.function for spec in load_app(service).consumers]
    missing = [name for name in consumers if name not in text and name.replace("_", "-") not in text]
    assert not missing, f"run make docs: {readme.relative_to(ROOT)} lacks the queues of {missing}"


def test_every_page_is_on_the_map_of_the_documents() -> None:
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if page != "README.md" and f"]({page})" not in text] == []
