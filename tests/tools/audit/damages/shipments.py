"""Damages of shipments and their punctuality."""

from __future__ import annotations

from tests.support.company_data import WAREHOUSE
from tests.tools.audit.table import Damages, Key, TableCopy


def _punctuality_key(table: TableCopy) -> Key:
    return table.keys(f"STOCK#{WAREHOUSE}#PUNCTUALITY#")[0]


DAMAGES: Damages = {
    "a shipment has the pieces of another line": (
        lambda table: table.update(table.shipment_event_key(), record=[[2], [1]]),
        {"shipped-pieces", "shipped-money", "shipment-punctuality"},
    ),
    "a shipment names an unknown line": (
        lambda table: table.update(table.shipment_event_key(), record=[[9], [1]]),
        {"shipment-unreadable", "journal-without-shipment", "shipment-punctuality"},
    ),
    "a shipment is not counted": (
        lambda table: table.add(table.order_key("order partly shipped"), shipments=-1),
        {"shipment-count"},
    ),
    "a shipment has another number": (
        lambda table: table.change_event(table.shipment_event_key(), shipment_id="D0001-000001-S99"),
        {
            "log-event",
            "shipment-number",
            "journal-without-shipment",
            "shipment-unposted",
            "shipment-punctuality",
            "shipment-punctuality-missing",
        },
    ),
    "a shipment event has another amount": (
        lambda table: table.change_event(table.shipment_event_key(), shipped_gross_fen=1, shipped_net_fen=1),
        {"log-event", "shipment-event", "journal-amounts"},
    ),
    "a punctuality record has another day": (
        lambda table: table.update(_punctuality_key(table), shipped_on="2026-11-01"),
        {"shipment-punctuality"},
    ),
    "a punctuality record is missing": (
        lambda table: table.delete(_punctuality_key(table)),
        {"shipment-punctuality-missing"},
    ),
}
