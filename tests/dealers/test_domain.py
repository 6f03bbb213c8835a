from __future__ import annotations

from dataclasses import replace

from kernel.http.principal import Role
from services.dealers.rules import Dealer, User, after_import, difference, keeps_an_administrator

DEALER = Dealer("D0001", "明辉灯饰", "广东 广州", "一级", "active", "A", "GZ", 1_000_00, 30)


def someone(username: str, *roles: Role) -> User:
    return User(username, "D0001", "王", None, frozenset(roles))


def test_a_difference_holds_what_changed_and_nothing_else() -> None:
    after = replace(DEALER, credit_limit_fen=2_000_00, payment_days=45)
    assert difference(DEALER, after) == (
        {"credit_limit_fen": 1_000_00, "payment_days": 30},
        {"credit_limit_fen": 2_000_00, "payment_days": 45},
    )
    assert difference(DEALER, DEALER) == ({}, {})


def test_an_import_adds_and_changes_users_and_takes_nobody_away() -> None:
    owner, buyer = someone("owner", Role.DEALER_ADMIN), someone("buyer", Role.DEALER_BUYER)
    promoted = someone("buyer", Role.DEALER_BUYER, Role.DEALER_ADMIN)
    assert after_import({"owner": owner, "buyer": buyer}, [promoted]) == {"owner": owner, "buyer": promoted}


def test_only_a_dealer_admin_is_an_administrator() -> None:
    assert keeps_an_administrator([someone("a", Role.DEALER_BUYER), someone("b", Role.DEALER_ADMIN)])
    assert not keeps_an_administrator([someone("a", Role.DEALER_BUYER, Role.DEALER_ACCOUNTANT)])
    assert not keeps_an_administrator([])


def test_people_without_a_dealer_belong_to_the_house() -> None:
    assert replace(someone("a", Role.ADMIN), dealer_id=None).belongs_to == "HOUSE"
    assert someone("a", Role.DEALER_ADMIN).belongs_to == "D0001"
