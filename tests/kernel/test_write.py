"""Writes beside a plain transaction: retries, versions, batches, removal from the index."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynamodb.exceptions import PynamoDBException

from kernel.base.problems import Busy, Stale
from kernel.store.read import fetch_one, query_all
from kernel.store.transaction import CancellationReason, Transaction, TransactionRefused
from kernel.store.write import batches, remove_from_index, replace_version, retry_on_conflict
from tests.kernel.sample_items import JarItem, LabelledItem, jar, pieces
from tests.support.world import World


def _failing(*errors: Exception) -> tuple[Callable[[], str], list[int]]:
    """Return work that raises these errors one after the other, then succeeds; and the list of its runs."""
    runs: list[int] = []

    def work() -> str:
        runs.append(len(runs))
        if len(runs) <= len(errors):
            raise errors[len(runs) - 1]
        return "done"

    return work, runs


def _refused(*labels: str) -> TransactionRefused:
    return TransactionRefused({label: CancellationReason("ConditionalCheckFailed", None) for label in labels})


@pytest.mark.parametrize("conflicts", [0, 1, 4])
def test_retry_repeats_refused_work_until_it_succeeds(conflicts: int) -> None:
    work, runs = _failing(*[_refused("item")] * conflicts)
    assert retry_on_conflict(5, work) == "done"
    assert len(runs) == conflicts + 1


def test_retry_raises_busy_after_the_last_attempt() -> None:
    work, runs = _failing(*[_refused("item")] * 5)
    with pytest.raises(Busy):
        retry_on_conflict(5, work)
    assert len(runs) == 5


def test_retry_raises_at_once_when_the_refusal_cannot_be_avoided() -> None:
    final = _refused("item", "idempotency key")
    work, runs = _failing(_refused("item"), final)
    with pytest.raises(TransactionRefused) as raised:
        retry_on_conflict(5, work, retry_if=lambda refused: "idempotency key" not in refused)
    assert raised.value is final
    assert len(runs) == 2


@pytest.mark.parametrize("error", [Busy(), Stale(), RuntimeError("broken")])
def test_retry_raises_any_other_exception_at_once(error: Exception) -> None:
    work, runs = _failing(error)
    with pytest.raises(type(error)) as raised:
        retry_on_conflict(5, work)
    assert raised.value is error
    assert len(runs) == 1


def test_retried_work_reads_what_another_writer_stored(world: World) -> None:
    jar("a", 1).save()
    rivals = iter([5])

    def add_one() -> int:
        found = fetch_one(JarItem, ("JARS", "a"))
        assert found is not None
        for number in rivals:
            jar("a", number).save()
        transaction = Transaction()
        expected = {"pieces": found.pieces}
        transaction.update_fields(JarItem, ("JARS", "a"), {"pieces": found.pieces + 1}, expected=expected, label="a")
        transaction.commit()
        return found.pieces + 1

    assert retry_on_conflict(2, add_one) == 6
    assert pieces("a") == 6


def test_version_is_replaced_once_when_the_write_is_repeated(world: World) -> None:
    replace_version(LabelledItem("LABELS", "a", version=1, text="first"), 0)
    for _ in range(2):
        replace_version(LabelledItem("LABELS", "a", version=2, text="second"), 1)
    before = world.snapshot()
    for item, replaced in [
        (LabelledItem("LABELS", "a", version=2, text="other"), 1),
        (LabelledItem("LABELS", "a", version=1, text="first"), 0),
        (LabelledItem("LABELS", "b", version=2, text="second"), 1),
    ]:
        with pytest.raises(Stale):
            replace_version(item, replaced)
    assert world.snapshot() == before


def test_removal_from_index_keeps_the_item_and_its_other_fields(world: World) -> None:
    jar("a", 3, label="plums", gsi1pk="WAITING", gsi1sk="1").save()
    found = fetch_one(JarItem, ("JARS", "a"))
    assert found is not None
    remove_from_index(found)
    assert list(query_all(JarItem, "WAITING", on_index=True)) == []
    after = fetch_one(JarItem, ("JARS", "a"))
    assert after and (after.pieces, after.label, after.gsi1pk, after.gsi1sk) == (3, "plums", None, None)


def test_removal_from_index_does_not_create_a_deleted_item(world: World) -> None:
    with pytest.raises(PynamoDBException):
        remove_from_index(jar("a", gsi1pk="WAITING", gsi1sk="1"))
    assert world.items("JARS") == []


@given(st.lists(st.sets(st.integers(0, 30), min_size=1, max_size=8), max_size=40), st.integers(8, 20))
def test_batches_keep_order_and_never_exceed_the_item_limit(work: list[set[int]], most: int) -> None:
    made = list(batches(work, lambda piece: piece, most))
    assert [piece for batch in made for piece in batch] == work
    assert all(len(set[int]().union(*batch)) <= most for batch in made)
    assert all(len(set[int]().union(*batch, following[0])) > most for batch, following in pairwise(made))
