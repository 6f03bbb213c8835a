"""Dealers and their users, read from the items that the dealers service publishes."""

from __future__ import annotations

from contracts.dealers import HOUSE, DealerItem, UserItem, dealer_key, user_key
from kernel.http.principal import Role
from kernel.store.read import fetch, fetch_one, query_page
from reads.dealers import has_mobile, user_with_mobile
from services.notifications.sms.templates import SMS_TEMPLATES, receiving_roles


def is_active_dealer(dealer_id: str) -> bool:
    """Return True if the dealer exists and is not suspended."""
    dealer = fetch_one(DealerItem, dealer_key(dealer_id))
    return dealer is not None and dealer.status == "active"


def text_recipients(dealer_id: str, template: str, roles: frozenset[Role], contact: str) -> list[UserItem]:
    """Return the users of a dealer or of HOUSE who get a template as a text message, by user name.

    Args:
        roles: those of the template who read the message.
        contact: user name of the escalation contact that the event names, who gets it alone; empty for none. If the
            contact has lost phone or role since, the text goes to those who get it without one.
    """
    user = user_with_mobile(dealer_id, contact, SMS_TEMPLATES[template].contact_roles) if contact else None
    return [user] if user else _users_with_mobile(dealer_id, roles)


def _users_with_mobile(dealer_id: str, roles: frozenset[Role]) -> list[UserItem]:
    page = query_page(
        UserItem, dealer_key(dealer_id)[0], sk=UserItem.sk.startswith("USER#"), limit=200, consistent=True
    )
    return [user for user in page.items if has_mobile(user) and roles & set(user.roles)]


def phone_of_user(dealer_id: str, username: str) -> str | None:
    """Return the present phone of a user of a dealer or of HOUSE; None if user or phone is gone."""
    user = user_with_mobile(dealer_id, username)
    return user.phone if user else None


def current_phone(dealer_id: str, username: str, template: str) -> str | None:
    """Return the present mobile phone of a recipient of a template.

    None if user, role or phone is gone or the dealer is suspended.

    Args:
        dealer_id: the dealer whose user it is, or HOUSE.
    """
    found = fetch([dealer_key(dealer_id), user_key(dealer_id, username)])
    dealer, user = found.get(dealer_key(dealer_id)), found.get(user_key(dealer_id, username))
    is_active = dealer_id == HOUSE or (isinstance(dealer, DealerItem) and dealer.status == "active")
    if not is_active or not isinstance(user, UserItem) or not has_mobile(user):
        return None
    return user.phone if receiving_roles(template) & set(user.roles) else None
