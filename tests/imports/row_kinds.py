"""Every kind of row that an import takes: how to send it, a full row, another full row, and what is stored of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel

from contracts.catalog import PriceListItem, ProductItem, price_list_key, product_key
from contracts.dealers import DealerItem, UserItem, dealer_key, user_key
from kernel.http.partial_rows import PartialRow
from kernel.store.items import Item, Key
from kernel.store.read import fetch_one
from services.catalog.prices.api import PriceRow
from services.catalog.products.api import ProductRow
from services.dealers.api import DealerRow, DealerUserRow, StaffRow
from tests.support.functions import load_apps
from tests.support.gateway import Response
from tests.support.world import World

Row = dict[str, Any]
Stored = Mapping[str, Any]
_keys = count()


class RowKind(NamedTuple):
    """A kind of row. `first` and `second` name every field, with another value each but for the name of the thing.

    `prepare` stores what rows refer to; `send` sends one row; `read` returns the stored fields, None without the thing.
    """

    model: type[PartialRow]
    route: str
    first: Row
    second: Row
    prepare: Callable[[World], None]
    send: Callable[[World, Row], Response]
    read: Callable[[World], Stored | None]

    @property
    def name(self) -> str:
        """Return the field that names the thing."""
        return self.model.NAME

    @property
    def fields(self) -> list[str]:
        """Return all fields but the name."""
        return [name for name in self.model.model_fields if name != self.name]

    def part(self, row: Row, *fields: str) -> Row:
        """Return a row with these fields only, and the name of the thing."""
        return {name: value for name, value in row.items() if name in (self.name, *fields)}

    def __str__(self) -> str:
        return self.model.__name__


def post(world: World, service: str, path: str, body: Any, role: str = "admin") -> Response:
    """Send a request under a new key."""
    return world.call(service, "POST", path, body=body, token=world.token(role=role), key=f"row-{next(_keys)}")


def models_in(model: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that are nested in a type, at any depth, itself included."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        yield model
        for field in model.model_fields.values():
            yield from models_in(field.annotation)
    for argument in get_args(model):
        yield from models_in(argument)


def rows_of_routes() -> dict[str, list[type[BaseModel]]]:
    """Return the models nested in the body of every route: {"catalog POST /imports/products": [ProductRow]}."""
    return {
        f"{service} {operation.method} {operation.path}": [
            model for model in models_in(operation.body) if model is not operation.body
        ]
        for service, app in load_apps()[0].items()
        for operation in app.operations
        if operation.body is not None
    }


def _of_item(kind: type[Item], key: Key) -> Callable[[World], Stored | None]:
    def read(_: World) -> Stored | None:
        item = fetch_one(kind, key)
        if item is None:
            return None
        names = (name for name in kind.get_attributes() if name not in ("pk", "sk", "kind", "version"))
        values = {name: getattr(item, name) for name in names}
        return {name: set(value) if isinstance(value, set) else value for name, value in values.items()}

    return read


def _dealer(_: World) -> Stored | None:
    found = _of_item(DealerItem, dealer_key("D0001"))(_)
    users = {f"u{number}" for number in (1, 2) if fetch_one(UserItem, user_key("D0001", f"u{number}"))}
    return {**found, "users": users} if found else None


def _publish_price_lists(_: World) -> None:
    for name in ("A", "B"):
        PriceListItem(
            *price_list_key(name), price_list_id=name, name="价", version=1, valid_from="2026-01-01", page_versions=[]
        ).save()


def _import_successor(world: World) -> None:
    rows = [{"sku": "S-1", "name_zh": "新款", "category": "灯"}]
    assert post(world, "catalog", "/imports/products", {"products": rows}).status == 200


def _import_dealer(world: World) -> None:
    _publish_price_lists(world)
    assert post(world, "dealers", "/imports/dealers", {"dealers": [DEALER]}).status == 200


def _draft_price(world: World) -> Stored | None:
    path = "/price-lists/A/drafts/1"
    changes = world.call("catalog", "GET", path, token=world.token(role="admin")).json["changes"]
    return changes[0]["after"] if changes else None


def _owner(name: str) -> Row:
    return {"username": name, "name": "店主", "roles": ["dealer_admin"]}


DEALER = {
    "dealer_id": "D0001",
    "name": "明辉灯饰",
    "territory": "广州",
    "grade": "A",
    "price_list": "A",
    "warehouse": "GZ",
    "credit_limit_fen": 5_000_00,
    "payment_days": 30,
    "users": [_owner("u1")],
}

ROW_KINDS = (
    RowKind(
        ProductRow,
        "catalog POST /imports/products",
        first={
            "sku": "L-1",
            "printed_sku": "l-1",
            "name_zh": "筒灯",
            "name_en": "Downlight",
            "category": "筒灯",
            "specs": {"功率": "9W"},
            "carton": 12,
            "order_multiple": 4,
            "tax_percent": 9,
            "status": "discontinued",
            "successor": "S-1",
        },
        second={
            "sku": "L-1",
            "printed_sku": "L- 1",
            "name_zh": "射灯",
            "name_en": "Spotlight",
            "category": "射灯",
            "specs": {"功率": "12W"},
            "carton": 24,
            "order_multiple": 8,
            "tax_percent": 6,
            "status": "active",
            "successor": None,
        },
        prepare=_import_successor,
        send=lambda world, row: post(world, "catalog", "/imports/products", {"products": [row]}),
        read=_of_item(ProductItem, product_key("L-1")),
    ),
    RowKind(
        PriceRow,
        "catalog POST /price-lists/{price_list_id}/drafts/{draft}/prices",
        first={
            "sku": "S-1",
            "unit_price": "12.50",
            "price_policy": "标准价",
            "breaks": [{"quantity": 10, "unit_price": "8.00"}],
        },
        second={
            "sku": "S-1",
            "unit_price": "11.00",
            "price_policy": "促销价",
            "breaks": [{"quantity": 20, "unit_price": "7.50"}, {"quantity": 50, "unit_price": "7.00"}],
        },
        prepare=_import_successor,
        send=lambda world, row: post(world, "catalog", "/price-lists/A/drafts/1/prices", {"prices": [row]}),
        read=_draft_price,
    ),
    RowKind(
        DealerRow,
        "dealers POST /imports/dealers",
        first=DEALER,
        second={
            "dealer_id": "D0001",
            "name": "明辉照明",
            "territory": "深圳",
            "grade": "B",
            "price_list": "B",
            "warehouse": "FS",
            "credit_limit_fen": 7_000_00,
            "payment_days": 60,
            "users": [_owner("u2")],
        },
        prepare=_publish_price_lists,
        send=lambda world, row: post(world, "dealers", "/imports/dealers", {"dealers": [row]}),
        read=_dealer,
    ),
    RowKind(
        DealerUserRow,
        "dealers POST /imports/dealers",
        first={"username": "ming", "name": "小明", "phone": "+8613800000001", "roles": ["dealer_buyer"]},
        second={"username": "ming", "name": "大明", "phone": "+8613800000002", "roles": ["dealer_accountant"]},
        prepare=_import_dealer,
        send=lambda world, row: post(
            world, "dealers", "/imports/dealers", {"dealers": [{"dealer_id": "D0001", "users": [row]}]}
        ),
        read=_of_item(UserItem, user_key("D0001", "ming")),
    ),
    RowKind(
        StaffRow,
        "dealers POST /imports/staff",
        first={"username": "liang", "name": "小梁", "phone": "+8613800000003", "roles": ["assistant"]},
        second={"username": "liang", "name": "大梁", "phone": "+8613800000004", "roles": ["finance"]},
        prepare=lambda _: None,
        send=lambda world, row: post(world, "dealers", "/imports/staff", {"staff": [row]}),
        read=_of_item(UserItem, user_key(None, "liang")),
    ),
)
