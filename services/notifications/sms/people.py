"""Dealers and their people, as the dealers service publishes them."""

from __future__ import annotations

from contracts.dealers import DealerItem, UserItem, dealer_key, user_key
from kernel.http.principal import Role
from kernel.store.read import fetch, fetch_one, query_page


def is_active(dealer_id: str) -> bool:
    """Whether there is such a dealer and it is not suspended."""
    dealer = fetch_one(DealerItem, dealer_key(dealer_id))
    return dealer is not None and dealer.status == "active"


def with_phones(dealer_id: str, roles: frozenset[Role]) -> list[UserItem]:
    """The people of a dealer who have one of the roles and can be texted, by user name."""
    page = query_page(
        UserItem, dealer_key(dealer_id)[0], sk=UserItem.sk.startswith("USER#"), limit=200, consistent=True
    )
    return [person for person in page.items if person.phone and roles & set(person.roles)]


def phone_today(dealer_id: str, username: str, roles: frozenset[Role]) -> str | None:
    """The phone of a person as it is now; None when person, role or phone is gone or the dealer is suspended."""
    found = fetch([dealer_key(dealer_id), user_key(dealer_id, username)])
    dealer, person = found.get(dealer_key(dealer_id)), found.get(user_key(dealer_id, username))
    if not isinstance(dealer, DealerItem) or dealer.status != "active" or not isinstance(person, UserItem):
        return None
    return person.phone if roles & set(person.roles) else None
