"""Allocation of scarce stock among backorders. The published rules: docs/flows/shortage.md.

A run depends on its inputs alone, not on their order, so anyone can repeat it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from contracts.grades import GRADES, Grade


class AllocationRule(StrEnum):
    """Rule by which scarce stock is allocated."""

    FIRST_COME = "first_come"
    QUOTA = "quota"
    PRO_RATA_BY_TIER = "pro_rata_by_tier"


@dataclass(frozen=True)
class QueueEntry:
    """An order in the backorder queue. `since`: stamp of when it entered the queue."""

    order_id: str
    dealer_id: str
    grade: Grade
    urgent: bool
    since: str

    @property
    def turn(self) -> tuple[bool, str, str, str]:
        """Sort key: urgent orders first, then the older ones."""
        return not self.urgent, self.since, self.dealer_id, self.order_id


@dataclass(frozen=True)
class Claim(QueueEntry):
    """Claim of an order to one SKU, in pieces.

    `already`: what its dealer got in the period of the quota so far, the same on all claims of a dealer.
    """

    wanted: int
    already: int = 0


@dataclass(frozen=True)
class AllocationSettings:
    """Settings of a rule.

    `quotas`: pieces per dealer and period by grade, none for a missing grade; `pack`: pro rata shares are multiples
    of it.
    """

    quotas: Mapping[Grade, int] = field(default_factory=dict)
    pack: int = 1


class GrantReason(NamedTuple):
    """Figures behind a grant, in pieces, from which the dealer can compute it again.

    supply, claimed: available for and wanted by all claims. wanted: by this claim. queue_position: among the
    `queue_length` claims, 1 is served first. pool, pool_claimed: available for and wanted by the claims that compete
    with this one: first come, itself and those behind; quota, all; pro rata, its grade. quota: rest of its dealer's
    quota, None under other rules. share: what the rule gives outright, before quotas are lifted (quota) and
    remainders are allocated (pro rata).
    """

    rule: AllocationRule
    supply: int
    claimed: int
    wanted: int
    queue_position: int
    queue_length: int
    grade: Grade
    pool: int
    pool_claimed: int
    quota: int | None
    share: int


class Grant(NamedTuple):
    """Pieces granted to an order, and the reason."""

    order_id: str
    dealer_id: str
    pieces: int
    reason: GrantReason


def allocate_sku(
    rule: AllocationRule, supply: int, claims: Sequence[Claim], settings: AllocationSettings | None = None
) -> list[Grant]:
    """Allocate `supply` pieces of a SKU: one grant per claim, in queue order."""
    queue = sorted(claims, key=lambda claim: claim.turn)
    supply = max(supply, 0)
    claimed = sum(claim.wanted for claim in queue)
    shares = _RULES[rule](supply, queue, settings or AllocationSettings())
    return [
        Grant(
            claim.order_id,
            claim.dealer_id,
            got.pieces,
            GrantReason(
                rule,
                supply,
                claimed,
                claim.wanted,
                queue_position,
                len(queue),
                claim.grade,
                got.pool,
                got.pool_claimed,
                got.quota,
                got.share,
            ),
        )
        for queue_position, (claim, got) in enumerate(zip(queue, shares, strict=True), 1)
    ]


@dataclass(frozen=True)
class WaitingOrder(QueueEntry):
    """An order in the backorder queue and the pieces it waits for.

    `wanted`, `already`: as in a claim, by SKU index; `whole`: the order accepts no part.
    """

    whole: bool
    wanted: Mapping[int, int]
    already: Mapping[int, int] = field(default_factory=dict)

    def claim(self, sku_index: int) -> Claim:
        """Claim to one SKU."""
        already = self.already.get(sku_index, 0)
        return Claim(
            self.order_id, self.dealer_id, self.grade, self.urgent, self.since, self.wanted[sku_index], already
        )


def allocate_supply(
    rule: AllocationRule, settings: AllocationSettings, supply: Mapping[int, int], queue: Iterable[WaitingOrder]
) -> dict[str, dict[int, Grant]]:
    """Allocate supply by SKU index; return the grants of each order that gets any, in queue order.

    An order that accepts no part takes part if the rule gives it everything beside all others that take part. Orders
    ahead are tried first. Otherwise its share goes to the orders behind.
    """
    in_order = sorted(queue, key=lambda waiting: waiting.turn)
    claims: dict[int, list[Claim]] = defaultdict(list)
    whole: set[str] = set()
    for waiting in (waiting for waiting in in_order if not waiting.whole):
        _join(claims, waiting)
    for waiting in (waiting for waiting in in_order if waiting.whole):
        enough = all(pieces <= supply.get(sku_index, 0) for sku_index, pieces in waiting.wanted.items())
        beside = (
            {sku_index: [*claims[sku_index], waiting.claim(sku_index)] for sku_index in waiting.wanted}
            if enough
            else {}
        )
        grants = (
            grant
            for sku_index in beside
            for grant in allocate_sku(rule, supply[sku_index], beside[sku_index], settings)
        )
        must = whole | {waiting.order_id}
        if enough and all(grant.pieces == grant.reason.wanted for grant in grants if grant.order_id in must):
            _join(claims, waiting)
            whole.add(waiting.order_id)
    shares: dict[str, dict[int, Grant]] = {waiting.order_id: {} for waiting in in_order}
    for sku_index in sorted(claims.keys() & supply.keys()):
        for grant in allocate_sku(rule, supply[sku_index], claims[sku_index], settings):
            if grant.pieces:
                shares[grant.order_id][sku_index] = grant
    return {order_id: grants for order_id, grants in shares.items() if grants}


def _join(claims: dict[int, list[Claim]], waiting: WaitingOrder) -> None:
    for sku_index in waiting.wanted:
        claims[sku_index].append(waiting.claim(sku_index))


class _Share(NamedTuple):
    pieces: int
    share: int
    pool: int
    pool_claimed: int
    quota: int | None = None


def _first_come(supply: int, queue: Sequence[Claim], _: AllocationSettings) -> list[_Share]:
    shares = []
    left, behind = supply, sum(claim.wanted for claim in queue)
    for claim in queue:
        given = min(claim.wanted, left)
        shares.append(_Share(given, given, left, behind))
        left, behind = left - given, behind - claim.wanted
    return shares


def _quota(supply: int, queue: Sequence[Claim], settings: AllocationSettings) -> list[_Share]:
    """Grant within quotas in queue order. Pieces left over are granted without quota, again in queue order."""
    taken: dict[str, int] = defaultdict(int)
    rooms, within, left = [], [], supply
    for claim in queue:
        room = max(settings.quotas.get(claim.grade, 0) - claim.already - taken[claim.dealer_id], 0)
        given = min(claim.wanted, room, left)
        taken[claim.dealer_id] += given
        left -= given
        rooms.append(room)
        within.append(given)
    claimed = sum(claim.wanted for claim in queue)
    shares = []
    for claim, room, share in zip(queue, rooms, within, strict=True):
        more = min(claim.wanted - share, left)
        left -= more
        shares.append(_Share(share + more, share, supply, claimed, room))
    return shares


def _pro_rata_by_tier(supply: int, queue: Sequence[Claim], settings: AllocationSettings) -> list[_Share]:
    """Serve grade after grade in full, then in proportion within the grade that cannot be covered."""
    shares: dict[int, _Share] = {}
    left = supply
    tiers = groupby(
        sorted(range(len(queue)), key=lambda position: (GRADES[queue[position].grade].tier, position)),
        key=lambda position: queue[position].grade,
    )
    for _, members in tiers:
        in_order = list(members)
        wanted = [queue[position].wanted for position in in_order]
        given = apportion(left, wanted, settings.pack)
        for position, (share, pieces) in zip(in_order, given, strict=True):
            shares[position] = _Share(pieces, share, left, sum(wanted))
        left -= sum(pieces for _, pieces in given)
    return [shares[position] for position in range(len(queue))]


def apportion(pool: int, wanted: Sequence[int], pack: int = 1) -> list[tuple[int, int]]:
    """Apportion a pool in whole packs, and the remainders by a pack each, the largest remainder first.

    The earlier claim wins a tie. The last one may get less than a pack. This is the largest remainder method.

    Returns:
        Proportional part and final pieces of each claim.
    """
    total = sum(wanted)
    if pool >= total:
        return [(want, want) for want in wanted]
    parts = [pool * want // total // pack * pack for want in wanted]
    given = list(parts)
    left = pool - sum(parts)
    for position in sorted(
        range(len(wanted)), key=lambda position: (parts[position] * total - pool * wanted[position], position)
    ):
        more = min(pack, wanted[position] - parts[position], left)
        given[position] += more
        left -= more
    return list(zip(parts, given, strict=True))


_RULES: Mapping[AllocationRule, Callable[[int, Sequence[Claim], AllocationSettings], list[_Share]]] = {
    AllocationRule.FIRST_COME: _first_come,
    AllocationRule.QUOTA: _quota,
    AllocationRule.PRO_RATA_BY_TIER: _pro_rata_by_tier,
}
