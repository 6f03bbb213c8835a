from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kernel.store.write import batches


@given(st.lists(st.sets(st.integers(0, 30), min_size=1, max_size=8), max_size=40), st.integers(8, 20))
def test_batches_keep_the_order_and_never_touch_more_items_than_allowed(work: list[set[int]], most: int) -> None:
    made = list(batches(work, lambda one: one, most))
    assert [one for batch in made for one in batch] == work
    assert all(len(set[int]().union(*batch)) <= most for batch in made)
    assert all(len(set[int]().union(*batch, following[0])) > most for batch, following in pairwise(made))
