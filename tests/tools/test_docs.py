"""Generated documentation: the committed files are up to date; missing markers and patterns are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import docs, paths
from tools.docs import access_patterns, functions
from tools.docs.access_patterns import AccessPattern
from tools.errors import CommandError


def test_committed_documentation_is_up_to_date() -> None:
    outdated = [file for file, text in docs.generate().items() if file.read_text(encoding="utf-8") != text]
    assert [str(file.relative_to(paths.ROOT)) for file in outdated] == [], "run `make docs` and commit the files"


def test_generated_part_replaces_only_the_text_between_the_markers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    file = tmp_path / "page.md"
    file.write_text(f"before\n{docs.BEGIN}\nold\n{docs.END}\nafter\n")
    assert docs.insert(file, "new") == f"before\n{docs.BEGIN}\n\nnew\n\n{docs.END}\nafter\n"


@pytest.mark.parametrize("text", ["", docs.BEGIN, f"{docs.END}\n{docs.BEGIN}", f"{docs.BEGIN}{docs.END}" * 2])
def test_page_without_both_markers_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    file = tmp_path / "page.md"
    file.write_text(text)
    with pytest.raises(CommandError, match=r"page\.md: add the lines"):
        docs.insert(file, "new")


ITEM = '''
#: No pattern.
# P  one thing            pk: ORDERS#<dealer>  sk: THING#<n>
# P  things of a state    gsi1pk: ORDERS#<a|b>
class ThingItem(Item, discriminator="thing"):
    """A thing of `a.b` in
    two lines. More about it.

    And more.
    """
'''


def test_item_class_is_read_with_its_patterns_and_summary(tmp_path: Path) -> None:
    folder = tmp_path / "services"
    folder.mkdir()
    (folder / "items.py").write_text(ITEM)
    (item,) = access_patterns.stored_items(tmp_path)
    assert (item.name, item.discriminator, item.owner) == ("ThingItem", "thing", "orders")
    assert item.summary == "A thing of `a.b` in two lines"
    assert item.patterns == (
        AccessPattern("one thing", False, "ORDERS#<dealer>", "THING#<n>"),
        AccessPattern("things of a state", True, "ORDERS#<a|b>", ""),
    )


@pytest.mark.parametrize("patterns", [(), (AccessPattern("a thing", False, "NOWHERE#<x>", "X"),)])
def test_item_without_a_pattern_or_owner_is_refused(
    monkeypatch: pytest.MonkeyPatch, patterns: tuple[AccessPattern, ...]
) -> None:
    item = access_patterns.stored_items()[0]
    monkeypatch.setattr(access_patterns, "stored_items", lambda: [item._replace(patterns=patterns)])
    with pytest.raises(CommandError, match=item.name):
        access_patterns.access_pattern_tables()


def test_function_table_has_routes_queues_and_schedules() -> None:
    table = functions.function_table("orders")
    assert "| `api_handler` |" in table and "routes" in table
    assert "queue `reserve-stock.fifo`, dead letters in `reserve-stock-dlq.fifo`; commands" in table
    assert "queue `update-credit`" in table and "`payment.posted.v1`" in table
    assert "| `sweep_orders` | schedule, every minute | – | 60 s |" in table
