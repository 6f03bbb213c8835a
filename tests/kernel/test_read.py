"""Reads by key and queries page by page, on the table and on the index."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.store.items import Index, Item
from kernel.store.read import fetch, fetch_one, query_all, query_page
from tests.fast_aws.interception import Answer, Layer, Proceed, Request, intercept
from tests.kernel.sample_items import JarItem, LidItem, jar
from tests.support import faults
from tests.support.world import World


def test_fetch_returns_stored_items_and_leaves_out_absent_ones(world: World) -> None:
    jar("a", 1).save()
    jar("b", 2).save()
    found = fetch([("JARS", "a"), ("JARS", "x"), ("JARS", "b"), ("JARS", "a")])
    assert {key[1]: item.pieces for key, item in found.items() if isinstance(item, JarItem)} == {"a": 1, "b": 2}
    assert fetch([]) == {}
    assert fetch_one(JarItem, ("JARS", "x")) is None


def test_fetch_reads_more_keys_than_one_call_takes(world: World) -> None:
    with Item.batch_write() as batch:
        for number in range(230):
            batch.save(jar(f"{number:03d}", number))
    assert len(fetch(("JARS", f"{number:03d}") for number in range(240))) == 230


@pytest.mark.parametrize("newest_first", [False, True])
def test_query_pages_continue_to_the_last_item(world: World, newest_first: bool) -> None:
    for number in range(7):
        jar(f"{number}").save()
    found: list[str] = []
    start = None
    while True:
        page = query_page(JarItem, "JARS", limit=3, start=start, newest_first=newest_first)
        found += [item.sk for item in page.items]
        start = page.next_key
        if start is None:
            break
    assert (
        found
        == sorted(found, reverse=newest_first)
        == sorted((str(number) for number in range(7)), reverse=newest_first)
    )


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("page_size", [None, 1, 3, 7, 100])
def test_query_all_yields_every_item_in_key_order(world: World, page_size: int | None, newest_first: bool) -> None:
    for number in range(7):
        jar(f"{number}", gsi1pk="WAITING", gsi1sk=f"{9 - number}").save()
    jar("other", gsi1pk="OTHER", gsi1sk="1").save()
    in_table = query_all(JarItem, "JARS", sk=JarItem.sk < "o", page_size=page_size, newest_first=newest_first)
    names = [str(number) for number in range(7)]
    assert [item.sk for item in in_table] == sorted(names, reverse=newest_first)
    in_index = query_all(JarItem, "WAITING", on_index=True, page_size=page_size, newest_first=newest_first)
    assert [item.sk for item in in_index] == sorted(names, reverse=not newest_first)
    some = query_all(JarItem, "WAITING", sk=Index.gsi1sk > "6", on_index=True, page_size=page_size)
    assert [item.sk for item in some] == ["2", "1", "0"]


def test_query_all_reads_a_page_when_its_first_item_is_needed(world: World) -> None:
    for number in range(5):
        jar(f"{number}").save()
    with faults.watched(faults.Run()) as run:
        items = query_all(JarItem, "JARS", page_size=2)
        assert run.calls == []
        assert [next(items).sk, next(items).sk] == ["0", "1"]
        assert [call.operation for call in run.calls] == ["Query"]
        assert [item.sk for item in items] == ["2", "3", "4"]
    assert [call.operation for call in run.calls] == ["Query"] * 3


def test_index_query_returns_only_items_with_index_keys(world: World) -> None:
    jar("a", gsi1pk="WAITING", gsi1sk="2").save()
    jar("b").save()
    jar("c", gsi1pk="WAITING", gsi1sk="1").save()
    page = query_page(JarItem, "WAITING", on_index=True, limit=10)
    assert [item.sk for item in page.items] == ["c", "a"]
    older = query_page(JarItem, "WAITING", sk=Index.gsi1sk < "2", on_index=True, limit=10)
    assert [item.sk for item in older.items] == ["c"]


@pytest.mark.parametrize("on_index", [False, True])
@pytest.mark.parametrize("condition", ["", "2"])
@pytest.mark.parametrize("kind", [JarItem, Item], ids=lambda kind: kind.__name__)
def test_query_sends_the_requests_of_pynamodb(
    fast_world: World, kind: type[Item], condition: str, on_index: bool
) -> None:
    for number in range(5):
        jar(f"{number}", gsi1pk="JARS", gsi1sk=f"{number}").save()
    sort_key = Index.gsi1sk if on_index else Item.sk
    sent: list[dict[str, Any]] = []

    def record(request: Request, proceed: Proceed) -> Answer:
        sent.append(request.params)
        return proceed(request)

    pynamodb_query: Any = kind.gsi1.query if on_index else kind.query
    consistent = {} if on_index else {"consistent_read": True}
    with intercept(Layer.RECORD, record):
        some = sort_key < condition if condition else None
        ours = [item.sk for item in query_all(kind, "JARS", sk=some, on_index=on_index, page_size=2)]
        first, sent[:] = sent[:], []
        theirs = pynamodb_query("JARS", some, page_size=2, scan_index_forward=True, **consistent)
        assert [item.sk for item in theirs] == ours
    assert first == sent


@pytest.mark.parametrize("on_index", [False, True])
def test_short_page_of_dynamodb_continues_after_the_last_item_taken(fast_world: World, on_index: bool) -> None:
    for number in range(6):
        keys = {"gsi1pk": "JARS", "gsi1sk": f"{number}"}
        item = LidItem("JARS", f"{number}", colour="red", **keys) if number == 1 else jar(f"{number}", **keys)
        item.save()
    pynamodb_query: Any = JarItem.gsi1.query if on_index else JarItem.query
    page = query_page(JarItem, "JARS", on_index=on_index, limit=3)
    theirs = pynamodb_query("JARS", limit=3, scan_index_forward=True)
    assert [item.sk for item in page.items] == [item.sk for item in theirs] == ["0", "2", "3"]
    assert page.next_key == theirs.last_evaluated_key
    rest = query_page(JarItem, "JARS", on_index=on_index, limit=3, start=page.next_key)
    assert [item.sk for item in rest.items] == ["4", "5"]
