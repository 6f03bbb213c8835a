"""Rules of a settlement: who keeps reserved pieces, and what the others lose."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.grades import Grade
from services.orders.allocation.rules import AllocationRule, AllocationSettings
from services.orders.order.items import Order
from services.orders.settlement.rules import decide_who_keeps, next_loss
from tests.orders.order_samples import sample_order

RULES = st.sampled_from(list(AllocationRule))
ORDERS = st.lists(
    st.tuples(
        st.integers(1, 30),
        st.integers(0, 30),
        st.sampled_from(["ship_available", "wait", "all_or_nothing"]),
        st.sampled_from(list(Grade)),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(RULES, ORDERS, st.integers(0, 100), st.integers(1, 5))
def test_orders_keep_exactly_what_the_rule_gives_of_what_is_there(
    rule: AllocationRule, rows: list[Any], counted: int, pack: int
) -> None:
    orders = [
        sample_order(number, [(1, first), (2, second)], policy, grade, urgent)
        for number, (first, second, policy, grade, urgent) in enumerate(rows, 1)
    ]
    reserved = sum(first for first, *_ in rows)
    counted = min(counted, reserved)
    available = {1: counted - reserved} if counted < reserved else {}
    settings = AllocationSettings({Grade.A: 5}, pack)
    keeps = decide_who_keeps(rule, settings, available, orders)
    left = dict(available)
    for order in orders:
        left = _lose(order, keeps.get(order.header.order_id, {}), left)
    assert all(pieces >= 0 for pieces in left.values())
    lost = reserved - counted
    if lost and all(order.shortage_policy.accepts_partial for order in orders):
        # What all orders keep together is what is there, to the piece.
        kept = [keeps.get(order.header.order_id, {}).get(1, _has(order)) for order in orders]
        assert sum(kept) == counted
    for order in orders:
        if not order.shortage_policy.accepts_partial:
            assert keeps.get(order.header.order_id, {}).get(1, 0) == 0


def _has(order: Order) -> int:
    return sum(p.reserved for d, p in zip(order.demands, order.progress, strict=True) if d.sku_index == 1)


def _lose(order: Order, keeps: dict[int, int], available: dict[int, int]) -> dict[int, int]:
    loss = next_loss(order, keeps, available) if keeps else None
    if loss is None:
        return available
    assert loss.last
    return {at: pieces + loss.released.get(at, 0) for at, pieces in available.items()}
