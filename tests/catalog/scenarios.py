"""Every route of catalog, declared once for all tests of every handler."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from services.catalog.price_notices import request_price_notices
from tests.support.company_data import PRICE_LIST, WAITING_PRICE_LIST
from tests.support.normalizers import ignore_import_counts
from tests.support.steps import (
    WIDE_SKUS,
    end_prices,
    in_order,
    request,
    schedule_prices,
    stock_many_buckets,
    watch_price_lists,
    withdraw_prices,
)
from tests.support.trigger import ALL_USERS, ExternalSystem, NoExternalSystem, Situation, Step, Trigger, variant

CLERKS = {"assistant", "admin"}
OF_DEALER = variant(query={"dealer_id": "={dealer}"}, missing={"dealer_id": "D9999"}, of_dealer=True)
DRAFT = {"price_list_id": f"={PRICE_LIST}", "draft": "=2"}
WAITING_VERSION = {"price_list_id": f"={WAITING_PRICE_LIST}", "version": "=2"}
WRONG_PRICES = ["x", "-1", "NaN", "Infinity", "1e9999", "0.0000001", "", "9" * 400]
PUBLISHED = {"name": "一级价", "valid_from": "2026-01-01"}


def products(*numbers: int, **facts: Any) -> dict[str, Any]:
    names = {"name_zh": "换代", "name_en": "New generation", "category": "球泡", "carton": 5}
    return {"products": [{"sku": f"L{number}", **names, **facts} for number in numbers]}


def prices(*skus: str, unit_price: str = "11.00") -> dict[str, Any]:
    return {"prices": [{"sku": sku, "unit_price": unit_price, "price_policy": "促销"} for sku in skus]}


def import_products(*numbers: int, **facts: Any) -> Step:
    return request("catalog", "/imports/products", products(*numbers, **facts), role="assistant")


def draft_prices(*skus: str) -> Step:
    return request("catalog", f"/price-lists/{PRICE_LIST}/drafts/2/prices", prices(*skus), role="assistant")


def remove_price(sku: str) -> Step:
    body = {"prices": [{"sku": sku, "unit_price": None}]}
    return request("catalog", f"/price-lists/{PRICE_LIST}/drafts/2/prices", body, role="assistant")


_WAITING = f"/price-lists/{WAITING_PRICE_LIST}"
draft_another_version = request("catalog", f"{_WAITING}/drafts/3/prices", prices("L1"), role="assistant")
publish_another_version = request(
    "catalog", f"{_WAITING}/drafts/3/publish", PUBLISHED | {"valid_from": "2027-02-01"}, role="assistant"
)
withdraw_version = request("catalog", f"{_WAITING}/versions/2/withdraw", {"reason": "暂缓"}, role="assistant")
publish_draft = request("catalog", f"/price-lists/{PRICE_LIST}/drafts/2/publish", PUBLISHED, role="assistant")


@contextmanager
def one_dealer_per_transaction() -> Iterator[ExternalSystem]:
    """Let a transaction request one notice, so that two dealers need as many steps as hundreds."""
    with patch.object(request_price_notices, "_DEALERS_PER_TRANSACTION", 1):
        yield NoExternalSystem()


TRIGGERS = [
    Trigger(
        "POST /imports/products",
        roles=CLERKS,
        body={
            "products": [
                {
                    "sku": "L9",
                    "name_zh": "新",
                    "name_en": "New",
                    "category": "灯",
                    "specs": {"功率": "9W"},
                    "carton": 10,
                    "order_multiple": 2,
                    "tax_percent": 13,
                    "status": "discontinued",
                    "successor": "L1",
                }
            ]
        },
        normalize=ignore_import_counts,
        situations=[
            Situation("changed and new", body=products(1, 7, 8)),
            Situation("unchanged", body=products(1, 2), prepare=import_products(1, 2)),
            Situation("several transactions", body=products(1, *range(10, 60))),
            Situation("with successors", body=products(1, status="discontinued", successor="L2")),
            Situation("contended: another import takes the SKU indexes", body=products(7, 8), rival=import_products(9)),
            Situation(
                "contended: another import changes the same product",
                body=products(1),
                rival=import_products(1, carton=7),
            ),
        ],
    ),
    Trigger(
        "POST /price-lists/{price_list_id}/drafts/{draft}/prices",
        roles=CLERKS,
        path=DRAFT,
        body={
            "prices": [
                {
                    "sku": "L1",
                    "unit_price": "11.00",
                    "price_policy": "标准价",
                    "breaks": [{"quantity": 100, "unit_price": "10.00"}],
                }
            ]
        },
        normalize=ignore_import_counts,
        situations=[
            Situation("some new", body=prices("L1", "L5")),
            Situation("on many buckets", body=prices(*WIDE_SKUS), prepare=stock_many_buckets(), statuses=(409,)),
            Situation("contended: another draft of the same page", body=prices("L1"), rival=draft_prices("L2")),
            Situation("contended: published meanwhile", body=prices("L1"), rival=publish_draft, statuses=(409,)),
        ],
    ),
    Trigger(
        "POST /price-lists/{price_list_id}/drafts/{draft}/publish",
        roles=CLERKS,
        path=DRAFT,
        body={"name": "一级价", "valid_from": "2026-01-01", "valid_to": "2027-12-31"},
        situations=[
            Situation("for a coming day", body=PUBLISHED | {"valid_from": "2027-03-01"}),
            Situation("published already", body=PUBLISHED, prepare=publish_draft),
            Situation("with removals", body=PUBLISHED | {"removals": 1}, prepare=remove_price("L1")),
            Situation("removals not confirmed", body=PUBLISHED, prepare=remove_price("L1"), statuses=(409,)),
            Situation("contended: published meanwhile", body=PUBLISHED, rival=publish_draft),
            Situation(
                "contended: another clerk removes a price", body=PUBLISHED, rival=remove_price("L1"), statuses=(409,)
            ),
        ],
    ),
    Trigger("GET /price-lists/{price_list_id}/drafts/{draft}", roles=CLERKS, path=DRAFT),
    Trigger(
        "POST /price-lists/{price_list_id}/drafts/{draft}/restore",
        roles=CLERKS,
        path=DRAFT,
        missing={"price_list_id": "NONE"},
        body={"version": 1},
        other_body={"version": 2},
        situations=[
            Situation("replaces a written draft", body={"version": 1}, prepare=draft_prices("L1")),
            Situation(
                "contended: another clerk writes into the draft",
                body={"version": 1},
                rival=draft_prices("L1"),
            ),
            Situation("contended: published meanwhile", body={"version": 1}, rival=publish_draft, statuses=(409,)),
        ],
    ),
    Trigger(
        "POST /price-lists/{price_list_id}/versions/{version}/withdraw",
        roles=CLERKS,
        path=WAITING_VERSION,
        missing={"price_list_id": "NONE"},
        body={"reason": "价格有误"},
        other_body={"reason": "暂缓"},
        situations=[
            Situation(
                "contended: another version is published meanwhile",
                prepare=draft_another_version,
                rival=publish_another_version,
                statuses=(409,),
            ),
            Situation("contended: withdrawn meanwhile", rival=withdraw_version),
        ],
    ),
    Trigger(
        "request_price_notices",
        situations=[
            Situation("a version is scheduled", prepare=schedule_prices),
            Situation("of many dealers", prepare=schedule_prices, around=one_dealer_per_transaction),
            Situation("scheduled and withdrawn", prepare=in_order(schedule_prices, withdraw_prices)),
            Situation(
                "contended: withdrawn meanwhile",
                prepare=schedule_prices,
                around=one_dealer_per_transaction,
                rival=withdraw_prices,
            ),
        ],
    ),
    Trigger(
        "watch_price_lists",
        situations=[
            Situation("nothing to do"),
            Situation("a list ends", prepare=end_prices),
            Situation("warned already", prepare=in_order(end_prices, watch_price_lists)),
        ],
    ),
    Trigger("GET /price-lists", roles=CLERKS),
    Trigger(
        "GET /price-lists/{price_list_id}/versions",
        roles=CLERKS,
        path={"price_list_id": f"={PRICE_LIST}"},
        missing={"price_list_id": "NONE"},
    ),
    Trigger(
        "GET /price-lists/{price_list_id}/versions/{version}/prices",
        roles=CLERKS,
        path={"price_list_id": f"={PRICE_LIST}", "version": "=1"},
        missing={"version": "99"},
    ),
    Trigger("GET /categories", roles=ALL_USERS),
    Trigger(
        "GET /products",
        roles=ALL_USERS,
        bad_query={
            "status": ["x", "", "ACTIVE"],
            "in_stock": ["x", "2", ""],
            "price_from": WRONG_PRICES,
            "price_to": WRONG_PRICES,
            "sort": ["x", "", "-price", "SKU"],
        },
        variants=[
            OF_DEALER,
            variant(
                **OF_DEALER | {"query": OF_DEALER["query"] | {"in_stock": "=true", "price_to": "=99", "sort": "=price"}}
            ),
            variant(query={"status": "=active", "sort": "=newest"}),
        ],
    ),
    Trigger(
        "GET /products/{sku}",
        roles=ALL_USERS,
        path={"sku": "=L1"},
        missing={"sku": "L404"},
        variants=[OF_DEALER],
    ),
]
