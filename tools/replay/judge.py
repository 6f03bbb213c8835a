"""Judge a replay: which promises were kept. Pure: what was seen goes in, verdicts and figures come out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from kernel.time.clock import parse_stamp
from tools.replay.record import Kept, Replay

#: Staff see an order within this time (F6).
VISIBLE_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Promise:
    """One promise in Chinese and English, and everything that contradicts it."""

    name: str
    broken_by: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """Nothing contradicts it."""
        return not self.broken_by


@dataclass(frozen=True)
class Spread:
    """How long something took, in seconds; None when it never happened."""

    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """Nearest-rank percentiles."""
        ordered = sorted(seconds)

        def rank(percent: int) -> float | None:
            return round(ordered[max(ceil(len(ordered) * percent / 100), 1) - 1], 3) if ordered else None

        return cls(rank(50), rank(95), rank(99), rank(100))


@dataclass(frozen=True)
class Verdict:
    """What a replay showed. Amounts in fen."""

    run: str
    figures: dict[str, Any]
    submit: Spread
    visible: Spread
    promises: tuple[Promise, ...]

    @property
    def kept(self) -> bool:
        """All promises were kept."""
        return all(promise.kept for promise in self.promises)


def judge(replay: Replay) -> Verdict:
    """The verdict on what was seen."""
    visible = {submission.order_id: _visible_after(replay.kept[submission.order_id]) for submission in replay.accepted}
    waits = [seconds for seconds in visible.values() if seconds is not None]
    promises = (
        Promise("每单必答 / every order was answered", tuple(_unanswered(replay))),
        Promise("零丢单 / no order was lost", tuple(_lost(replay))),
        Promise("零重单 / no order was doubled", tuple(_doubled(replay))),
        Promise("同键同答 / the same key gave the same answer", tuple(_differing(replay))),
        Promise("金额与文件一致 / orders are worth what the file says", tuple(_differing_from_file(replay))),
        Promise(
            f"{VISIBLE_WITHIN_SECONDS} 秒内可见 / staff saw them in time", tuple(_late(visible, Spread.of(waits).p99))
        ),
        Promise("有货必发 / whatever was there and wanted left", tuple(_withheld(replay))),
        Promise("对账单与发货一致 / statements say what was shipped", tuple(_misstated(replay))),
        Promise("不变量成立 / stock, orders and ledger add up", replay.findings),
    )
    submit = Spread.of([seconds for submission in replay.submissions for seconds in submission.seconds])
    return Verdict(replay.run, _figures(replay), submit, Spread.of(waits), promises)


def _figures(replay: Replay) -> dict[str, Any]:
    accepted = replay.accepted
    return {
        "rows": replay.rows,
        "set_aside": replay.set_aside,
        "invoices_without_lines": replay.empty_invoices,
        "orders": len(replay.submissions),
        "accepted": len(accepted),
        "refused": dict(Counter(one.refusal for one in replay.submissions if one.refusal)),
        "lines": sum(len(one.order.lines) for one in accepted),
        "longest_order": max((len(one.order.lines) for one in accepted), default=0),
        "dealers": len(replay.books),
        "sent_more_than_once": sum(len(one.answers) > 1 for one in accepted),
        "retries": replay.retries,
        "file_fen": sum(one.order.gross_fen for one in accepted),
        "shipped_fen": sum(kept.shipped_fen for kept in replay.kept.values()),
        "charged_fen": sum(books.charged_fen for books in replay.books.values()),
        "pieces_shipped": sum(kept.order["shipped"] for kept in replay.kept.values() if kept.order),
        "pieces_backordered": sum(kept.order["backordered"] for kept in replay.kept.values() if kept.order),
        "seconds": {phase: round(seconds, 1) for phase, seconds in replay.seconds.items()},
    }


def _visible_after(kept: Kept) -> float | None:
    """Seconds from submission until staff could see it, by the system's own clock."""
    if kept.order is None or kept.order["visible_at"] is None:
        return None
    return (parse_stamp(kept.order["visible_at"]) - parse_stamp(kept.order["submitted_at"])).total_seconds()


def _unanswered(replay: Replay) -> Iterator[str]:
    for one in replay.submissions:
        if one.refusal == "unanswered":
            yield f"{one.order.number}: no answer after all retries"


def _lost(replay: Replay) -> Iterator[str]:
    """Every accepted order is there, in its dealer's list too, with every line as it was sent."""
    for one in replay.accepted:
        order = replay.kept[one.order_id].order
        if order is None:
            yield f"{one.order_id}: accepted, but not to be found"
        elif one.order_id not in replay.books[one.buyer.dealer_id].order_ids:
            yield f"{one.order_id}: not in its dealer's list"
        elif [(line["sku"], line["ordered"]) for line in order["lines"]] != list(one.order.lines):
            yield f"{one.order_id}: its lines are not those of {one.order.number}"
        elif order["purchase_order"] != one.order.number:
            yield f"{one.order_id}: is {order['purchase_order']}, not {one.order.number}"


def _doubled(replay: Replay) -> Iterator[str]:
    """A dealer has as many orders as were accepted, numbered from 1 without a gap, each number given once."""
    accepted: dict[str, list[str]] = defaultdict(list)
    for one in replay.accepted:
        accepted[one.buyer.dealer_id].append(one.order_id)
    for dealer_id, books in replay.books.items():
        expected = [f"{dealer_id}-{number:06d}" for number in range(1, len(accepted[dealer_id]) + 1)]
        if sorted(books.order_ids) != expected:
            yield f"{dealer_id}: {len(books.order_ids)} orders listed, {len(expected)} accepted"
        if sorted(accepted[dealer_id]) != expected:
            yield f"{dealer_id}: numbers {sorted(accepted[dealer_id])[:3]}… are not 1 to {len(expected)}, each once"


def _differing(replay: Replay) -> Iterator[str]:
    for one in replay.accepted:
        if any(answer != one.answers[0] for answer in one.answers):
            yield f"{one.order_id}: answers under one key differ"


def _differing_from_file(replay: Replay) -> Iterator[str]:
    for one in replay.accepted:
        order = replay.kept[one.order_id].order
        figures = {one.answers[0]["gross_fen"], order["gross_fen"] if order else None, one.order.gross_fen}
        if len(figures) > 1:
            yield f"{one.order_id}: receipt, order and file say {figures} fen"


def _late(visible: dict[str, float | None], p99: float | None) -> Iterator[str]:
    for order_id, seconds in visible.items():
        if seconds is None:
            yield f"{order_id}: never became visible"
    if p99 is not None and p99 > VISIBLE_WITHIN_SECONDS:
        yield f"p99 is {p99} s"


def _withheld(replay: Replay) -> Iterator[str]:
    """Of every SKU as many pieces left as were wanted, or as there were; what is short waits, and nothing else."""
    wanted: Counter[str] = Counter()
    shipped: Counter[str] = Counter()
    for one in replay.accepted:
        for sku, pieces in one.order.lines:
            wanted[sku] += pieces
        order = replay.kept[one.order_id].order
        if order is None or order["state"] == "submitted":
            yield f"{one.order_id}: its stock was never decided"
            continue
        for line in order["lines"]:
            shipped[line["sku"]] += line["shipped"]
            if line["shipped"] + line["backordered"] != line["ordered"]:
                yield f"{one.order_id} line {line['line_no']}: {line['shipped']} left, {line['backordered']} wait"
    for sku, pieces in wanted.items():
        if shipped[sku] != min(pieces, replay.stock[sku]):
            yield f"{sku}: {shipped[sku]} of {pieces} left, {replay.stock[sku]} were there"


def _misstated(replay: Replay) -> Iterator[str]:
    shipped: Counter[str] = Counter()
    for one in replay.accepted:
        shipped[one.buyer.dealer_id] += replay.kept[one.order_id].shipped_fen
    for dealer_id, books in replay.books.items():
        if books.charged_fen != shipped[dealer_id]:
            yield f"{dealer_id}: charged {books.charged_fen} fen, shipped {shipped[dealer_id]}"
