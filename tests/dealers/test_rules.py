"""Rules of dealers and users."""

from __future__ import annotations

from dataclasses import replace

from kernel.http.principal import Role
from services.dealers.rules import Dealer, User, changes_by_field, has_administrator, users_after_import

DEALER = Dealer("D0001", "明辉灯饰", "广东 广州", "一级", "active", "A", "GZ", 1_000_00, 30)


def user_with(username: str, *roles: Role) -> User:
    return User(username, "D0001", "王", None, frozenset(roles))


def test_changed_fields_are_only_those_that_differ() -> None:
    after = replace(DEALER, credit_limit_fen=2_000_00, payment_days=45)
    assert changes_by_field(DEALER, after) == (
        {"credit_limit_fen": 1_000_00, "payment_days": 30},
        {"credit_limit_fen": 2_000_00, "payment_days": 45},
    )
    assert changes_by_field(DEALER, DEALER) == ({}, {})


def test_import_adds_and_changes_users_and_removes_none() -> None:
    owner, buyer = user_with("owner", Role.DEALER_ADMIN), user_with("buyer", Role.DEALER_BUYER)
    promoted = user_with("buyer", Role.DEALER_BUYER, Role.DEALER_ADMIN)
    assert users_after_import({"owner": owner, "buyer": buyer}, [promoted]) == {"owner": owner, "buyer": promoted}


def test_only_a_dealer_admin_is_an_administrator() -> None:
    assert has_administrator([user_with("a", Role.DEALER_BUYER), user_with("b", Role.DEALER_ADMIN)])
    assert not has_administrator([user_with("a", Role.DEALER_BUYER, Role.DEALER_ACCOUNTANT)])
    assert not has_administrator([])


def test_user_without_a_dealer_belongs_to_head_office() -> None:
    assert replace(user_with("a", Role.ADMIN), dealer_id=None).owner == "HOUSE"
    assert user_with("a", Role.DEALER_ADMIN).owner == "D0001"
