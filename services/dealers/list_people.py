"""List the people of a dealer, or of the head office."""

from __future__ import annotations

from contracts.dealers import HOUSE
from kernel.http.principal import Principal
from kernel.store.read import fetch
from services.dealers.api import People
from services.dealers.items import UsernameItem, load_people, username_key
from services.dealers.people import managed_dealer, person_view
from services.dealers.rules import is_machine


def list_people(caller: Principal, dealer_id: str) -> People:
    """Return the users, also removed ones, by user name.

    Raises:
        NotFound: there is no such dealer, or the caller is of another.
    """
    owner = managed_dealer(caller, dealer_id) or HOUSE
    items = [item for item in load_people(owner) if not is_machine(item.username)]
    found = fetch(username_key(item.username) for item in items if not item.removed_at)
    names = {item.pk: item for item in found.values() if isinstance(item, UsernameItem) and item.owner == owner}
    return People(people=[person_view(item, names.get(username_key(item.username)[0])) for item in items])
