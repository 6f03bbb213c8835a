"""The open pieces of a line, by the day on which they leave."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.orders.order.rules import Progress
from services.orders.tracking.views import open_parts
from tests.orders.client import OrdersClient
from tests.orders.promise_helpers import expect
from tests.support.fixtures import open_shop, order_of

DAYS = st.sampled_from([None, "2026-11-24", "2026-12-01"])
PIECES = st.integers(0, 200)


@given(progress=st.builds(Progress, PIECES, PIECES, PIECES, PIECES), reserved_on=DAYS, backordered_on=DAYS)
def test_parts_have_every_open_piece_once_and_a_day_or_no_day(
    progress: Progress, reserved_on: str | None, backordered_on: str | None
) -> None:
    parts = open_parts(progress, reserved_on, backordered_on)
    assert sum(part.pieces for part in parts if part.reserved) == progress.reserved
    assert sum(part.pieces for part in parts if not part.reserved) == progress.backordered
    for part in parts:
        assert part.pieces > 0
        assert part.promised_on == (reserved_on if part.reserved else backordered_on)
        assert (part.promised_on or "发货日期未定") in part.label_zh
        assert (part.promised_on or "no ship date yet") in part.label_en


def test_partly_reserved_line_shows_a_day_for_each_part(client: OrdersClient) -> None:
    open_shop(stock=20)
    order_id = client.accepted(order_of((1, 200)))
    (line,) = client.show(order_id).json["lines"]
    reserved, backordered = line["parts"]
    assert (reserved["reserved"], reserved["pieces"]) == (True, 20)
    assert reserved["promised_on"] is not None
    assert (backordered["pieces"], backordered["promised_on"]) == (180, None)
    assert (backordered["label_zh"], backordered["label_en"]) == ("发货日期未定", "no ship date yet")

    expect(client, "PO-1", "2026-12-01", (1, 500))

    (line,) = client.show(order_id).json["lines"]
    known = line["parts"][1]
    assert (known["pieces"], known["promised_on"]) == (180, line["promised_on"])
    assert known["promised_on"] is not None
    assert line["parts"][0] == reserved
