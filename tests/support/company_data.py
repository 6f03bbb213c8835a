"""Names, roles and request bodies of the sample company."""

from __future__ import annotations

from typing import Any

#: The dealer whose users send the requests, and another dealer.
OWN, OTHER = "D0001", "D0002"
DEALERS = (OWN, OTHER)
DEALER_ROLES = ("dealer_admin", "dealer_buyer", "dealer_accountant")
STAFF_ROLES = ("assistant", "finance", "warehouse", "aftersales", "admin")
ALL_ROLES = DEALER_ROLES + STAFF_ROLES
WAREHOUSE, PRICE_LIST = "GZ", "A"
#: Price list whose second version has not begun.
WAITING_PRICE_LIST = "W"
PERIOD = "2026-11"
#: Text of an internal note, which no dealer may read.
INTERNAL_NOTE = "内部-canary"


def marker(dealer_id: str) -> str:
    """Return the text that every free text of this dealer contains."""
    return f"canary-{dealer_id}-7f3a"


def user_of(role: str, dealer_id: str | None) -> str:
    """Return the name of the user with this role."""
    return f"{role}-{dealer_id.lower() if dealer_id else 'house'}"


def product_row(number: int) -> dict[str, Any]:
    """Return product L1, L2 … as imported."""
    names = {"name_zh": f"LED灯 {number}", "name_en": f"LED {number}"}
    return {"sku": f"L{number}", **names, "category": "灯带", "specs": {"功率": "9W"}, "carton": 10}


def person_row(role: str, dealer: str | None, number: int) -> dict[str, Any]:
    """Return a user as imported; `number` makes the phone unique within the dealer."""
    phone = f"+86138{int(dealer[-1]) if dealer else 0}000000{number}"
    return {"username": user_of(role, dealer), "name": marker(dealer or "house"), "phone": phone, "roles": [role]}


def address_row(dealer: str, label: str = "仓库", **fields: Any) -> dict[str, Any]:
    """Return a delivery address of a dealer, without the version of the address book."""
    base = {"province": "广东省", "city": "佛山市", "district": "顺德区", "contact_name": f"李{marker(dealer)}"}
    return {"label": label, **base, "street": f"北路 8 号 {marker(dealer)}", "phone": "+8613812345678", **fields}


def dealer_row(dealer: str) -> dict[str, Any]:
    """Return a dealer as imported, with a user of every dealer role."""
    return {
        "dealer_id": dealer,
        "name": marker(dealer),
        "territory": f"广州 {marker(dealer)}",
        "grade": "一级",
        "price_list": PRICE_LIST,
        "warehouse": WAREHOUSE,
        "credit_limit_fen": 10_000_00,
        "payment_days": 30,
        "users": [person_row(role, dealer, number) for number, role in enumerate(DEALER_ROLES)],
    }


def credit_hold_event(order_id: str) -> str:
    """Return the id of the event that a new order is on credit hold."""
    return f"evt_{order_id}_2"


def ticket_body(dealer: str) -> dict[str, Any]:
    """Return a request for service as a dealer sends it."""
    return {
        "kind": "repair",
        "sku": "L1",
        "serial": "SN-1",
        "title": marker(dealer),
        "description": marker(dealer),
        "contact": {"name": "陈工", "phone": "+8613812345678"},
        "site_address": marker(dealer),
    }
