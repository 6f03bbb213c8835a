"""Show dealers."""

from __future__ import annotations

from contracts.dealers import DealerItem, dealer_key
from contracts.grades import grade_names
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.read import fetch_one
from reads.warehouses import warehouse_names
from services.dealers.api import DealerView, DealerWithUsers, Me, UserView
from services.dealers.items import dealer_of, load_users, user_of
from services.dealers.rules import Dealer, DealerStatus


def show_dealer(caller: Principal, dealer_id: str) -> DealerWithUsers:
    """Return a dealer with its users.

    Raises:
        NotFound: there is no such dealer, or the caller is of another dealer.
    """
    if caller.is_dealer and caller.dealer_id != dealer_id:
        raise NotFound
    item = load_dealer(dealer_id)
    users = [
        UserView(username=user.username, name=user.name, roles=sorted(user.roles))
        for user in map(user_of, load_users(dealer_id))
    ]
    return DealerWithUsers(**dealer_view(dealer_of(item), item.version).model_dump(), users=users)


def show_me(caller: Principal) -> Me:
    """Return the caller as the token has it, and the dealer as it is stored."""
    item = fetch_one(DealerItem, dealer_key(caller.dealer_id)) if caller.dealer_id else None
    return Me(
        user_id=caller.user_id,
        name=caller.name,
        roles=sorted(caller.roles),
        dealer=dealer_view(dealer_of(item), item.version) if item else None,
    )


def load_dealer(dealer_id: str) -> DealerItem:
    """Load a dealer.

    Raises:
        NotFound: there is no such dealer.
    """
    item = fetch_one(DealerItem, dealer_key(dealer_id))
    if item is None:
        raise NotFound
    return item


def dealer_view(dealer: Dealer, version: int) -> DealerView:
    """Return the answer that shows a dealer at a version."""
    grade_zh, grade_en = grade_names(dealer.grade)
    return DealerView(
        **vars(dealer) | {"status": DealerStatus(dealer.status)},
        **warehouse_names(dealer.warehouse),
        grade_name_zh=grade_zh,
        grade_name_en=grade_en,
        version=version,
    )
