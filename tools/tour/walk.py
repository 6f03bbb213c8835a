"""Context of a tour: users, dealer, narration and webhook receiver of all steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tools.client import Api
from tools.demo.logins import Login
from tools.imports import ApiUsers
from tools.receiver import Receiver
from tools.tour.narration import CheckFailed, Narration

#: Time within which every effect of a request must be visible.
WITHIN_SECONDS = 60

T = TypeVar("T")


@dataclass(frozen=True)
class TourDealer:
    """The dealer of a tour, with one user for each role."""

    dealer_id: str
    owner: Login
    buyer: Login
    accountant: Login

    @classmethod
    def of(cls, logins: list[Login], dealer_id: str) -> TourDealer:
        """Return a dealer with its users from the logins."""
        by_role = {login.role: login for login in logins if login.dealer_id == dealer_id}
        return cls(dealer_id, by_role["dealer_admin"], by_role["dealer_buyer"], by_role["dealer_accountant"])


@dataclass
class Walk:
    """Everything that the steps of a tour need."""

    users: ApiUsers
    dealer: TourDealer
    narration: Narration
    receiver: Receiver

    @property
    def buyer(self) -> Api:
        """The API as the dealer's buyer."""
        return self.users.api(self.dealer.buyer.user)

    def wait(self, find: Callable[[], T | None], failure: str) -> T:
        """Call `find` until it returns a result, and return that.

        Raises:
            CheckFailed: no result within the promised time.
        """
        deadline = time.monotonic() + WITHIN_SECONDS
        while (found := find()) is None:
            if time.monotonic() > deadline:
                raise CheckFailed(f"{failure} ({WITHIN_SECONDS} s)")
            self.users.pause(0.3)
        return found
