"""Allocation of scarce stock among backorders. The published rules: docs/flows/shortage.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from services.orders.vocabulary import Grade


class AllocationRule(StrEnum):
    """How a shortage is shared out."""

    FIRST_COME = "first_come"
    QUOTA = "quota"
    PRO_RATA_BY_TIER = "pro_rata_by_tier"


@dataclass(frozen=True)
class QueueEntry:
    """An order in line. `since`: when it began to wait, a stamp."""

    order_id: str
    dealer_id: str
    grade: Grade
    urgent: bool
    since: str

    @property
    def turn(self) -> tuple[bool, str, str, str]:
        """Smaller is served first: urgent orders, then who waits longer."""
        return not self.urgent, self.since, self.dealer_id, self.order_id


@dataclass(frozen=True)
class Claim(QueueEntry):
    """What an order waits for, of one SKU, in pieces. `already`: what its dealer got in the quota's period so far, the
    same on all claims of a dealer."""

    wanted: int
    already: int = 0


@dataclass(frozen=True)
class AllocationSettings:
    """`quotas`: pieces per dealer and period by grade, none for a grade not named; `pack`: pro rata shares are rounded
    to so many pieces."""

    quotas: Mapping[Grade, int] = field(default_factory=dict)
    pack: int = 1


class GrantReason(NamedTuple):
    """What a dealer may read about its share, in pieces; enough to work it out again.

    supply, claimed: what all claims together shared, and wanted; wanted: by this claim; rank: its place among the
    `queue_length` claims, 1 is served first. pool, pool_claimed: what was there for this claim and for those that shared it
    or came behind, and what these wanted: first come, from its place on; quota, everybody; pro rata, its grade.
    quota: what was left of its dealer's quota, None under other rules. share: what the rule gives outright, before
    quotas no longer count (quota) and remainders are handed out (pro rata).
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
    """Pieces an order gets, and why so many."""

    order_id: str
    dealer_id: str
    pieces: int
    reason: GrantReason


def allocate_sku(
    rule: AllocationRule, supply: int, claims: Sequence[Claim], settings: AllocationSettings | None = None
) -> list[Grant]:
    """Share `supply` pieces of a SKU out: one grant per claim, in line order."""
    line = sorted(claims, key=lambda claim: claim.turn)
    supply = max(supply, 0)
    claimed = sum(claim.wanted for claim in line)
    shares = _RULES[rule](supply, line, settings or AllocationSettings())
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
                len(line),
                claim.grade,
                got.pool,
                got.pool_claimed,
                got.quota,
                got.share,
            ),
        )
        for queue_position, (claim, got) in enumerate(zip(line, shares, strict=True), 1)
    ]


@dataclass(frozen=True)
class WaitingOrder(QueueEntry):
    """An order in line and what it waits for. `wanted`, `already`: as in a claim, by sku_index; `whole`: a part is of no
    use to it."""

    whole: bool
    wanted: Mapping[int, int]
    already: Mapping[int, int] = field(default_factory=dict)

    def claim(self, sku_index: int) -> Claim:
        """What it waits for of one SKU."""
        already = self.already.get(sku_index, 0)
        return Claim(
            self.order_id, self.dealer_id, self.grade, self.urgent, self.since, self.wanted[sku_index], already
        )


def allocate_supply(
    rule: AllocationRule, settings: AllocationSettings, supply: Mapping[int, int], line: Iterable[WaitingOrder]
) -> dict[str, dict[int, Grant]]:
    """What each order gets by sku_index, SKU by SKU; orders that get nothing are left out, the others are in line order.

    An order that needs all it waits for takes part, those in front first, if the rule gives it everything beside all
    who take part already. Otherwise it stands aside, and what it would have got in part goes to those behind.
    """
    places = sorted(line, key=lambda place: place.turn)
    claims: dict[int, list[Claim]] = defaultdict(list)
    whole: set[str] = set()
    for place in (place for place in places if not place.whole):
        _join(claims, place)
    for place in (place for place in places if place.whole):
        enough = all(pieces <= supply.get(sku_index, 0) for sku_index, pieces in place.wanted.items())
        beside = (
            {sku_index: [*claims[sku_index], place.claim(sku_index)] for sku_index in place.wanted} if enough else {}
        )
        grants = (
            grant
            for sku_index in beside
            for grant in allocate_sku(rule, supply[sku_index], beside[sku_index], settings)
        )
        must = whole | {place.order_id}
        if enough and all(grant.pieces == grant.reason.wanted for grant in grants if grant.order_id in must):
            _join(claims, place)
            whole.add(place.order_id)
    shares: dict[str, dict[int, Grant]] = {place.order_id: {} for place in places}
    for sku_index in sorted(claims.keys() & supply.keys()):
        for grant in allocate_sku(rule, supply[sku_index], claims[sku_index], settings):
            if grant.pieces:
                shares[grant.order_id][sku_index] = grant
    return {order_id: grants for order_id, grants in shares.items() if grants}


def _join(claims: dict[int, list[Claim]], place: WaitingOrder) -> None:
    for sku_index in place.wanted:
        claims[sku_index].append(place.claim(sku_index))


class _Share(NamedTuple):
    pieces: int
    share: int
    pool: int
    pool_claimed: int
    quota: int | None = None


def _first_come(supply: int, line: Sequence[Claim], _: AllocationSettings) -> list[_Share]:
    shares = []
    left, behind = supply, sum(claim.wanted for claim in line)
    for claim in line:
        given = min(claim.wanted, left)
        shares.append(_Share(given, given, left, behind))
        left, behind = left - given, behind - claim.wanted
    return shares


def _quota(supply: int, line: Sequence[Claim], settings: AllocationSettings) -> list[_Share]:
    """Within quotas in line order; only if pieces are left then does anybody get more, again in line order."""
    taken: dict[str, int] = defaultdict(int)
    rooms, within, left = [], [], supply
    for claim in line:
        room = max(settings.quotas.get(claim.grade, 0) - claim.already - taken[claim.dealer_id], 0)
        given = min(claim.wanted, room, left)
        taken[claim.dealer_id] += given
        left -= given
        rooms.append(room)
        within.append(given)
    claimed = sum(claim.wanted for claim in line)
    shares = []
    for claim, room, share in zip(line, rooms, within, strict=True):
        more = min(claim.wanted - share, left)
        left -= more
        shares.append(_Share(share + more, share, supply, claimed, room))
    return shares


def _pro_rata_by_tier(supply: int, line: Sequence[Claim], settings: AllocationSettings) -> list[_Share]:
    """Grade after grade in full, then in proportion within the one that can no longer be covered (features.md 4.7)."""
    shares: dict[int, _Share] = {}
    left = supply
    tiers = groupby(sorted(range(len(line)), key=lambda at: (line[at].grade, at)), key=lambda at: line[at].grade)
    for _, members in tiers:
        places = list(members)
        wants = [line[at].wanted for at in places]
        given = apportion(left, wants, settings.pack)
        for at, (share, pieces) in zip(places, given, strict=True):
            shares[at] = _Share(pieces, share, left, sum(wants))
        left -= sum(pieces for _, pieces in given)
    return [shares[at] for at in range(len(line))]


def apportion(pool: int, wants: Sequence[int], pack: int = 1) -> list[tuple[int, int]]:
    """Per want its proportional part in whole packs, and what it gets with the remainders: a pack each, the largest
    remainder first, the earlier want if they are equal. All in pieces; the last may get less than a pack."""
    total = sum(wants)
    if pool >= total:
        return [(want, want) for want in wants]
    parts = [pool * want // total // pack * pack for want in wants]
    given = list(parts)
    left = pool - sum(parts)
    for at in sorted(range(len(wants)), key=lambda at: (parts[at] * total - pool * wants[at], at)):
        more = min(pack, wants[at] - parts[at], left)
        given[at] += more
        left -= more
    return list(zip(parts, given, strict=True))


_RULES: Mapping[AllocationRule, Callable[[int, Sequence[Claim], AllocationSettings], list[_Share]]] = {
    AllocationRule.FIRST_COME: _first_come,
    AllocationRule.QUOTA: _quota,
    AllocationRule.PRO_RATA_BY_TIER: _pro_rata_by_tier,
}
