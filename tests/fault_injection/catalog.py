"""Products and prices."""

from __future__ import annotations

from typing import Any

from tests.authorization.town import PRICE_LIST, Town
from tests.fault_injection.differences import counted_by_the_last
from tests.fault_injection.scenario import Happening, Scenario, request
from tests.fault_injection.scenes import WIDE, stocked_widely

DRAFT = f"/price-lists/{PRICE_LIST}/drafts/2"


def _products(*numbers: int, **facts: Any) -> dict[str, Any]:
    names = {"name_zh": "换代", "name_en": "New generation", "category": "球泡", "carton": 5}
    return {"products": [{"sku": f"L{number}", **names, **facts} for number in numbers]}


def _prices(*skus: str, price: str = "11.00") -> dict[str, Any]:
    return {"prices": [{"sku": sku, "unit_price": price, "price_policy": "促销"} for sku in skus]}


def _import(world: str, body: dict[str, Any], **more: Any) -> Scenario:
    given = {"role": "assistant", "told_alike": counted_by_the_last} | more
    return request("catalog", "POST", "/imports/products", world, body, **given)


def _drafted(world: str, body: dict[str, Any], step: str, **more: Any) -> Scenario:
    given = {"role": "assistant", "told_alike": counted_by_the_last} | more
    path = "/price-lists/{price_list_id}/drafts/{draft}/" + step
    return request(
        "catalog", "POST", path, world, body, of=lambda _: {"price_list_id": PRICE_LIST, "draft": "2"}, **given
    )


def _by_a_colleague(path: str, body: dict[str, Any]) -> Happening:
    def happen(town: Town) -> None:
        answer = town.ask("catalog", "POST", path, body, role="assistant")
        assert answer.status == 200, answer.json

    return happen


PUBLISHED = {"name": "一级价", "valid_from": "2026-01-01"}

SCENARIOS = [
    _import("changed and new", _products(1, 7, 8)),
    _import("as they are", _products(1, 2), prepare=_by_a_colleague("/imports/products", _products(1, 2))),
    _import("several transactions", _products(1, *range(10, 60))),
    _import("with successors", _products(1, status="discontinued", successor="L2")),
    _import(
        "contended: a colleague's gets the sku_indexes",
        _products(7, 8),
        rival=_by_a_colleague("/imports/products", _products(9)),
    ),
    _import(
        "contended: a colleague changes the same",
        _products(1),
        rival=_by_a_colleague("/imports/products", _products(1, carton=7)),
    ),
    _drafted("some new", _prices("L1", "L5"), "prices"),
    _drafted("on many buckets", _prices(*WIDE), "prices", prepare=stocked_widely(), answers=(409,)),
    _drafted(
        "contended: a colleague's into the same page",
        _prices("L1"),
        "prices",
        rival=_by_a_colleague(f"{DRAFT}/prices", _prices("L2")),
    ),
    _drafted(
        "contended: published meanwhile",
        _prices("L1"),
        "prices",
        rival=_by_a_colleague(f"{DRAFT}/publish", PUBLISHED),
        answers=(409,),
    ),
    _drafted("as it is already", PUBLISHED, "publish", prepare=_by_a_colleague(f"{DRAFT}/publish", PUBLISHED)),
    _drafted(
        "contended: by a colleague meanwhile",
        PUBLISHED,
        "publish",
        rival=_by_a_colleague(f"{DRAFT}/publish", PUBLISHED),
    ),
]
