"""Refusals of an order that may not go on: reasons, amounts, and what frees it."""

from __future__ import annotations

from typing import Any

from kernel.base.money import format_yuan
from kernel.base.problems import Refusal
from services.orders.credit.obstacles import OF_CREDIT, DealerCredit, Obstacle, OrderCredit, obstacles
from services.orders.credit.rules import CreditRefusal
from services.orders.order.lifecycle import Action
from services.orders.vocabulary import Hold


def require_no_obstacle(action: Action, order: OrderCredit, dealer_credit: DealerCredit) -> None:
    """Refuse an action while something stops the order. The refusal names every reason.

    Raises:
        CreditRefusal: `credit-hold`, `debt-overdue`: only or also credit stops the order, and its dealer is not
            suspended.
        Refusal: something else stops it: `dealer-not-active`, `order-on-hold`, `stock-undecided`.
    """
    found = obstacles(action, order, dealer_credit)
    if not found:
        return
    texts = [obstacle_text(obstacle, order, dealer_credit) for obstacle in found]
    detail = f"{';'.join(chinese for chinese, _ in texts)} / {'; '.join(english for _, english in texts)}"
    holds = order.holds | ({Hold.CREDIT} if OF_CREDIT & set(found) else set())
    facts: dict[str, Any] = {"reasons": [str(obstacle) for obstacle in found], "holds": sorted(holds)}
    if Obstacle.CREDIT_HOLD in found:
        facts |= _figures(order, dealer_credit)
    if Obstacle.DEBT_OVERDUE in found:
        facts |= overdue_facts(dealer_credit) | {"accepted_overdue_fen": dealer_credit.overdue.accepted_fen}
    kind = CreditRefusal if found[0] in OF_CREDIT else Refusal
    raise kind(found[0], detail, **facts)


def _figures(order: OrderCredit, dealer_credit: DealerCredit) -> dict[str, int]:
    """Return the figures of a credit refusal in fen."""
    exposure_fen = dealer_credit.committed_fen + order.uncommitted_fen
    return {
        "exposure_fen": exposure_fen,
        "limit_fen": dealer_credit.limit_fen,
        "accepted_fen": dealer_credit.accepted_fen,
        "excess_fen": max(exposure_fen - dealer_credit.limit_fen, 0),
    }


def overdue_facts(dealer_credit: DealerCredit) -> dict[str, Any]:
    """Return the overdue amount of a dealer in fen, and its oldest due day."""
    overdue = dealer_credit.overdue
    return {"overdue_fen": overdue.fen, "oldest_due_on": overdue.oldest_due_on}


def obstacle_text(obstacle: Obstacle, order: OrderCredit, dealer_credit: DealerCredit) -> tuple[str, str]:
    """Return reason and remedy, Chinese and English."""
    if obstacle is Obstacle.CREDIT_HOLD:
        return _credit_text(order, dealer_credit)
    return _overdue_text(dealer_credit) if obstacle is Obstacle.DEBT_OVERDUE else _TEXTS[obstacle]


_TEXTS = {
    Obstacle.DEALER_SUSPENDED: (
        "该经销商已停用,恢复启用后才能继续;请联系业务员。订单仍可取消或驳回",
        "this dealer is suspended; call your contact. The order can go on once the dealer is active again, "
        "and can be cancelled or rejected",
    ),
    Obstacle.STOCK_HOLD: (
        "订单有缺货冻结(stock),请先解除冻结,或等货补齐",
        "the order has a stock hold: release it first, or wait until everything is reserved",
    ),
    Obstacle.STOCK_UNDECIDED: (
        "正在核对库存,请一分钟后再试",
        "its stock is being decided; try again in a minute",
    ),
}


def _credit_text(order: OrderCredit, dealer_credit: DealerCredit) -> tuple[str, str]:
    figures = _figures(order, dealer_credit)
    exposure, limit = format_yuan(figures["exposure_fen"]), format_yuan(dealer_credit.limit_fen)
    if not figures["excess_fen"]:
        return (
            f"信用冻结:连同本单,欠款与在途订单共 {exposure},已在额度 {limit} 之内;一分钟内自动解除并预留库存",
            f"credit hold: with this order the dealer owes and has on order {exposure}, within its limit of {limit}; "
            "the hold is released within a minute",
        )
    excess = format_yuan(figures["excess_fen"])
    return (
        f"信用冻结:连同本单,欠款与在途订单共 {exposure},额度 {limit},超出 {excess};"
        "收到货款、调高额度,或由财务解除冻结后继续",
        f"credit hold: with this order the dealer owes and has on order {exposure}, its limit is {limit}, {excess} too "
        "much; it goes on after a payment, a higher limit, or when finance releases the hold",
    )


def _overdue_text(dealer_credit: DealerCredit) -> tuple[str, str]:
    fen, oldest_due_on, accepted_fen = dealer_credit.overdue
    amount = format_yuan(fen)
    accepted = ("", "")
    if accepted_fen:
        accepted = (
            f",其中财务已认可 {format_yuan(accepted_fen)}",
            f", of which finance accepted {format_yuan(accepted_fen)}",
        )
    return (
        f"货款逾期:已到期未付 {amount},最早到期日 {oldest_due_on}{accepted[0]};收到货款,或由财务解除冻结后继续",
        f"overdue debts: {amount} are unpaid past their due day, the oldest was due on {oldest_due_on}{accepted[1]}; "
        "it goes on after a payment, or when finance releases the hold",
    )
