"""Dealers of Guangdong with their users, and the users of head office. All are invented."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

#: The warehouses by id.
WAREHOUSES = {"GZ": "广州仓 / Guangzhou", "FS": "佛山仓 / Foshan"}


@dataclass(frozen=True)
class User:
    """A user. `phone` is E.164; numbers that begin with +86 199 0000 are invented."""

    username: str
    name: str
    phone: str
    role: str


@dataclass(frozen=True)
class Dealer:
    """A dealer with its terms; `payment_days` count from shipment."""

    dealer_id: str
    name: str
    territory: str
    grade: str
    price_list: str
    warehouse: str
    credit_limit_fen: int
    payment_days: int
    users: tuple[User, ...]


#: Users of head office, one for every staff role. The administrator's account is the first of a stage.
STAFF = (
    User("admin", "系统管理员", "+8619900000001", "admin"),
    User("assistant", "商务助理 梁晓琳", "+8619900000002", "assistant"),
    User("finance", "财务 陈月娥", "+8619900000003", "finance"),
    User("warehouse", "仓管 何建华", "+8619900000004", "warehouse"),
    User("aftersales", "售后 冯志强", "+8619900000005", "aftersales"),
)

_JOBS = (("owner", "dealer_admin"), ("buyer", "dealer_buyer"), ("account", "dealer_accountant"))


def dealers(seed: int = 1) -> list[Dealer]:
    """Return the dealers, with 3 users each; the same seed gives the same dealers."""
    draw = random.Random(seed)
    cities = [city for city, (_, count, _) in _tables()["cities"].items() for _ in range(count)]
    names = _company_names(draw)
    return [_dealer(number, city, names[number], draw) for number, city in enumerate(cities, start=1)]


@cache
def _tables() -> dict[str, Any]:
    """Return the tables of `guangdong.yaml`."""
    tables: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("guangdong.yaml").read_text(encoding="utf-8"))
    return tables


def _dealer(number: int, city: str, name: str, draw: random.Random) -> Dealer:
    pinyin, _, warehouse = _tables()["cities"][city]
    grades = _tables()["grades"]
    grade = draw.choices(list(grades), [share for share, *_ in grades.values()])[0]
    _, price_list, limit_yuan, payment_days = grades[grade]
    dealer_id = f"D{number:04d}"
    return Dealer(
        dealer_id=dealer_id,
        name=f"{city}{name}",
        territory=f"广东 {city} / {pinyin}",
        grade=grade,
        price_list=price_list,
        warehouse=warehouse,
        credit_limit_fen=int(round(limit_yuan * draw.uniform(0.8, 1.6), -4)) * 100,
        payment_days=payment_days,
        users=tuple(_user(dealer_id, 3 * number + index, job, role, draw) for index, (job, role) in enumerate(_JOBS)),
    )


def _user(dealer_id: str, number: int, job: str, role: str, draw: random.Random) -> User:
    name = draw.choice(_tables()["surnames"]) + draw.choice(_tables()["given"])
    return User(f"{dealer_id.lower()}-{job}", name, f"+86199000{1000 + number:05d}", role)


def _company_names(draw: random.Random) -> list[str]:
    """Return pairs of brand and trade in random order, each once."""
    pairs = [brand + trade for brand in _tables()["brands"] for trade in _tables()["trades"]]
    draw.shuffle(pairs)
    return pairs
