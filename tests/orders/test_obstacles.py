"""Obstacles of an order: every action, against every change that came since it was submitted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dealers import DealerItem, dealer_key
from contracts.reconciliation import JournalReversed
from kernel.messaging.outbox import outbox_event
from services.orders.credit.obstacles import STOPPED_BY, DealerCredit, Obstacle, OrderCredit, obstacles
from services.orders.credit.receivables import Overdue
from services.orders.credit.refusals import require_no_obstacle
from services.orders.credit.rules import CreditRefusal
from services.orders.order.lifecycle import TRANSITIONS, Action
from services.orders.vocabulary import Hold
from tests.orders.client import OrdersClient
from tests.orders.test_credit import committed_fen
from tests.support.fixtures import counters, open_shop, order_of

#: Actions of people after the submit, from the state table.
BY_PEOPLE = sorted({action for (_, action), one in TRANSITIONS.items() if one.roles})
MUST_STAY_POSSIBLE = {
    Action.REJECT,
    Action.CANCEL,
    Action.CANCEL_LINES,
    Action.VOID_SHIPMENT,
    Action.REPORT_SHORT_PICK,
    Action.CHANGE_DELIVERY_ADDRESS,
}
GOES_ON = {Action.APPROVE, Action.SHIP, Action.EXTEND_RESERVATION}
SITUATIONS = {
    "as submitted": (OrderCredit(0), DealerCredit(True, 1_000, 900)),
    "suspended": (OrderCredit(0), DealerCredit(False, 1_000, 900)),
    "limit lowered": (OrderCredit(0), DealerCredit(True, 0, 900)),
    "payment reversed": (OrderCredit(0), DealerCredit(True, 1_000, 1_900)),
    "over limit at submit": (
        OrderCredit(200, frozenset({Hold.CREDIT}), undecided=True),
        DealerCredit(True, 1_000, 900),
    ),
    "limit lowered after finance accepted more": (OrderCredit(0), DealerCredit(True, 0, 900, 900)),
    "beyond what finance accepted": (OrderCredit(0), DealerCredit(True, 0, 901, 900)),
    "overdue": (OrderCredit(0), DealerCredit(True, 1_000, 900, overdue=Overdue(1, "2026-11-01"))),
    "overdue, and finance accepted it": (
        OrderCredit(0),
        DealerCredit(True, 1_000, 900, overdue=Overdue(5, "2026-11-01", 5)),
    ),
    "overdue beyond what finance accepted": (
        OrderCredit(0),
        DealerCredit(True, 1_000, 900, overdue=Overdue(6, "2026-11-01", 5)),
    ),
    "on hold since it was overdue at submit": (
        OrderCredit(100, frozenset({Hold.CREDIT}), undecided=True),
        DealerCredit(True, 1_000, 900, overdue=Overdue(5, "2026-11-01", 5)),
    ),
    "on hold, and paid since": (
        OrderCredit(100, frozenset({Hold.CREDIT}), undecided=True),
        DealerCredit(True, 1_000, 900),
    ),
    "overdue and over limit": (
        OrderCredit(0),
        DealerCredit(True, 0, 900, overdue=Overdue(1, "2026-11-01")),
    ),
}
GOES_ON_IN = {"as submitted", "limit lowered after finance accepted more", "overdue, and finance accepted it"}
OVERDUE_ONLY = {"overdue", "overdue beyond what finance accepted", "on hold since it was overdue at submit"}


def test_every_action_has_a_row() -> None:
    assert set(STOPPED_BY) == set(Action)
    assert set(Action) - {action for _, action in TRANSITIONS} == {Action.SUBMIT}


@pytest.mark.parametrize("action", BY_PEOPLE)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_order_goes_on_only_while_dealer_and_credit_allow(action: Action, situation: str) -> None:
    order, dealer_credit = SITUATIONS[situation]
    found = set(obstacles(action, order, dealer_credit)) - {Obstacle.STOCK_UNDECIDED}
    expected: set[Obstacle] = set()
    if action not in MUST_STAY_POSSIBLE:
        if situation == "suspended":
            expected = {Obstacle.DEALER_SUSPENDED}
        elif situation not in GOES_ON_IN and action in GOES_ON:
            expected = {Obstacle.DEBT_OVERDUE if situation in OVERDUE_ONLY else Obstacle.CREDIT_HOLD}
            expected |= {Obstacle.DEBT_OVERDUE} if situation == "overdue and over limit" else set()
    assert found == expected
    assert action in GOES_ON | MUST_STAY_POSSIBLE | {Action.RELEASE_HOLD}, "decide here what stops the new action"


_fen = st.integers(-5_000, 5_000)


@given(_fen, _fen, st.integers(0, 5_000), st.integers(0, 5_000), st.sampled_from(sorted(GOES_ON)))
def test_more_credit_never_stops_an_order(
    committed: int, value: int, limit: int, accepted: int, action: Action
) -> None:
    order = OrderCredit(abs(value))
    stopped = obstacles(action, order, DealerCredit(True, limit, committed, accepted))
    assert bool(stopped) == (committed + abs(value) > max(limit, accepted))
    assert not set(obstacles(action, order, DealerCredit(True, limit + 1, committed, accepted))) - set(stopped)
    at_submit = obstacles(Action.SUBMIT, order, DealerCredit(True, limit, committed, accepted))
    assert bool(at_submit) == (committed + abs(value) > limit), "what finance accepted is not for new orders"


def test_new_order_needs_every_overdue_debt_paid() -> None:
    for overdue in (Overdue(1, "2026-11-01"), Overdue(5, "2026-11-01", 5)):
        dealer_credit = DealerCredit(True, 1_000, 900, overdue=overdue)
        assert obstacles(Action.SUBMIT, OrderCredit(100), dealer_credit) == [Obstacle.DEBT_OVERDUE]
    assert not obstacles(Action.SUBMIT, OrderCredit(100), DealerCredit(True, 1_000, 900))


def test_refusal_names_overdue_amount_and_oldest_due_day() -> None:
    dealer_credit = DealerCredit(True, 100_00, 0, overdue=Overdue(123_45, "2026-11-01", 100_00))
    with pytest.raises(CreditRefusal) as refused:
        require_no_obstacle(Action.SHIP, OrderCredit(0), dealer_credit)
    problem = refused.value.document()
    assert (problem["code"], problem["reasons"], problem["holds"]) == ("debt-overdue", ["debt-overdue"], ["credit"])
    figures = problem["overdue_fen"], problem["oldest_due_on"], problem["accepted_overdue_fen"]
    assert figures == (12_345, "2026-11-01", 10_000)
    for text in problem["detail"].split(" / "):
        assert all(part in text for part in ("¥123.45", "2026-11-01", "¥100.00"))
    assert "exposure_fen" not in problem


def test_refusal_names_reasons_figures_and_remedy() -> None:
    with pytest.raises(Exception) as refused:
        require_no_obstacle(Action.SHIP, OrderCredit(0), DealerCredit(True, 100_00, 123_45))
    problem = refused.value.document()  # type: ignore[attr-defined]
    assert (problem["code"], problem["reasons"], problem["holds"]) == ("credit-hold", ["credit-hold"], ["credit"])
    assert (problem["exposure_fen"], problem["limit_fen"], problem["excess_fen"]) == (12_345, 10_000, 2_345)
    chinese, _, english = problem["detail"].partition(" / ")
    assert all(text in chinese for text in ("信用冻结", "¥123.45", "¥100.00", "¥23.45", "收到货款"))
    assert "payment" in english


# ---- over HTTP ----


def change_dealer(*, status: str | None = None, limit_fen: int | None = None) -> None:
    """Change a dealer's terms, as its import does."""
    dealer = DealerItem.get(*dealer_key("D0001"), consistent_read=True)
    dealer.version += 1
    dealer.status = status or dealer.status
    dealer.credit_limit_fen = dealer.credit_limit_fen if limit_fen is None else limit_fen
    dealer.save()


def reverse_payment(client: OrdersClient, fen: int) -> None:
    """Take a payment back, as a bounced cheque does."""
    reversed_payment = JournalReversed(
        journal_id="j1",
        dealer_id="D0001",
        document_kind="payment",
        document_id="p1",
        owed_change_fen=fen,
        reason="退票",
    )
    outbox_event(reversed_payment, pk="LEDGER#D0001", subject="j1", sequence=1, dealer_id="D0001").save()
    client.world.drain()


def minute_passes(client: OrdersClient) -> None:
    """Run the sweep, and deliver all messages."""
    client.world.clock.advance(minutes=1)
    client.world.periodic("orders", "sweep_orders")
    client.world.drain()


def test_order_of_a_suspended_dealer_only_ends(client: OrdersClient) -> None:
    open_shop()
    in_review, confirmed = client.accepted(order_of((1, 10))), client.approved(order_of((1, 10)))
    change_dealer(status="suspended")
    refusals = [
        client.act(in_review, "approve", {}),
        client.ship(confirmed),
        client.act(in_review, "extend-reservation", {"reason": "r"}),
    ]
    assert [(one.status, one.json["code"]) for one in refusals] == [(409, "dealer-not-active")] * 3
    assert client.show(in_review).json["reserved"] == 10, "nothing changed"
    assert client.act(in_review, "reject", {"reason": "停用"}).status == 200
    assert client.act(confirmed, "cancel", {"reason": "停用"}).status == 200
    assert counters(1) == (100, 0)


@pytest.mark.parametrize("stage", ["approve", "ship"])
@pytest.mark.parametrize("cause", ["limit lowered", "payment reversed"])
def test_order_beyond_the_limit_goes_on_hold_and_frees_its_stock(client: OrdersClient, stage: str, cause: str) -> None:
    open_shop(stock=10, credit_limit_fen=25_000)
    make = client.accepted if stage == "approve" else client.approved
    order_id = make(order_of((1, 10)))
    waiting = client.accepted(order_of((1, 4)), dealer="D0002")
    if cause == "limit lowered":
        change_dealer(limit_fen=0)
    else:
        reverse_payment(client, 25_000)
    before = committed_fen()
    for _ in range(2):
        refused = client.act(order_id, "approve", {}) if stage == "approve" else client.ship(order_id)
        assert (refused.status, refused.json["code"]) == (409, "credit-hold")
        assert refused.json["exposure_fen"] == before
    client.world.drain()
    shown = client.show(order_id).json
    assert (shown["holds"], shown["reserved"], shown["backordered"]) == (["credit"], 0, 0)
    assert committed_fen() == before - 12_500
    assert client.show(waiting).json["reserved"] == 4, "who can pay is served"
    client.world.redeliver_everything()
    assert client.act(order_id, "holds/credit/release", {"reason": "已核实"}, role="finance").status == 200
    client.world.drain()
    shown = client.show(order_id).json
    assert (shown["reserved"], shown["backordered"], committed_fen()) == (6, 4, before)


def test_order_on_credit_hold_waits_behind_those_who_can_pay(client: OrdersClient) -> None:
    open_shop(stock=10, credit_limit_fen=12_500)
    held = client.accepted(order_of((1, 11)))
    shown = client.show(held).json
    assert (shown["state"], shown["holds"], shown["reserved"]) == ("in_review", ["credit"], 0)
    assert shown["visible_at"]
    can_pay = client.accepted(order_of((1, 8)), dealer="D0002")
    assert client.show(can_pay).json["reserved"] == 8
    assert client.act(held, "holds/credit/release", {"reason": "已核实"}, role="finance").status == 200
    assert client.act(held, "approve", {}).json["code"] == "stock-undecided"
    client.world.drain()
    shown = client.show(held).json
    assert (shown["reserved"], shown["backordered"], shown["holds"]) == (2, 9, ["stock"])
    assert shown["backordered_since"] > shown["submitted_at"]


def test_higher_limit_releases_a_credit_hold_within_a_minute(client: OrdersClient) -> None:
    open_shop(credit_limit_fen=12_499)
    held = client.accepted(order_of((1, 10)))
    minute_passes(client)
    assert client.show(held).json["holds"] == ["credit"]
    change_dealer(limit_fen=12_500)
    minute_passes(client)
    shown = client.show(held).json
    assert (shown["holds"], shown["reserved"], committed_fen()) == ([], 10, 12_500)
    assert client.act(held, "approve", {}).status == 200


def test_release_lasts_for_the_amount_that_finance_saw(client: OrdersClient) -> None:
    open_shop(credit_limit_fen=10_000)
    order_id = client.accepted(order_of((1, 10)))
    assert client.act(order_id, "holds/credit/release", {"reason": "已核实"}, role="finance").status == 200
    client.world.drain()
    assert client.act(order_id, "approve", {}).status == 200
    change_dealer(limit_fen=0)
    assert client.ship(order_id, (1, 4)).status == 201, "finance has accepted this amount"
    client.world.drain()
    reverse_payment(client, 1)
    refused = client.ship(order_id)
    assert (refused.status, refused.json["code"]) == (409, "credit-hold")
    shown = client.show(order_id).json
    assert (shown["state"], shown["holds"], shown["reserved"], shown["shipped"]) == ("confirmed", ["credit"], 0, 4)
    assert client.act(order_id, "cancel", {"reason": "不要了"}).json["state"] == "closed"
    assert committed_fen() == 5_001


def test_order_on_credit_hold_uses_no_limit_of_other_orders(client: OrdersClient) -> None:
    open_shop(credit_limit_fen=12_500)
    beyond, within = client.accepted(order_of((1, 11))), client.accepted(order_of((1, 10)))
    assert [client.show(order_id).json["holds"] for order_id in (beyond, within)] == [["credit"], []]
    assert client.act(within, "approve", {}).status == 200
    assert client.act(beyond, "reject", {"reason": "r"}).status == 200
    assert committed_fen() == 12_500
