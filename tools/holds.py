"""Release the holds of an order, as the people in charge do."""

from __future__ import annotations

from typing import Any

from tools.imports import ApiUsers

#: Seconds between two looks at an order whose stock is being decided, and the most looks.
_PAUSE_SECONDS, _LOOKS = 0.5, 120


def release_holds(users: ApiUsers, summary: dict[str, Any]) -> dict[str, Any]:
    """Release every hold of an order in review: finance the credit hold, then an assistant the stock hold.

    Stock is reserved after the credit hold is released, and may turn out short.

    Returns:
        The order as it is then.
    """
    order = summary
    if "credit" in order["holds"]:
        _release(users, order, "credit", user="finance")
        for _ in range(_LOOKS):
            order = users.api("assistant").get(_path(order))
            if order["reserved"] or order["backordered"]:
                break
            users.pause(_PAUSE_SECONDS)
    if "stock" in order["holds"]:
        order = _release(users, order, "stock", user="assistant")
    return order


def _release(users: ApiUsers, order: dict[str, Any], hold: str, *, user: str) -> dict[str, Any]:
    reason = {"reason": "已核实 / checked"}
    path, key = f"{_path(order)}/holds/{hold}/release", f"{order['order_id']}-{hold}"
    released: dict[str, Any] = users.api(user).post(path, reason, key=key)
    return released


def _path(order: dict[str, Any]) -> str:
    return f"/api/orders/orders/{order['order_id']}"
