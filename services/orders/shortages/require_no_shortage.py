"""Refuse to ship what an open shortage may take from the order."""

from __future__ import annotations

from collections.abc import Iterable

from kernel.base.problems import Refusal
from services.orders.order.items import Order
from services.orders.shortages.items import load_shortage


def require_no_shortage(order: Order, line_numbers: Iterable[int]) -> None:
    """Refuse lines of whose SKU reserved pieces are missing, until it is settled which orders keep theirs.

    No condition at the commit, as for dealer and credit: pieces that leave while the count is booked were there, and
    the settlement books them as found.

    Raises:
        Refusal: names the SKUs and the lines.
    """
    shortage = load_shortage(order.header.warehouse)
    if shortage is None:
        return
    short = shortage.by_sku_index
    lines = [order.lines[number - 1] for number in line_numbers if order.lines[number - 1].sku_index in short]
    if lines:
        skus = list(dict.fromkeys(line.sku for line in lines))
        named = "、".join(skus[:_MOST_NAMED])
        raise Refusal(
            "stock-shortage",
            f"盘点发现 {named} 实物不足,正在按分货规则确定各单保留多少,请一分钟后再发;其他行可先发 / "
            f"a count found reserved pieces of {named} missing; which orders keep theirs is decided within a minute. "
            "Other lines can leave now",
            skus=skus,
            lines=[line.line_no for line in lines],
        )


#: A refusal names so many SKUs in its text.
_MOST_NAMED = 5
