"""Checks of a replay: which promises of the API its record contradicts. No clock, no network."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from kernel.time.clock import parse_stamp
from tools.replay.record import FinalOrder, ReplayRecord

#: Time within which staff must see a new order.
VISIBLE_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Check:
    """One promise of the API, Chinese / English, and everything in the record that contradicts it."""

    name: str
    contradictions: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """True without a contradiction."""
        return not self.contradictions


@dataclass(frozen=True)
class Percentiles:
    """Nearest-rank percentiles of durations in seconds; None without a duration."""

    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Percentiles:
        """Return the percentiles of these durations."""
        ordered = sorted(seconds)

        def rank(percent: int) -> float | None:
            return round(ordered[max(ceil(len(ordered) * percent / 100), 1) - 1], 3) if ordered else None

        return cls(rank(50), rank(95), rank(99), rank(100))


@dataclass(frozen=True)
class ReplayResult:
    """Figures and checks of a replay. Amounts are fen."""

    run: str
    figures: dict[str, Any]
    submit: Percentiles
    visible: Percentiles
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """True if every check passed."""
        return all(check.passed for check in self.checks)


def check_replay(record: ReplayRecord) -> ReplayResult:
    """Return the figures of a record and its checks."""
    visible = {
        submission.order_id: _visible_after(record.final_orders[submission.order_id]) for submission in record.accepted
    }
    to_visible = Percentiles.of([seconds for seconds in visible.values() if seconds is not None])
    checks = (
        Check("每单必答 / every order was answered", tuple(_unanswered(record))),
        Check("零丢单 / no order was lost", tuple(_lost(record))),
        Check("零重单 / no order was doubled", tuple(_doubled(record))),
        Check("同键同答 / the same key gave the same answer", tuple(_differing_responses(record))),
        Check("金额与文件一致 / orders have the amounts of the file", tuple(_differing_amounts(record))),
        Check(
            f"{VISIBLE_WITHIN_SECONDS} 秒内可见 / staff saw them in time", tuple(_visible_late(visible, to_visible.p99))
        ),
        Check("有货必发 / all ordered pieces in stock were shipped", tuple(_unshipped(record))),
        Check("对账单与发货一致 / statements match shipments", tuple(_charged_otherwise(record))),
        Check("不变量成立 / stock, orders and ledger add up", record.findings),
    )
    submit = Percentiles.of([seconds for submission in record.submissions for seconds in submission.seconds])
    return ReplayResult(record.run, _figures(record), submit, to_visible, checks)


def _figures(record: ReplayRecord) -> dict[str, Any]:
    accepted = record.accepted
    orders = [final.order for final in record.final_orders.values() if final.order]
    return {
        "rows": record.rows,
        "set_aside": record.skipped,
        "invoices_without_lines": record.invoices_without_lines,
        "orders": len(record.submissions),
        "accepted": len(accepted),
        "refused": dict(Counter(submission.refusal for submission in record.submissions if submission.refusal)),
        "lines": sum(len(submission.order.lines) for submission in accepted),
        "longest_order": max((len(submission.order.lines) for submission in accepted), default=0),
        "dealers": len(record.final_dealers),
        "sent_more_than_once": sum(len(submission.responses) > 1 for submission in accepted),
        "retries": record.retries,
        "file_fen": sum(submission.order.gross_fen for submission in accepted),
        "shipped_fen": sum(final.shipped_fen for final in record.final_orders.values()),
        "charged_fen": sum(final.charged_fen for final in record.final_dealers.values()),
        "pieces_shipped": sum(order["shipped"] for order in orders),
        "pieces_backordered": sum(order["backordered"] for order in orders),
        "seconds": {phase: round(seconds, 1) for phase, seconds in record.seconds.items()},
    }


def _visible_after(final: FinalOrder) -> float | None:
    """Return the seconds from submission until staff could see the order, by the system's clock."""
    if final.order is None or final.order["visible_at"] is None:
        return None
    return (parse_stamp(final.order["visible_at"]) - parse_stamp(final.order["submitted_at"])).total_seconds()


def _unanswered(record: ReplayRecord) -> Iterator[str]:
    for submission in record.submissions:
        if submission.refusal == "unanswered":
            yield f"{submission.order.number}: no answer after all retries"


def _lost(record: ReplayRecord) -> Iterator[str]:
    """Find accepted orders that are missing, missing in the dealer's list, or have other lines than were sent."""
    for submission in record.accepted:
        order_id, sent = submission.order_id, submission.order
        order = record.final_orders[order_id].order
        if order is None:
            yield f"{order_id}: accepted, but not found"
        elif order_id not in record.final_dealers[submission.dealer.dealer_id].order_ids:
            yield f"{order_id}: not in its dealer's list"
        elif [(line["sku"], line["ordered"]) for line in order["lines"]] != list(sent.lines):
            yield f"{order_id}: its lines are not those of {sent.number}"
        elif order["purchase_order"] != sent.number:
            yield f"{order_id}: is {order['purchase_order']}, not {sent.number}"


def _doubled(record: ReplayRecord) -> Iterator[str]:
    """Find dealers whose orders are not numbered from 1 to the number of accepted orders, each once."""
    accepted: dict[str, list[str]] = defaultdict(list)
    for submission in record.accepted:
        accepted[submission.dealer.dealer_id].append(submission.order_id)
    for dealer_id, dealer in record.final_dealers.items():
        expected = [f"{dealer_id}-{number:06d}" for number in range(1, len(accepted[dealer_id]) + 1)]
        if sorted(dealer.order_ids) != expected:
            yield f"{dealer_id}: {len(dealer.order_ids)} orders listed, {len(expected)} accepted"
        if sorted(accepted[dealer_id]) != expected:
            yield f"{dealer_id}: numbers {sorted(accepted[dealer_id])[:3]}… are not 1 to {len(expected)}, each once"


def _differing_responses(record: ReplayRecord) -> Iterator[str]:
    for submission in record.accepted:
        if any(response != submission.responses[0] for response in submission.responses):
            yield f"{submission.order_id}: responses under one key differ"


def _differing_amounts(record: ReplayRecord) -> Iterator[str]:
    for submission in record.accepted:
        order = record.final_orders[submission.order_id].order
        amounts = {
            submission.responses[0]["gross_fen"],
            order["gross_fen"] if order else None,
            submission.order.gross_fen,
        }
        if len(amounts) > 1:
            yield f"{submission.order_id}: confirmation, order and file differ: {amounts} fen"


def _visible_late(visible: dict[str, float | None], p99: float | None) -> Iterator[str]:
    for order_id, seconds in visible.items():
        if seconds is None:
            yield f"{order_id}: never became visible"
    if p99 is not None and p99 > VISIBLE_WITHIN_SECONDS:
        yield f"p99 is {p99} s"


def _unshipped(record: ReplayRecord) -> Iterator[str]:
    """Find SKUs of which not all ordered pieces in stock were shipped, and lines whose rest is not backordered."""
    ordered: Counter[str] = Counter()
    shipped: Counter[str] = Counter()
    for submission in record.accepted:
        for sku, pieces in submission.order.lines:
            ordered[sku] += pieces
        order = record.final_orders[submission.order_id].order
        if order is None or order["state"] == "submitted":
            yield f"{submission.order_id}: its stock was never decided"
            continue
        for line in order["lines"]:
            shipped[line["sku"]] += line["shipped"]
            if line["shipped"] + line["backordered"] != line["ordered"]:
                number = line["line_no"]
                pieces_of_line = f"{line['shipped']} shipped, {line['backordered']} backordered"
                yield f"{submission.order_id} line {number}: {pieces_of_line}"
    for sku, pieces in ordered.items():
        if shipped[sku] != min(pieces, record.stock[sku]):
            yield f"{sku}: {shipped[sku]} of {pieces} shipped, {record.stock[sku]} were in stock"


def _charged_otherwise(record: ReplayRecord) -> Iterator[str]:
    shipped: Counter[str] = Counter()
    for submission in record.accepted:
        shipped[submission.dealer.dealer_id] += record.final_orders[submission.order_id].shipped_fen
    for dealer_id, dealer in record.final_dealers.items():
        if dealer.charged_fen != shipped[dealer_id]:
            yield f"{dealer_id}: charged {dealer.charged_fen} fen, shipped {shipped[dealer_id]}"
